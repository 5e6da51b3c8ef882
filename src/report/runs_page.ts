/** The report of several runs: their curves over each other, their figures, and the settings that set them apart. */
import type { Manifest } from '../artifact/manifest.ts';
import type { EpochRecord } from '../training/training_events.ts';
import { counted, escapeHtml, figure, paragraph, section, soft, table } from './html.ts';
import { type IntervalBar, intervalBars } from './interval_bars.ts';
import { lineChart, mostSeries, type Series } from './line_chart.ts';
import type { ReportParts } from './parts.ts';
import { factsOf } from './settings_section.ts';
import { shell } from './shell.ts';

export interface NamedRun extends ReportParts {
  readonly name: string;
}

/** @param unfinished names of runs that have not ended, and are not shown */
export function runsPage(runs: readonly NamedRun[], unfinished: readonly string[] = []): string {
  return shell(`${counted(runs.length, 'run')} of Tower`, [
    `<h1>${escapeHtml(counted(runs.length, 'run'))}</h1>`,
    bestSection(runs),
    unfinished.length === 0 ? '' : soft(`Not shown, because they have not finished: ${unfinished.join(', ')}.`),
    measured(runs),
    curvesSection(runs),
    differences(runs),
  ]);
}

/** What a run came to on validation, by the metric that it kept its weights by; else by the first. */
function bestSection(runs: readonly NamedRun[]): string {
  const labels = labelsOf(runs);
  const metric = runs.find(({ manifest }) => manifest.training.best)?.manifest.training.best?.metric ?? labels[0];
  const bars = runs
    .map(({ name, curves, manifest }) => ({ name, value: keptOf(curves.epochs, manifest)?.[metric ?? ''] }))
    .filter((each): each is { name: string; value: number } => each.value !== undefined)
    .toSorted((a, b) => b.value - a.value);
  const [best] = bars;
  if (metric === undefined || !best) {
    return card('No run was validated', ['The figures of the evaluations, where there are some, are below.']);
  }
  return card(
    `${best.name} has the best ${metric} on validation: ${best.value.toFixed(4)}`,
    [
      ...(sameData(runs)
        ? []
        : [
            'The runs differ in their events, their labels or their split: figures compare only where the held-out events are the same.',
          ]),
      'One seed decides nothing by itself: `tower compare` ranks the same events by all runs, with intervals of the differences.',
    ],
    intervalBars(
      `${metric} on validation, of the weights that each run kept`,
      bars.map(
        ({ name, value }, at): IntervalBar => ({
          name,
          value,
          text: value.toFixed(4),
          tone: at === 0 ? 'own' : 'below',
        }),
      ),
    ),
  );
}

function card(title: string, sentences: readonly string[], ...body: readonly string[]): string {
  return `<section class="verdict open" id="verdict"><h2>${escapeHtml(title)}</h2>\n${sentences.map(paragraph).join('\n')}\n${body.join('\n')}\n</section>`;
}

const sameData = ([first, ...others]: readonly NamedRun[]): boolean =>
  others.every(({ manifest }) => manifest.data.fingerprint?.events === first!.manifest.data.fingerprint?.events);

const keptOf = (epochs: readonly EpochRecord[], { training }: Manifest): EpochRecord['validation'] =>
  (training.best && epochs.find(({ epoch }) => epoch === training.best!.epoch)?.validation) ??
  epochs.findLast(({ validation }) => validation)?.validation;

const labelsOf = (runs: readonly NamedRun[]): string[] => [
  ...new Set(runs.flatMap(({ curves }) => curves.epochs.flatMap(({ validation = {} }) => Object.keys(validation)))),
];

function measured(runs: readonly NamedRun[]): string {
  const found = runs.filter(({ evaluation }) => evaluation);
  if (found.length === 0) return '';
  const metrics = [...new Set(found.flatMap(({ evaluation }) => evaluation!.metrics))];
  return section(
    'Evaluation',
    table({
      caption: 'The last evaluation of each run, with 95 % intervals',
      head: ['run', 'part', ...metrics],
      rows: found.map(({ name, evaluation }) => {
        const { rows, part, per } = evaluation!;
        const [model] = rows;
        return [
          name,
          `${part}, per ${per}`,
          ...metrics.map((label) => {
            const value = model!.all[label];
            const interval = model!.intervals?.[label];
            if (value === undefined) return '–';
            return interval
              ? `${value.toFixed(4)}\n[${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`
              : value.toFixed(4);
          }),
        ];
      }),
    }),
    ...(found.length < runs.length
      ? [soft(`${counted(runs.length - found.length, 'run')} not evaluated: run \`tower evaluate\`.`)]
      : []),
  );
}

function curvesSection(runs: readonly NamedRun[]): string {
  const shown = runs.slice(0, mostSeries);
  const over = (value: (record: EpochRecord) => number | undefined): Series[] =>
    shown.map(({ name, curves }) => ({
      name,
      points: curves.epochs.map((record): [number, number] => [record.epoch, value(record) ?? Number.NaN]),
    }));
  const charts = [
    lineChart({ title: 'Loss by epoch', x: 'epoch', series: over(({ loss }) => loss) }),
    lineChart({
      title: 'Loss by step',
      x: 'step',
      series: shown.map(({ name, curves }) => ({ name, points: curves.steps.get('loss')?.points ?? [] })),
    }),
    ...labelsOf(shown).map((label) =>
      lineChart({
        title: `${label} on validation`,
        x: 'epoch',
        series: over(({ validation }) => validation?.[label]),
      }),
    ),
  ].filter((chart) => chart !== '');
  return section(
    'Curves',
    ...(shown.length < runs.length ? [soft(`The charts show the first ${shown.length} runs.`)] : []),
    soft(
      'Losses compare where the runs have the same loss, batch and negatives. Metrics on validation always do on the same data.',
    ),
    `<div class="charts">${charts.join('\n')}</div>`,
  );
}

/** Lines of the settings that are not the same everywhere. */
function differences(runs: readonly NamedRun[]): string {
  const all = runs.map(
    ({ manifest }) =>
      new Map([['model', manifest.plan.model], ['text of the model', textOf(manifest)], ...factsOf(manifest)]),
  );
  const names = [...new Set(all.flatMap((facts) => [...facts.keys()]))];
  const differ = names.filter((name) => new Set(all.map((facts) => facts.get(name))).size > 1);
  const training = runs.map(({ name, manifest: { training, plan }, curves }) => [
    name,
    plan.model,
    String(training.epochs),
    training.steps.toLocaleString('en'),
    training.best ? `${figure(training.best.value)} in ${training.best.epoch}` : '–',
    `${figure(curves.epochs.reduce((sum, { milliseconds }) => sum + milliseconds.total + milliseconds.validation, 0) / 1000)} s`,
  ]);
  return section(
    'Settings',
    table({ caption: 'The runs', head: ['run', 'model', 'epochs', 'steps', 'best', 'time'], rows: training }),
    differ.length === 0
      ? paragraph('All settings are the same.')
      : table({
          caption: 'Settings that are not the same in all runs',
          head: ['setting', ...runs.map(({ name }) => name)],
          words: true,
          rows: differ.map((name) => [name, ...all.map((facts) => facts.get(name) ?? '–')]),
        }),
  );
}

/** Enough of the checksums of its files to see that two texts are not one. */
const textOf = ({ sources, files }: Manifest): string =>
  sources.map((path) => files[path]?.sha256.slice(0, 8) ?? '?').join(' ');
