/** The sections of a report about its training: losses, validation, weights of tasks, temperatures. */
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import type { EpochRecord } from '../../training/train_options.ts';
import type { ChartSeries } from './curves.ts';
import { counted, figureText, folded, paragraph, section, soft, table } from './html.ts';
import { type LineChart, lineChart } from './line_chart.ts';
import type { ReportParts } from './report_parts.ts';

/** The parts of a report about the training. A run that is still training has no manifest. */
export interface TrainingParts extends Pick<ReportParts, 'curves' | 'fixedWeights'> {
  /** What the curves of validation are compared with. */
  readonly evaluation?: Pick<Evaluation, 'part' | 'rows' | 'linesToBeat'>;
  readonly manifest: {
    readonly plan: { readonly tasks: readonly { readonly name: string }[] };
    readonly data?: { readonly validation: number };
    readonly training: { readonly steps: number; readonly best?: { readonly epoch: number; readonly metric?: string } };
  };
}

export function lossesSection({ curves: { steps, epochs, shortSteps }, manifest }: TrainingParts): string {
  if (epochs.length === 0 && steps.size === 0) return section('Loss', paragraph('No epoch has finished.'));
  const names = [...steps.keys()].filter((name) => name === 'loss' || name.startsWith('loss:'));
  const severalNames = names.length > 2 ? names : ['loss'];
  const ofSteps = named(severalNames.flatMap((name) => steps.get(name) ?? []));
  const ofEpochs = severalNames.map((name) => ({
    name: wordsOf(name),
    points: epochs.map((record) => point(record, name === 'loss' ? record.loss : record.scalars[name])),
  }));
  const chart =
    ofSteps.length > 0
      ? lineChart({
          title: `Over training rows${thinned(manifest.training.steps, ofSteps)}`,
          x: 'step',
          series: ofSteps,
        })
      : lineChart({ title: 'Over training rows', x: 'epoch', series: ofEpochs });
  return section(
    'Loss',
    ...(severalNames.length > 1
      ? [paragraph('The total that training minimised, and the loss of each task before its weight.')]
      : []),
    chart,
    ...(shortSteps > 0
      ? [
          soft(
            `It excludes ${counted(shortSteps, 'step')}: the last of an epoch has fewer rows, and a loss over the batch is lower for this reason alone.`,
          ),
        ]
      : []),
  );
}

const point = (record: EpochRecord, value: number | undefined): [number, number] => [record.epoch, value ?? Number.NaN];

const thinned = (steps: number, [firstSeries]: readonly ChartSeries[]): string => {
  const stepsPerPoint = Math.ceil(steps / Math.max(1, firstSeries?.points.length ?? 1));
  return stepsPerPoint > 1 ? `, a mean of ${stepsPerPoint} steps a point` : '';
};

const named = (series: readonly ChartSeries[]): ChartSeries[] =>
  series.map(({ name, points }) => ({ name: wordsOf(name), points }));

/** Returns the name of a curve in words: `loss:like` and `weight:like` belong to task `like`. */
const wordsOf = (name: string): string => (name === 'loss' ? 'total' : name.replace(/^(loss|weight|temperature):/, ''));

export function validation({ curves: { epochs }, manifest, evaluation }: TrainingParts): string {
  const validatedEpochs = epochs.filter((record) => record.validation !== undefined);
  const labels = [...new Set(validatedEpochs.flatMap((record) => Object.keys(record.validation!)))];
  if (labels.length === 0) {
    const absenceReason = manifest.data?.validation
      ? 'Training ended before its first validation.'
      : 'The data has no validation part.';
    return section('Validation', paragraph(absenceReason));
  }
  const series = labels.map((name) => ({
    name,
    points: validatedEpochs.map((record) => point(record, record.validation![name])),
  }));
  const { best } = manifest.training;
  const chosen = best?.metric ?? labels.find(isOfAccuracy) ?? labels[0];
  // An area under a curve is near 1 while a recall may be near 0, so a shared axis would flatten all but one.
  const charts = series.map((chartSeries) =>
    lineChart({
      title: chartSeries.name,
      x: 'epoch',
      series: [chartSeries],
      size: chartSeries.name === chosen ? 'half' : 'third',
      levels: levelsOf(evaluation, chartSeries.name),
      mark: best && { x: best.epoch, name: 'kept' },
    }),
  );
  const otherCharts = charts.filter((_, i) => labels[i] !== chosen);
  return section(
    'Validation',
    ...epochs.flatMap(({ warning }) => (warning ? [paragraph(`Warning: ${warning.message} [${warning.code}].`)] : [])),
    ...epochs.flatMap(({ epoch, alone = {} }) =>
      Object.entries(alone).map(([task, value]) =>
        paragraph(`After epoch ${epoch}, ${chosen} is ${value.toFixed(4)} by the score of ${task} alone.`),
      ),
    ),
    charts[labels.indexOf(chosen!)] ?? '',
    ...(best ? [] : [soft(highestWords(validatedEpochs, chosen!))]),
    soft('Validation has no loss: that of training goes on falling while a model only learns its rows by heart.'),
    ...(otherCharts.length > 0
      ? [folded('The other metrics', `<div class="charts three">${otherCharts.join('\n')}</div>`)]
      : []),
  );
}

/** Says when a metric was highest, if no `stop` made training keep that epoch. */
function highestWords(epochs: readonly EpochRecord[], metric: string): string {
  const measured = ({ validation }: EpochRecord): number => validation?.[metric] ?? Number.NEGATIVE_INFINITY;
  const highest = epochs.reduce((highestSoFar, epoch) =>
    measured(epoch) > measured(highestSoFar) ? epoch : highestSoFar,
  );
  if (highest === epochs.at(-1)) return `It was highest after the last epoch, ${highest.epoch}.`;
  return `It was highest after epoch ${highest.epoch}, and the weights are those of the last: \`stop\` would keep the best.`;
}

/** Maximum number of lines of baselines: their names would run into each other. */
const mostLevels = 4;

/** Returns what the curve of a metric is compared with: baselines by the same events. */
function levelsOf(evaluation: TrainingParts['evaluation'], metric: string): NonNullable<LineChart['levels']> {
  const figures: [string, number | undefined][] =
    evaluation?.part === 'validation'
      ? evaluation.rows.slice(1).map(({ name, all }) => [name, all[metric]])
      : Object.entries(evaluation?.linesToBeat ?? {}).map(([name, figures]) => [name, figures[metric]]);
  return figures
    .flatMap(([name, y]) => (y === undefined ? [] : [{ name, y }]))
    .toSorted((a, b) => b.y - a.y)
    .slice(0, mostLevels);
}

export function weightsSection({ curves: { steps }, fixedWeights, manifest }: TrainingParts): string {
  const tasks = manifest.plan.tasks;
  const series = named([...steps.values()].filter(({ name }) => name.startsWith('weight:')));
  if (series.length > 0) {
    return section(
      'Weights of the tasks',
      paragraph('The objective changes the weight of each task at every step.'),
      lineChart({ title: `Weights by step${thinned(manifest.training.steps, series)}`, x: 'step', series }),
    );
  }
  const fixedEntries = Object.entries(fixedWeights ?? {});
  if (tasks.length < 2 || fixedEntries.length === 0) return '';
  return section(
    'Weights of the tasks',
    paragraph('The objective has the same weights at every step.'),
    table({
      caption: 'Weights',
      head: ['task', 'weight'],
      rows: fixedEntries.map(([task, weight]) => [task, figureText(weight)]),
    }),
  );
}

export function temperatures({ curves: { steps, epochs }, manifest }: TrainingParts): string {
  const series = named([...steps.values()].filter(({ name }) => name.startsWith('temperature:')));
  if (series.length === 0) return '';
  const lastRows = series.map(({ name }) => [
    name,
    figureText(epochs.at(-1)?.scalars[`temperature:${name}`] ?? Number.NaN),
  ]);
  return section(
    'Temperatures',
    paragraph('The temperature of these losses is trained with the model.'),
    lineChart({ title: `Temperature by step${thinned(manifest.training.steps, series)}`, x: 'step', series }),
    table({ caption: 'Mean of the last epoch', head: ['task', 'temperature'], rows: lastRows }),
  );
}
