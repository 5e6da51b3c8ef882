import type { Command } from 'commander';
import { type CloseRequest, closeDay } from '../../api/live.ts';
import type { ClosedDay } from '../../report/days_page.ts';
import { tableOf } from '../layout.ts';
import { allowOption, dataOption, engineOption, jsonOption, wholeNumber, withExample } from '../options.ts';
import { answer, answerJson, say } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';
import { intervalWords } from '../views/comparison.ts';

interface LiveCommandOptions extends Omit<CloseRequest, 'say' | 'signal'> {
  readonly json?: boolean;
}

export function liveCommand(command: Command): void {
  command
    .argument('<folder>', 'the folder of versions that `tower serve --watch` watches')
    .requiredOption(
      '--events <log>',
      'read the events that `tower serve --events` keeps in this folder, or in redis://HOST/NAME',
    )
    .requiredOption('--into <folder>', 'write them to files in this folder, which the data block reads')
    .option('--final <run>', 'train with the settings of this run (default: the run that the latest version names)')
    .option(
      '--continue',
      'train on from the version that answers, with the new events alone (default: anew on all events)',
    )
    .option(
      '--replay <number>',
      'with --continue: add so many earlier events for each new one (default: as in that run)',
      Number,
    )
    .option('--keep <number>', 'keep so many versions (default: 10)', wholeNumber);
  for (const option of [dataOption(), engineOption(), allowOption(), jsonOption()]) command.addOption(option);
  command.action(async (folder: string, { json, ...options }: LiveCommandOptions) => {
    const day = await withInterruptSignal((signal) => closeDay(folder, { ...options, say, signal }));
    if (json) return answerJson(day);
    answer(dayText(day));
  });
  withExample(
    command,
    'tower live live --events events --into data/events',
    'tower live live --events events --into data/events --final runs/second --keep 5',
  );
}

function dayText({ metric, figures = {}, outcome, published, reason, drift }: ClosedDay): string {
  const rows = Object.entries(figures).map(([name, figure]) => [name, intervalWords(figure)]);
  const result = published === undefined ? outcome : `${outcome}: ${published}`;
  return [
    ...(metric ? [tableOf(['', `${metric} on the events since`], rows)] : []),
    result,
    ...[reason, drift].filter((line) => line !== undefined),
  ].join('\n');
}
