/** Writes the report of several runs: their curves in shared charts, their figures, and the settings in which they differ. */
import { type Manifest, validationUnit } from '../../training/artifact/manifest.ts';
import type { Evaluation, EvaluationRow } from '../../training/evaluation/evaluate.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import {
  judgingMetric,
  listOf,
  type Verdict,
  verdictOf,
  verdictSentences,
} from '../../training/evaluation/sentences.ts';
import type { EpochRecord } from '../../training/training_events.ts';
import { counted, escapeHtml, figureText, paragraph, section, shell, soft, table } from './html.ts';
import { type ChartSeries, type IntervalBar, intervalBars, lineChart, mostSeries } from './line_chart.ts';
import { type ReportParts, settingFacts } from './training_sections.ts';

/** Makes the head of a report, which first says whether the model is better than the other rows. */
export function verdictSection({ plan, final }: Pick<Manifest, 'plan' | 'final'>, evaluation?: Evaluation): string {
  const verdict = evaluation && verdictOf(evaluation);
  if (!evaluation || !verdict) {
    const missingReason = evaluation
      ? 'No baseline was measured next to the model, so there is nothing to judge it by: run `tower evaluate` without `--baselines none`.'
      : final
        ? `All events were trained, so this run has no test figure of its own. The report of ${final.name}, which chose its settings, has one.`
        : 'This run is not evaluated yet, so the report cannot say whether it is better than a simple ranking. Run `tower evaluate` on its folder.';
    return verdictCard('open', `${plan.model}: no verdict yet`, [missingReason]);
  }
  const sentences = verdictSentences(verdict);
  return verdictCard(toneOf(verdict), headline(verdict), sentences, picture(verdict, evaluation));
}

/** Returns the headline, which is the worst news. */
function headline({ model, metric, beats, beatenBy, undecided }: Verdict): string {
  const contestantCount = beats.length + beatenBy.length + undecided.length;
  if (beatenBy.length > 0) {
    const bestRival = beatenBy.toSorted((a, b) => b.figure - a.figure)[0]!;
    const otherCount = beatenBy.length - 1;
    return `${bestRival.name}${otherCount > 0 ? ` and ${counted(otherCount, 'other baseline')}` : ''} beat${otherCount > 0 ? '' : 's'} ${model} in ${metric}`;
  }
  if (undecided.length > 0)
    return `${model} beats ${beats.length} of ${counted(contestantCount, 'baseline')} in ${metric}; ${undecided.length} ${undecided.length === 1 ? 'is' : 'are'} too close to call`;
  return contestantCount === 1
    ? `${model} beats ${beats[0]!.name} in ${metric}`
    : `${model} beats all ${contestantCount} baselines in ${metric}`;
}

const toneOf = ({ beatenBy, undecided }: Verdict): VerdictTone =>
  beatenBy.length > 0 ? 'bad' : undecided.length > 0 ? 'fair' : 'good';

type VerdictTone = 'good' | 'fair' | 'bad' | 'open';

/** Makes the head of a report. `open`: there is no verdict. */
function verdictCard(
  tone: VerdictTone,
  title: string,
  sentences: readonly string[],
  ...body: readonly string[]
): string {
  return `<section class="verdict ${tone}" id="verdict"><h2>${escapeHtml(title)}</h2>\n${sentences.map(paragraph).join('\n')}\n${body.join('\n')}\n</section>`;
}

function picture(verdict: Verdict, { rows, part, per }: Evaluation): string {
  const tones = new Map<string, IntervalBar['tone']>([
    ...verdict.beats.map(({ name }) => [name, 'below'] as const),
    ...verdict.undecided.map(({ name }) => [name, 'level'] as const),
    ...verdict.beatenBy.map(({ name }) => [name, 'above'] as const),
  ]);
  const { metric } = verdict;
  const bars = rows
    .toSorted((a, b) => b.all[metric]! - a.all[metric]!)
    .map(
      (row): IntervalBar => ({
        name: row.name,
        value: row.all[metric]!,
        text: `${row.all[metric]!.toFixed(4)}${leadText(row, metric)}`,
        tone: row === rows[0] ? 'own' : (tones.get(row.name) ?? 'level'),
        ...(row.intervals?.[metric] ? { interval: row.intervals[metric] } : {}),
      }),
    );
  return [
    intervalBars(`${metric} of the ${part} part, a mean over ${per}s, with 95 % intervals`, bars),
    soft(
      'In brackets: the model less this baseline, with the interval of this difference. The verdict rests on the difference, whose draws are the same for both: whiskers may overlap where it is certain.',
    ),
  ].join('\n');
}

function leadText({ lead }: EvaluationRow, metric: string): string {
  const ownFigure = lead?.[metric];
  return ownFigure ? ` (${signed(ownFigure.mean)}: ${signed(ownFigure.low)} to ${signed(ownFigure.high)})` : '';
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

export interface NamedRun extends ReportParts {
  readonly name: string;
}

export const runsVerdict = (runs: readonly NamedRun[]): string =>
  sameData(runs) ? (evaluated(runs) ?? validated(runs)) : ofOtherData;

const ofOtherData = verdictCard('open', 'No run is best: they were not measured on the same events', [
  'The runs differ in their events, their labels or their split, so no figure of one compares with that of another.',
  'Train them with one data block, or rank the same events by all of them with `tower compare --data`.',
]);

interface MeasuredRun {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly bar: IntervalBar;
}

/** Compares the evaluations of runs; undefined if a run was not evaluated, or the evaluations rank different events. */
function evaluated(runs: readonly NamedRun[]): string | undefined {
  const [one] = runs;
  const metric = one?.evaluation && judgingMetric(one.evaluation);
  if (metric === undefined) return undefined;
  const { part, per, events } = one!.evaluation!;
  const measuredRuns = runs.flatMap(({ name, evaluation }): MeasuredRun[] => {
    const [model] = evaluation?.rows ?? [];
    const [value, interval] = [model?.all[metric], model?.intervals?.[metric]];
    if (!evaluation || value === undefined || interval === undefined) return [];
    if (evaluation.part !== part || evaluation.per !== per || evaluation.events !== events) return [];
    return [{ name, evaluation, bar: { name, value, interval, text: value.toFixed(4), tone: 'below' } }];
  });
  if (measuredRuns.length < runs.length) return undefined;
  const [best, ...others] = measuredRuns.toSorted((a, b) => b.bar.value - a.bar.value) as [
    MeasuredRun,
    ...MeasuredRun[],
  ];
  const nearRuns = others.filter(({ bar }) => bar.interval!.high >= best.bar.interval!.low);
  const verdict = verdictOf(best.evaluation, metric);
  return verdictCard(
    'open',
    `${best.name} has the best ${metric} of the ${part} part: ${best.bar.text}`,
    [
      nearRuns.length > 0
        ? `Its interval overlaps that of ${listOf(nearRuns.map(({ name }) => name))}. Ask \`tower compare\`, which ranks the same events by all runs, for the intervals of the differences.`
        : 'Its interval is above those of all other runs.',
      ...(verdict ? verdictSentences({ ...verdict, model: best.name }).slice(0, -1) : []),
    ],
    intervalBars(
      `${metric} of the ${part} part, a mean over ${per}s, with 95 % intervals`,
      [best, ...others].map((each) => ({
        ...each.bar,
        tone: each === best ? 'own' : nearRuns.includes(each) ? 'level' : 'below',
      })),
    ),
  );
}

/** Compares the runs on validation by the metric that chose their weights, otherwise by the first metric. */
function validated(runs: readonly NamedRun[]): string {
  const labels = labelsOf(runs).filter(isOfAccuracy);
  const metric = runs.find(({ manifest }) => manifest.training.best)?.manifest.training.best?.metric ?? labels[0];
  const bars = runs
    .map(({ name, curves, manifest }) => ({ name, value: keptOf(curves.epochs, manifest)?.[metric ?? ''] }))
    .filter((each): each is { name: string; value: number } => each.value !== undefined)
    .toSorted((a, b) => b.value - a.value);
  const [best] = bars;
  if (metric === undefined || !best) {
    return verdictCard('open', 'No run was validated', [
      'The figures of the evaluations, where there are some, are below.',
    ]);
  }
  return verdictCard(
    'open',
    `${best.name} has the best ${metric} on validation: ${best.value.toFixed(4)}`,
    [
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
  return shell(`${counted(runs.length, 'run')} of Tower`, [
    `<h1>${escapeHtml(counted(runs.length, 'run'))}</h1>`,
    runsVerdict(runs),
    unfinished.length === 0 ? '' : soft(`Not shown, because they have not finished: ${unfinished.join(', ')}.`),
    measured(runs),
    curvesSection(runs),
    differences(runs),
  ]);
}

function measured(runs: readonly NamedRun[]): string {
  const evaluatedRuns = runs.filter(({ evaluation }) => evaluation);
  if (evaluatedRuns.length === 0) return '';
  const metrics = [...new Set(evaluatedRuns.flatMap(({ evaluation }) => evaluation!.metrics))];
  return section(
    'Evaluation',
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

function curvesSection(runs: readonly NamedRun[]): string {
  const shownRuns = runs.slice(0, mostSeries);
  const seriesOf = (value: (record: EpochRecord) => number | undefined): ChartSeries[] =>
    shownRuns.map(({ name, curves }) => ({
      name,
      points: curves.epochs.map((record): [number, number] => [record.epoch, value(record) ?? Number.NaN]),
    }));
  const charts = [
    lineChart({ title: 'Loss by epoch', x: 'epoch', series: seriesOf(({ loss }) => loss) }),
    lineChart({
      title: 'Loss by step',
      x: 'step',
      series: shownRuns.map(({ name, curves }) => ({ name, points: curves.steps.get('loss')?.points ?? [] })),
    }),
    ...labelsOf(shownRuns).map((label) =>
      lineChart({
        title: `${label} on validation`,
        x: 'epoch',
        series: seriesOf(({ validation }) => validation?.[label]),
      }),
    ),
  ].filter((chart) => chart !== '');
  return section(
    'Curves',
    ...(shownRuns.length < runs.length ? [soft(`The charts show the first ${shownRuns.length} runs.`)] : []),
    soft(
      'Losses compare where the runs have the same loss, batch and negatives. Metrics on validation always do on the same data.',
    ),
    `<div class="charts">${charts.join('\n')}</div>`,
  );
}

function differences(runs: readonly NamedRun[]): string {
  const runFacts = runs.map(
    ({ manifest }) =>
      new Map([['model', manifest.plan.model], ['text of the model', textOf(manifest)], ...settingFacts(manifest)]),
  );
  const names = [...new Set(runFacts.flatMap((facts) => [...facts.keys()]))];
  const differingNames = names.filter((name) => new Set(runFacts.map((facts) => facts.get(name))).size > 1);
  const training = runs.map(({ name, manifest: { training, plan }, curves }) => [
    name,
    plan.model,
    String(training.epochs),
    training.steps.toLocaleString('en'),
    training.best ? `${figureText(training.best.value)} in ${validationUnit(plan)} ${training.best.epoch}` : '–',
    `${figureText(curves.epochs.reduce((sum, { milliseconds }) => sum + milliseconds.total + milliseconds.validation, 0) / 1000)} s`,
  ]);
  return section(
    'Settings',
    table({ caption: 'The runs', head: ['run', 'model', 'epochs', 'steps', 'best', 'time'], rows: training }),
    differingNames.length === 0
      ? paragraph('All settings are the same.')
      : table({
          caption: 'Settings that are not the same in all runs',
          head: ['setting', ...runs.map(({ name }) => name)],
          words: true,
          rows: differingNames.map((name) => [name, ...runFacts.map((facts) => facts.get(name) ?? '–')]),
        }),
  );
}

/** Returns the first digits of the checksums of a run's files, enough to see that two texts differ. */
const textOf = ({ sources, files }: Manifest): string =>
  sources.map((path) => files[path]?.sha256.slice(0, 8) ?? '?').join(' ');
