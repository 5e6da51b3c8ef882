import { relative } from 'node:path';
import { formatBytes, formatPercent } from '../../base/diagnostics/wording.ts';
import { toPrintable } from '../../base/text/display.ts';
import type { Proposal } from '../../data/init/proposal.ts';
import type { Profile, ProfileBlock, ProfileRow } from '../../training/step_profile.ts';
import type { RunSummary } from '../api/runs.ts';
import { heading, pageOf, tableOf, wrapWords } from './layout.ts';
import { notesText } from './report.ts';

/** Maximum width of what a file may make as long as it likes. */
const maxCells = 44;

export function guessesText({ reasons, notes }: Proposal, page = pageOf(process.stdout)): string {
  const files = [...new Set(reasons.map(({ file }) => file))];
  const tables = files.map((file) => {
    const rows = reasons
      .filter((reason) => reason.file === file)
      .map(({ column, taken, because }) => [shortened(column), shortened(taken), because]);
    const table = tableOf(['column', 'taken as', 'because'], rows, page);
    return files.length === 1 ? table : `${heading(file.replace(/^.*\//, ''), page)}\n${table}`;
  });
  return [tables.join('\n\n'), ...(notes.length > 0 ? ['', wrapWords(notesText(notes), page.columns)] : [])].join('\n');
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= maxCells ? line : `${line.slice(0, maxCells - 1)}…`;
}

/** Makes a name safe to print, because it may come from files of a stranger. */
const shown = (text: string): string => toPrintable(text).text;

/** Number of metrics for which the table has room. */
const maxMetrics = 3;

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
  const runRows = runs.map((run) => [
    relative(root, run.folder) || run.folder,
    run.model ?? '',
    `${statusWords[run.status]}${run.final ? ', all events' : ''}${run.served ? ', served' : ''}`,
    String(run.epochs),
    ...metrics.map((metric) => (Object.hasOwn(run.validation, metric) ? run.validation[metric]!.toFixed(4) : '')),
    run.changed > 0 ? new Date(run.changed).toISOString().slice(0, 16).replace('T', ' ') : '',
    formatBytes(run.bytes),
  ]);
  const table = tableOf(['run', 'model', 'status', 'epochs', ...metrics.map(shown), 'changed', 'size'], runRows);
  return [table, ...(runs.length > 0 ? ['', notesText(notes(runs))] : [])].join('\n');
}

/** Returns the metrics to show. The metric that stopped the runs comes first, followed by those that most runs have. */
function metricsOf(runs: readonly RunSummary[], first: string | undefined): string[] {
  const counts = new Map<string, number>();
  for (const { validation, best } of runs) {
    for (const metric of Object.keys(validation)) {
      counts.set(metric, (counts.get(metric) ?? 0) + (metric === best?.metric ? 2 : 1));
    }
  }
  const byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([metric]) => metric);
  return [...new Set([...(first !== undefined && counts.has(first) ? [first] : []), ...byCount])].slice(0, maxMetrics);
}

/** Formats notes: damaged runs, and metrics for which the table has no room. */
function notes(runs: readonly RunSummary[]): string[] {
  const damagedRuns = runs.flatMap(({ folder, reason }) =>
    reason === undefined ? [] : [`${shown(folder)}: ${shown(reason)}`],
  );
  return [
    'metrics are of the validation part, at the epoch that was kept',
    ...(runs.some(({ final }) => final)
      ? ['a run on all events has no metrics: `tower train --final` trained it']
      : []),
    ...damagedRuns,
  ];
}

/** Maximum rows of the tables. The rest is summed in one more row. */
const [maxBlocks, maxOps] = [30, 10];

export function profileText(
  { engine, steps, rows, milliseconds, blocks, ops, notes }: Profile,
  page = pageOf(process.stderr),
): string {
  return [
    `a training step of ${rows} rows takes ${digits(milliseconds.step)} ms: medians of ${stepsWords(steps)}`,
    tableOf(
      ['block', 'line', 'ms a step', 'share', 'backward', 'calls', 'MFLOP'],
      shortenTable(blocks, maxBlocks).map((block) => [
        block.name,
        placeOf(block),
        digits(block.milliseconds),
        formatPercent(block.share),
        !('backward' in block) || block.backward === undefined
          ? ''
          : formatPercent(block.milliseconds === 0 ? 0 : block.backward / block.milliseconds),
        String(block.calls),
        work(block),
      ]),
      page,
    ),
    '',
    ...(ops.length === 0
      ? []
      : [
          tableOf(
            [`op of ${engine.name}`, 'ms a step', 'share', 'calls', 'MFLOP'],
            shortenTable(ops, maxOps).map((op) => [
              op.name,
              digits(op.milliseconds),
              formatPercent(op.share),
              String(op.calls),
              work(op),
            ]),
            page,
          ),
          '',
        ]),
    notesText(notes),
  ].join('\n');
}

/** `16 steps (51, 73, … 381)` */
function stepsWords(steps: readonly number[]): string {
  const shown = steps.length > 4 ? `${steps[0]}, ${steps[1]}, … ${steps.at(-1)}` : steps.join(', ');
  return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'} (${shown})`;
}

function shortenTable<R extends ProfileRow>(rows: readonly R[], maxRows: number): readonly (R | ProfileRow)[] {
  if (rows.length <= maxRows) return rows;
  const otherRows = rows.slice(maxRows - 1);
  const sum = (key: 'milliseconds' | 'share' | 'calls'): number =>
    otherRows.reduce((total, row) => total + row[key], 0);
  const sums = { milliseconds: sum('milliseconds'), share: sum('share'), calls: sum('calls') };
  return [...rows.slice(0, maxRows - 1), { name: `${otherRows.length} others`, ...sums }];
}

const placeOf = (row: Partial<ProfileBlock>): string => (row.place ? `${row.place.file}:${row.place.line}` : '');

const work = ({ flops }: ProfileRow): string => (flops === undefined ? '' : digits(flops / 1e6));

const digits = (value: number): string => value.toFixed(3);
