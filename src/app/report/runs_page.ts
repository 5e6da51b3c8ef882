/** Writes the report of several runs: their curves in shared charts, their figures, and the settings in which they differ. */
import { type Manifest, validationUnit } from '../../training/artifact/run_manifest.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import { joinNames, judgingMetric, verdictOf } from '../../training/evaluation/sentences.ts';
import type { EpochRecord } from '../../training/train_options.ts';
import { type IntervalBar, intervalChart } from './bar_charts.ts';
import type { ChartSeries } from './curves.ts';
import {
  counted,
  escapeHtml,
  factList,
  figureText,
  foldedSection,
  paragraph,
  section,
  shell,
  soft,
  table,
  wideSection,
} from './html.ts';
import { mapsSection } from './items_section.ts';
import { lineChart, maxSeries } from './line_chart.ts';
import type { ReportParts } from './report_parts.ts';
import { settingFacts } from './settings_section.ts';
import { verdictHead } from './verdict.ts';

export interface NamedRun extends ReportParts {
  readonly name: string;
}

export const runsVerdict = (runs: readonly NamedRun[]): string =>
  sameData(runs) ? (evaluated(runs) ?? validated(runs)) : ofOtherData;

const ofOtherData = verdictHead(
  'open',
  'No run is best: they were not measured on the same events',
  paragraph(
    'The runs differ in their events, their labels or their split, so no figure of one compares with that of another.',
  ),
  paragraph('Train them with one data block, or rank the same events by all of them with `tower compare --data`.'),
);

interface MeasuredRun {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly bar: IntervalBar;
}

/** Compares the evaluations of runs; undefined if a run was not evaluated, or the evaluations rank different events. */
function evaluated(runs: readonly NamedRun[]): string | undefined {
  const [firstRun] = runs;
  const metric = firstRun?.evaluation && judgingMetric(firstRun.evaluation);
  if (metric === undefined) return undefined;
  const { part, per, events } = firstRun!.evaluation!;
  const measuredRuns = runs.flatMap(({ name, evaluation }): MeasuredRun[] => {
    const [model] = evaluation?.rows ?? [];
    const [value, interval] = [model?.all[metric], model?.intervals?.[metric]];
    if (!evaluation || value === undefined || interval === undefined) return [];
    if (evaluation.part !== part || evaluation.per !== per || evaluation.events !== events) return [];
    return [{ name, evaluation, bar: { name, value, interval, tone: 'below' } }];
  });
  if (measuredRuns.length < runs.length) return undefined;
  const [best, ...others] = measuredRuns.toSorted((a, b) => b.bar.value - a.bar.value) as [
    MeasuredRun,
    ...MeasuredRun[],
  ];
  const nearRuns = others.filter(({ bar }) => bar.interval!.high >= best.bar.interval!.low);
  const beatenBy = verdictOf(best.evaluation, metric)?.beatenBy ?? [];
  return verdictHead(
    beatenBy.length > 0 ? 'bad' : nearRuns.length > 0 ? 'fair' : 'good',
    `${best.name} has the best ${metric} of the ${part} part: ${best.bar.value.toFixed(4)}`,
    intervalChart(`${metric} of the ${part} part, a mean over ${per}s, with 95 % intervals`, [
      ...[best, ...others].map((run) => ({
        ...run.bar,
        tone: run === best ? ('own' as const) : nearRuns.includes(run) ? ('level' as const) : ('below' as const),
      })),
      ...baselineBars(measuredRuns, metric),
    ]),
    factList([
      [
        'Next to it',
        nearRuns.length > 0
          ? `Its interval overlaps that of ${joinNames(nearRuns.map(({ name }) => name))}. Ask \`tower compare\`, which ranks the same events by all runs, for the intervals of the differences.`
          : 'Its interval is above those of all other runs.',
      ],
      ...(beatenBy.length > 0
        ? [
            [
              'Baselines',
              `${joinNames(beatenBy.map(({ name, figure }) => `${name} (${figure.toFixed(4)})`))} ${beatenBy.length === 1 ? 'beats' : 'beat'} ${best.name}.`,
            ] as const,
          ]
        : []),
      ...runs.map((run) => [run.name, runWords(run)] as const),
    ]),
  );
}

/** Returns the baselines that were measured next to any of the runs, each once, the best first. */
function baselineBars(runs: readonly MeasuredRun[], metric: string): IntervalBar[] {
  const byName = new Map(
    runs.flatMap(({ evaluation }) =>
      evaluation.rows
        .slice(1)
        .flatMap(({ name, all, intervals }): [string, IntervalBar][] =>
          all[metric] === undefined
            ? []
            : [[name, { name, value: all[metric], tone: 'plain', interval: intervals?.[metric] }]],
        ),
    ),
  );
  return [...byName.values()].sort((a, b) => b.value - a.value);
}

function runWords({ manifest: { training, plan }, curves }: NamedRun): string {
  const seconds =
    curves.epochs.reduce((sum, { milliseconds }) => sum + milliseconds.total + milliseconds.validation, 0) / 1000;
  const keptEpoch = training.best
    ? `; ${figureText(training.best.value)} on validation in ${validationUnit(plan)} ${training.best.epoch}`
    : '';
  return `${plan.model}, ${counted(training.epochs, validationUnit(plan))}, ${counted(training.steps, 'step')} in ${figureText(Number(seconds.toPrecision(3)))} s${keptEpoch}`;
}

/** Compares the runs on validation by the metric that chose their weights, otherwise by the first metric. */
function validated(runs: readonly NamedRun[]): string {
  const labels = labelsOf(runs).filter(isOfAccuracy);
  const metric = runs.find(({ manifest }) => manifest.training.best)?.manifest.training.best?.metric ?? labels[0];
  const bars = runs
    .map(({ name, curves, manifest }) => ({ name, value: keptOf(curves.epochs, manifest)?.[metric ?? ''] }))
    .filter((figure): figure is { name: string; value: number } => figure.value !== undefined)
    .toSorted((a, b) => b.value - a.value);
  const [best] = bars;
  const facts = factList(runs.map((run) => [run.name, runWords(run)] as const));
  if (metric === undefined || !best) return verdictHead('open', 'No run was validated', facts);
  return verdictHead(
    'open',
    `${best.name} has the best ${metric} on validation: ${best.value.toFixed(4)}`,
    paragraph(
      'One seed decides nothing by itself: `tower compare` ranks the same events by all runs, with intervals of the differences.',
    ),
    intervalChart(
      `${metric} on validation, of the weights that each run kept`,
      bars.map(({ name, value }, index): IntervalBar => ({ name, value, tone: index === 0 ? 'own' : 'below' })),
    ),
    facts,
  );
}

const sameData = ([first, ...others]: readonly NamedRun[]): boolean =>
  others.every(({ manifest }) => manifest.data.fingerprint?.events === first!.manifest.data.fingerprint?.events);

const keptOf = (epochs: readonly EpochRecord[], { training }: Manifest): EpochRecord['validation'] =>
  (training.best && epochs.find(({ epoch }) => epoch === training.best!.epoch)?.validation) ??
  epochs.findLast(({ validation }) => validation)?.validation;

const labelsOf = (runs: readonly NamedRun[]): string[] => [
  ...new Set(runs.flatMap(({ curves }) => curves.epochs.flatMap(({ validation = {} }) => Object.keys(validation)))),
];

/** @param unfinished names of runs that have not finished, and are not shown */
export function runsPage(runs: readonly NamedRun[], unfinished: readonly string[] = []): string {
  const number = counted(runs.length, 'run');
  return shell(
    { title: `${number} of Tower`, kind: 'Report of several runs' },
    [`<h1>${escapeHtml(number)}</h1>`, runsVerdict(runs)].join('\n'),
    [
      unfinished.length === 0 ? '' : soft(`Not shown, because they have not finished: ${unfinished.join(', ')}.`),
      ...curveSections(runs),
      mapsSection(runs),
      measured(runs),
      differences(runs),
    ],
  );
}

function curveSections(runs: readonly NamedRun[]): string[] {
  const shownRuns = runs.slice(0, maxSeries);
  const title = shownRuns.length < runs.length ? `, the first ${shownRuns.length} runs` : '';
  const seriesOf = (value: (record: EpochRecord) => number | undefined): ChartSeries[] =>
    shownRuns.map(({ name, curves }) => ({
      name,
      points: curves.epochs.map((record): [number, number] => [record.epoch, value(record) ?? Number.NaN]),
    }));
  const loss = lineChart({
    title: `Over training rows${title}`,
    x: 'step',
    series: shownRuns.map(({ name, curves }) => ({ name, points: curves.steps.get('loss')?.points ?? [] })),
  });
  // Runs on other data have no axis in common.
  const labels = sameData(runs) ? labelsOf(shownRuns) : [];
  const [first, ...others] = labels.map((label, i) =>
    lineChart({
      title: `${label}${title}`,
      x: 'epoch',
      series: seriesOf(({ validation }) => validation?.[label]),
      size: i === 0 ? 'half' : 'third',
    }),
  );
  return [
    loss === ''
      ? ''
      : section('Loss', loss, soft('Losses compare where the runs have the same loss, batch and negatives.')),
    first === undefined ? '' : section('Validation', first),
    others.length === 0
      ? ''
      : wideSection('Other metrics on validation', `<div class="charts three">${others.join('\n')}</div>`),
  ];
}

function measured(runs: readonly NamedRun[]): string {
  const evaluatedRuns = runs.filter(({ evaluation }) => evaluation);
  if (evaluatedRuns.length === 0) return '';
  const metrics = [...new Set(evaluatedRuns.flatMap(({ evaluation }) => evaluation!.metrics))];
  return foldedSection(
    'All figures',
    table({
      caption: 'The last evaluation of each run, with 95 % intervals',
      head: ['run', 'part', ...metrics],
      rows: evaluatedRuns.map(({ name, evaluation }) => {
        const { rows, part, per } = evaluation!;
        const [model] = rows;
        return [
          name,
          `${part}, per ${per}`,
          ...metrics.map((label) => {
            const metricValue = model!.all[label];
            const interval = model!.intervals?.[label];
            if (metricValue === undefined) return '–';
            return interval
              ? `${metricValue.toFixed(4)}\n[${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`
              : metricValue.toFixed(4);
          }),
        ];
      }),
    }),
    ...(evaluatedRuns.length < runs.length
      ? [soft(`${counted(runs.length - evaluatedRuns.length, 'run')} not evaluated: run \`tower evaluate\`.`)]
      : []),
  );
}

function differences(runs: readonly NamedRun[]): string {
  const factsOfRuns = runs.map(
    ({ manifest }) =>
      new Map([['model', manifest.plan.model], ['text of the model', textOf(manifest)], ...settingFacts(manifest)]),
  );
  const names = [...new Set(factsOfRuns.flatMap((facts) => [...facts.keys()]))];
  const differingNames = names.filter(
    (name) =>
      // What `--set` changed is in the setting itself.
      !(name.startsWith('--set ') && names.includes(name.slice('--set '.length))) &&
      new Set(factsOfRuns.map((facts) => facts.get(name))).size > 1,
  );
  return wideSection(
    'Settings that differ',
    differingNames.length === 0
      ? paragraph('All settings are the same.')
      : table({
          caption: 'Settings that are not the same in all runs',
          head: ['setting', ...runs.map(({ name }) => name)],
          words: true,
          rows: differingNames.map((name) => [name, ...factsOfRuns.map((facts) => facts.get(name) ?? '–')]),
        }),
  );
}

/** Returns the first digits of the checksums of a run's files, enough to see that two texts differ. */
const textOf = ({ sources, files }: Manifest): string =>
  sources.map((path) => files[path]?.sha256.slice(0, 8) ?? '?').join(' ');
