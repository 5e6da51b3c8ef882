/** The sections of a report about its training: losses, validation, weights of tasks, temperatures. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { linesOf, openRunFile } from '../../base/storage/run_files.ts';
import { defined } from '../../base/util/defined.ts';
import type { Drawing } from '../../editor/drawing/drawn.ts';
import type { Manifest } from '../../training/artifact/manifest.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import { metricsFile, parsedRecord, readMetricsLog, stepsFile } from '../../training/metrics_log.ts';
import type { Profile } from '../../training/profile/profile.ts';
import type { EpochRecord } from '../../training/training_events.ts';
import { counted, escapeHtml, figureText, paragraph, section, soft, table } from './html.ts';
import { type ChartSeries, lineChart } from './line_chart.ts';

/** The parts of a report about the training. A run that is still training has no manifest. */
export interface TrainingParts extends Pick<ReportParts, 'curves' | 'fixedWeights'> {
  readonly manifest: {
    readonly plan: { readonly tasks: readonly { readonly name: string }[] };
    readonly data?: { readonly validation: number };
    readonly training: { readonly steps: number; readonly best?: { readonly epoch: number } };
  };
}

const charts = (...drawn: readonly string[]): string => `<div class="charts">${drawn.join('\n')}</div>`;

export function lossesSection({ curves: { steps, epochs, shortSteps }, manifest }: TrainingParts): string {
  if (epochs.length === 0 && steps.size === 0) return section('Loss', paragraph('No epoch has finished.'));
  const names = [...steps.keys()].filter((name) => name === 'loss' || name.startsWith('loss:'));
  const severalNames = names.length > 2 ? names : ['loss'];
  const ofSteps = named(severalNames.flatMap((name) => steps.get(name) ?? []));
  const ofEpochs = severalNames.map((name) => ({
    name: wordsOf(name),
    points: epochs.map((record) => point(record, name === 'loss' ? record.loss : record.scalars[name])),
  }));
  return section(
    'Loss',
    paragraph(
      severalNames.length > 1
        ? 'The total that training minimised, and the loss of each task before its weight, over training rows.'
        : 'The loss that training minimised, over training rows.',
    ),
    ...(shortSteps > 0
      ? [
          soft(
            `The chart by step excludes ${counted(shortSteps, 'step')}: the last of an epoch has fewer rows, and a loss over the batch is lower for this reason alone.`,
          ),
        ]
      : []),
    charts(
      lineChart({ title: `Loss by step${thinned(manifest.training.steps, ofSteps)}`, x: 'step', series: ofSteps }),
      lineChart({ title: 'Loss by epoch', x: 'epoch', series: ofEpochs }),
    ),
  );
}

const point = (record: EpochRecord, value: number | undefined): [number, number] => [record.epoch, value ?? Number.NaN];

const thinned = (steps: number, [first]: readonly ChartSeries[]): string => {
  const stepsPerPoint = Math.ceil(steps / Math.max(1, first?.points.length ?? 1));
  return stepsPerPoint > 1 ? `, a mean of ${stepsPerPoint} steps a point` : '';
};

const named = (series: readonly ChartSeries[]): ChartSeries[] =>
  series.map(({ name, points }) => ({ name: wordsOf(name), points }));

/** Returns the name of a curve in words: `loss:like` and `weight:like` belong to task `like`. */
const wordsOf = (name: string): string => (name === 'loss' ? 'total' : name.replace(/^(loss|weight|temperature):/, ''));

export function validation({ curves: { epochs }, manifest }: TrainingParts): string {
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
  const chart = (title: string, some: readonly ChartSeries[]): string =>
    lineChart({ title, x: 'epoch', series: some, ...defined({ mark: best && { x: best.epoch, name: 'best' } }) });
  // An area under a curve is near 1 while a recall may be near 0, so a shared axis would flatten the others.
  return section(
    'Validation',
    paragraph(
      `After each epoch every validation event ranks the whole corpus. Higher is better${labels.every(isOfAccuracy) ? '' : ', except for metrics that only describe the lists'}.`,
    ),
    ...epochs.flatMap(({ warning }) => (warning ? [paragraph(`Warning: ${warning.message} [${warning.code}].`)] : [])),
    charts(
      chart(
        'Metrics of the top of the ranking',
        series.filter(({ name }) => name !== 'auc' && isOfAccuracy(name)),
      ),
      chart(
        'Area under the curve',
        series.filter(({ name }) => name === 'auc'),
      ),
      ...series.filter(({ name }) => !isOfAccuracy(name)).map((each) => chart(each.name, [each])),
    ),
  );
}

export function weightsSection({ curves: { steps, epochs }, fixedWeights, manifest }: TrainingParts): string {
  const tasks = manifest.plan.tasks;
  const series = named([...steps.values()].filter(({ name }) => name.startsWith('weight:')));
  if (series.length > 0) {
    const byEpoch = series.map(({ name }) => ({
      name,
      points: epochs.map((record) => point(record, record.scalars[`weight:${name}`])),
    }));
    return section(
      'Weights of the tasks',
      paragraph('The objective changes the weight of each task at every step.'),
      charts(
        lineChart({ title: `Weights by step${thinned(manifest.training.steps, series)}`, x: 'step', series }),
        lineChart({ title: 'Weights by epoch, means', x: 'epoch', series: byEpoch }),
      ),
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
    charts(lineChart({ title: `Temperature by step${thinned(manifest.training.steps, series)}`, x: 'step', series })),
    table({ caption: 'Mean of the last epoch', head: ['task', 'temperature'], rows: lastRows }),
  );
}

export interface TrainingCurves {
  readonly epochs: readonly EpochRecord[];
  /** Number of steps that the curves leave out: the last step of an epoch, if it has fewer rows. */
  readonly shortSteps: number;
  /** By scalar: means over neighbouring steps. */
  readonly steps: ReadonlyMap<string, ChartSeries>;
}

const mostPoints = 240;

/**
 * Reads the curves of a run. Steps are read line by line, because there may be millions. The last step of an epoch is left out if it has fewer rows than a
 * batch, because a loss over the batch is lower there for this reason alone.
 * @param steps number of steps of the run
 * @param batch rows of a step
 */
export async function readCurves(folder: string, steps: number, batch: number): Promise<TrainingCurves> {
  const epochs = (await readMetricsLog(folder)) as unknown as EpochRecord[];
  for (const epoch of epochs) await refuseUnlessValid('metrics', epoch, join(folder, metricsFile));
  const shortEpochs = shortSteps(epochs, batch);
  const stepsPerPoint = Math.max(1, Math.ceil(steps / mostPoints));
  const sumsByName = new Map<string, { sum: number; count: number; last: number }[]>();
  const handle = await openRunFile(folder, stepsFile);
  let stepNumber = 0;
  for await (const line of linesOf(handle, join(folder, stepsFile))) {
    stepNumber++;
    if (line === '') continue;
    const { step, ...scalars } = parsedRecord(line, join(folder, stepsFile), stepNumber) as Record<string, number>;
    if (!Number.isSafeInteger(step) || step! < 1 || step! > steps || !Object.values(scalars).every(Number.isFinite)) {
      throw failure('damaged-file', {
        path: join(folder, stepsFile),
        reason: `line ${stepNumber} is no step of the run`,
      });
    }
    if (shortEpochs.has(step!)) continue;
    const point = Math.floor((step! - 1) / stepsPerPoint);
    for (const [name, value] of Object.entries(scalars)) {
      let points = sumsByName.get(name);
      if (points === undefined) sumsByName.set(name, (points = []));
      const pointSum = (points[point] ??= { sum: 0, count: 0, last: 0 });
      pointSum.last = step!;
      pointSum.sum += value;
      pointSum.count++;
    }
  }
  return {
    epochs,
    shortSteps: shortEpochs.size,
    steps: new Map(
      [...sumsByName].map(([name, points]) => [
        name,
        // A mean is drawn at the last step that it includes. Parts of the axis without a step are skipped.
        { name, points: points.flatMap(({ sum, count, last }): [number, number][] => [[last, sum / count]]) },
      ]),
    ),
  };
}

/** Returns the last steps of epochs that had fewer rows than a batch. An epoch with one step keeps it. */
function shortSteps(epochs: readonly EpochRecord[], batch: number): ReadonlySet<number> {
  const short = new Set<number>();
  let stepsBefore = 0;
  for (const { step, rows } of epochs) {
    const steps = step - stepsBefore;
    stepsBefore = step;
    if (steps > 1 && rows < steps * batch && rows > (steps - 1) * batch) short.add(step);
  }
  return short;
}

export interface ReportParts {
  readonly manifest: Manifest;
  readonly curves: TrainingCurves;
  /** Absent if the files of the run no longer compile. */
  readonly drawing?: Drawing;
  /** Weights by task, if the objective has the same ones at every step. */
  readonly fixedWeights?: Readonly<Record<string, number>>;
  /** The files of the model. The first is the one that was trained. */
  readonly sources?: readonly ModelFileText[];
  readonly profile?: Profile;
  /** Absent until the run is evaluated. */
  readonly evaluation?: Evaluation;
}

export interface ModelFileText {
  readonly name: string;
  readonly text: string;
}

/** Lists all settings that are needed to reproduce a figure: entries of `train` with defaults, the data, the engine, the text of the model. */
export function settingFacts({ plan, training, data, engine, seed, settings, tower }: Manifest): [string, string][] {
  // Dense weights have one kind of optimizer, which the plan does not name.
  const train = { ...plan.train, dense: { kind: 'adam', ...plan.train.dense } };
  return [
    ...settingLines('', train).filter(([name]) => name !== 'seed'),
    ['seed', String(seed)],
    ['engine', `${engine.name}, ${engine.version}`],
    ...(tower === undefined ? [] : [['Tower', tower] as [string, string]]),
    ...(data.file === undefined ? [] : [['data block', data.file] as [string, string]]),
    ...(data.seen === undefined ? [] : [['seen items', `${data.seen} in rankings`] as [string, string]]),
    ...Object.entries(data.histories ?? {}).map(([name, each]): [string, string] => [
      `window of ${name}`,
      String(each),
    ]),
    ...(training.changes ?? []).map(({ step, setting, from, to }): [string, string] => [
      `${setting}, after step ${step}`,
      `${changedValueText(from)} became ${changedValueText(to)}`,
    ]),
    ...Object.entries(settings ?? {}).map(([name, value]): [string, string] => [`--set ${name}`, value]),
  ];
}

export function settingsSection(manifest: Manifest, sources: readonly ModelFileText[] = []): string {
  return section(
    'Settings',
    table({
      caption: 'Everything that the run was trained with, defaults too',
      head: ['setting', 'value'],
      rows: settingFacts(manifest),
      words: true,
    }),
    ...sources.map(
      ({ name, text }) =>
        `<details><summary>${escapeHtml(name)}</summary><pre tabindex="0">${escapeHtml(text)}</pre></details>`,
    ),
  );
}

/** Returns names such as `dense.schedule.kind`, with one line for each value that is not an object. */
export function settingLines(prefix: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[prefix, String(value)]];
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return [[prefix, value.join(', ')]];
  return Object.entries(value).flatMap(([name, each]) =>
    settingLines(prefix === '' ? name : `${prefix}.${name}`, each),
  );
}

const changedValueText = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);
