import { type Command, InvalidArgumentError } from 'commander';
import { toPrintable } from '../../../base/text/display.ts';
import { listRuns, prunable, pruneRun, sortRuns } from '../../api/runs.ts';
import { jsonOption, trackOption, withExample } from '../options.ts';
import { answer, answerJson, say } from '../report.ts';
import { runsText } from '../table.ts';
import { trackRuns } from '../tracking.ts';

interface RunsCommandOptions {
  readonly sort: string;
  readonly prune?: boolean;
  readonly keep?: number;
  readonly yes?: boolean;
  readonly track?: string;
  readonly json?: boolean;
}

export function runsCommand(command: Command): void {
  command
    .argument('[folder]', 'the folder that holds them', 'runs')
    .option(
      '--sort <what>',
      'sort by `changed`, `name`, `size`, `epochs`, or a metric of the validation, such as `recall@50`',
      'changed',
    )
    .option('--prune', 'remove all runs but the first in the order of `--sort`; without `--yes` only list them')
    .option('--keep <number>', 'with --prune: keep so many runs', wholeNumber)
    .option('--yes', 'with --prune: remove them')
    .addOption(trackOption().conflicts('prune'))
    .addOption(jsonOption())
    .action(async (folder: string, { sort, prune, keep, yes, track, json }: RunsCommandOptions, self: Command) => {
      if (!prune && (yes || keep !== undefined)) self.error('error: `--keep` and `--yes` need `--prune`');
      if (prune && keep === undefined) self.error('error: `--prune` needs `--keep`: how many runs stay');
      const runs = sortRuns(await listRuns(folder), sort);
      if (track !== undefined) {
        const tracked = await trackRuns(runs, track);
        return json ? answerJson(tracked) : undefined;
      }
      const chosenRuns = prune ? prunable(runs, keep!) : runs;
      if (json) answerJson(chosenRuns);
      else if (chosenRuns.length === 0) say(prune ? 'no run is to be removed' : `there is no run in ${folder}`);
      else answer(runsText(chosenRuns, folder, sort));
      if (!prune || chosenRuns.length === 0) return;
      if (!yes)
        return say(
          `nothing was removed: add \`--yes\` to remove ${chosenRuns.length === 1 ? 'this run' : `these ${chosenRuns.length} runs`}`,
        );
      for (const run of chosenRuns) {
        const leftFiles = await pruneRun(run);
        say(
          toPrintable(
            `removed ${run.folder}${leftFiles.length === 0 ? '' : `, except files that Tower did not write: ${leftFiles.join(', ')}`}`,
          ).text,
        );
      }
    });
  withExample(
    command,
    'tower runs --sort recall@50',
    'tower runs runs/study --prune --keep 3 --sort ndcg@10',
    'tower runs runs/first --track mlflow:http://127.0.0.1:5000',
  );
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
