import { type Command, InvalidArgumentError, Option } from 'commander';
import { plugins } from '../../../plugins.ts';
import type { SamplerName, TuneRequest } from '../../api/tune.ts';
import { interruptible } from '../open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  memoryOption,
  seedOption,
  setOption,
  shardsOption,
  wholeNumber,
  withExample,
} from '../options.ts';
import { answer, answerJson, say } from '../report.ts';

interface TuneCommandOptions extends Omit<TuneRequest, 'time' | 'set' | 'signal' | 'onEvent'> {
  readonly for?: number;
  readonly set: Record<string, string>;
  readonly json?: boolean;
}

/** Long because it lists all options of the command. */
export function tuneCommand(command: Command): void {
  command
    .argument('<model>', 'a `.tower` file with a `search`')
    .addOption(dataOption())
    .addOption(allowOption())
    .requiredOption('--out <folder>', 'write the study into this folder')
    .option('--trials <number>', 'try this many points (default: 30)', wholeNumber)
    .option('--for <time>', 'end within this time, such as `30m` or `2h`; finalists get up to half of it', secondsOf)
    .addOption(
      new Option(
        '--sampler <name>',
        'choose points by `tpe`, near the best ones, or by `random` (default: tpe)',
      ).choices(['tpe', 'random'] satisfies SamplerName[]),
    )
    .option('--no-halving', 'train every trial to its end, not the best third of each rung')
    .option('--finalists <number>', 'train this many of the best trials on further seeds (default: 3)', wholeNumber)
    .option(
      '--seeds <number>',
      'train finalists on this many seeds, and the winner on as many fresh ones (default: 3)',
      wholeNumber,
    )
    .option('--parallel <number>', 'train this many trials side by side (default: 1)', wholeNumber)
    .option('--metric <name>', 'compare trials by this metric, such as `ndcg@10` (default: that of `stop`)')
    .addOption(seedOption('draw the points with this seed (default: 1)'))
    .addOption(engineOption())
    .addOption(memoryOption())
    .addOption(shardsOption())
    .addOption(setOption())
    .option('--test', 'rank the test part once, at the end')
    .option('--write <file>', 'write the model with the values that won into this new file')
    .option('--keep', 'keep the runs of all trials')
    .option('--resume', 'continue the study in the folder')
    .addOption(jsonOption())
    .action(async (path: string, { json, for: time, halving, ...options }: TuneCommandOptions) => {
      const { makeTuneView, tune, tunedText, writeStudyReport } = await plugins.tune();
      const interrupt = interruptible(() => {});
      try {
        const tuned = await tune(path, {
          ...options,
          time,
          halving: halving === false ? false : undefined,
          signal: interrupt,
          onEvent: makeTuneView(say),
        });
        const report = await writeStudyReport(tuned);
        if (json) answerJson(tuned);
        else answer(tunedText(path, tuned, report));
      } catch (error) {
        if (error !== interrupt.reason) throw error;
        say(`stopped; continue with \`tower tune ${path} … --resume\``);
        interrupt.throwIfAborted();
      }
    });
  withExample(
    command,
    'tower tune models/two_tower.tower --data models/data/movielens.tower --out runs/tune --for 30m',
    'tower tune models/two_tower.tower --data models/data/movielens.tower --out runs/tune --resume',
  );
}

/** Parses a duration: `90s`, `30m`, `2h`, `1.5h`. */
function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text) ?? [];
  const seconds = Number(number) * { s: 1, m: 60, h: 3600, d: 86400 }[unit as 's'];
  if (!(seconds > 0)) throw new InvalidArgumentError('Write a number and its unit, such as `90s`, `30m` or `2h`.');
  return seconds;
}
