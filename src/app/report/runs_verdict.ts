/** The head of a report of several runs: which is best, by the test events of all if they were evaluated, else by validation. */
import type { Manifest } from '../../training/artifact/manifest.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { listOf } from '../../training/evaluation/sentences.ts';
import { verdictOf, verdictSentences } from '../../training/evaluation/verdict.ts';
import type { EpochRecord } from '../../training/training_events.ts';
import { type IntervalBar, intervalBars } from './interval_bars.ts';
import type { ReportParts } from './parts.ts';
import { verdictCard } from './verdict_section.ts';

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

/** Undefined where a run was not evaluated, or the evaluations rank other events. */
function evaluated(runs: readonly NamedRun[]): string | undefined {
  const [one] = runs;
  const metric = one?.evaluation?.metrics.find((label) => one.evaluation!.rows[0]?.intervals?.[label]);
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

/** Compares the runs on validation by the metric that chose their weights; else by the first. */
function validated(runs: readonly NamedRun[]): string {
  const labels = labelsOf(runs);
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

export const labelsOf = (runs: readonly NamedRun[]): string[] => [
  ...new Set(runs.flatMap(({ curves }) => curves.epochs.flatMap(({ validation = {} }) => Object.keys(validation)))),
];
