/** Runs as `tower runs` lists them. */
import { relative } from 'node:path';
import { bytesWords } from '../../../base/diagnostics/wording.ts';
import { show } from '../../../base/text/display.ts';
import type { RunSummary } from '../../api/runs.ts';
import { tableOf } from '../table.ts';

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
