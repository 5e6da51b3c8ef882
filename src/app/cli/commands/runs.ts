import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { bytesWords } from '../../../base/diagnostics/wording.ts';
import { show } from '../../../base/text/display.ts';
import type { RunSummary } from '../../api/runs.ts';
import { jsonOption, trackOption, withExample } from '../options.ts';
import { answer, answerJson, say } from '../report.ts';
import { tableOf } from '../table.ts';

interface RunsCommandOptions {
  readonly sort: string;
  readonly prune?: boolean;
  readonly keep?: number;
  readonly yes?: boolean;
  readonly track?: string;
  readonly json?: boolean;
}

export function runsCommand(program: Command): void {
  const command = new Command('runs')
    .description('list the runs in a folder, send them to a tracking server, and remove those that are not needed')
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
      const { listRuns, prunable, pruneRun, sortRuns } = await import('../../api/runs.ts');
      const runs = sortRuns(await listRuns(folder), sort);
      if (track !== undefined) {
        const tracked = await (await import('../tracking.ts')).trackRuns(runs, track);
        return json ? answerJson(tracked) : undefined;
      }
      const chosenRuns = prune ? prunable(runs, keep!) : runs;
      if (json) answerJson(chosenRuns);
      else if (chosenRuns.length === 0) say(prune ? 'no run is to be removed' : `there is no run in ${folder}`);
      else answer((await import('./runs.ts')).runsText(chosenRuns, folder, sort));
      if (!prune || chosenRuns.length === 0) return;
      if (!yes)
        return say(
          `nothing was removed: add \`--yes\` to remove ${chosenRuns.length === 1 ? 'this run' : `these ${chosenRuns.length} runs`}`,
        );
      for (const run of chosenRuns) {
        const leftFiles = await pruneRun(run);
        say(
          show(
            `removed ${run.folder}${leftFiles.length === 0 ? '' : `, except files that Tower did not write: ${leftFiles.join(', ')}`}`,
          ).text,
        );
      }
    });
  program.addCommand(
    withExample(
      command,
      'tower runs --sort recall@50',
      'tower runs runs/study --prune --keep 3 --sort ndcg@10',
      'tower runs runs/first --track mlflow:http://127.0.0.1:5000',
    ),
  );
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

// Runs as `tower runs` lists them.

/** Names come from folders and files that a stranger may have made. */
const shown = (text: string): string => show(text).text;

/** Metrics that fit next to the rest. */
const mostMetrics = 3;

const statusWords: Readonly<Record<RunSummary['status'], string>> = {
  epochs: 'finished',
  patience: 'finished',
  stopped: 'ended early',
  unfinished: 'unfinished',
  running: 'running',
  damaged: 'damaged',
};

export function runsText(runs: readonly RunSummary[], root: string, first?: string): string {
  const metrics = metricsOf(runs, first);
  const rows = runs.map((run) => [
    shown(relative(root, run.folder) || run.folder),
    shown(run.model ?? ''),
    `${statusWords[run.status]}${run.served ? ', served' : ''}`,
    String(run.epochs),
    ...metrics.map((metric) => (Object.hasOwn(run.validation, metric) ? run.validation[metric]!.toFixed(4) : '')),
    run.changed > 0 ? new Date(run.changed).toISOString().slice(0, 16).replace('T', ' ') : '',
    bytesWords(run.bytes),
  ]);
  const table = tableOf(['', 'model', 'status', 'epochs', ...metrics.map(shown), 'changed', 'size'], rows);
  return [table, ...notes(runs)].join('\n');
}

/** What the runs were stopped by comes first, then what most of them have. */
function metricsOf(runs: readonly RunSummary[], first: string | undefined): string[] {
  const counts = new Map<string, number>();
  for (const { validation, best } of runs) {
    for (const metric of Object.keys(validation)) {
      counts.set(metric, (counts.get(metric) ?? 0) + (metric === best?.metric ? 2 : 1));
    }
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([metric]) => metric);
  return [...new Set([...(first !== undefined && counts.has(first) ? [first] : []), ...byCount])].slice(0, mostMetrics);
}

/** What the table has no room for. */
function notes(runs: readonly RunSummary[]): string[] {
  const damagedRuns = runs.flatMap(({ folder, reason }) =>
    reason === undefined ? [] : [`· ${shown(folder)}: ${shown(reason)}`],
  );
  return [
    ...(runs.length > 0 ? ['· metrics are of the validation part, at the epoch that was kept'] : []),
    ...damagedRuns,
  ];
}
