/** `report.html`: one file, no network, no script. The same run gives the same bytes. */
import type { Lineage } from '../artifact/lineage.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { defined } from '../defined.ts';
import type { Evaluation } from '../evaluation/evaluate.ts';
import type { EpochRecord } from '../training/training_events.ts';
import { barChart } from './bars.ts';
import type { Curves } from './curves.ts';
import type { Drawing } from './drawn.ts';
import { evaluated, slices } from './evaluation_section.ts';
import { counted, escapeHtml, figure, paragraph, section, table } from './html.ts';
import { lineChart, type Series } from './line_chart.ts';
import { figureOf } from './picture.ts';
import { style } from './style.ts';

export interface ReportParts {
  readonly manifest: Manifest;
  readonly curves: Curves;
  /** Absent where the files of the run no longer compile. */
  readonly drawing?: Drawing;
  /** Task → weight, where the objective has the same ones at every step. */
  readonly fixedWeights?: Readonly<Record<string, number>>;
  /** Absent until the run is evaluated. */
  readonly evaluation?: Evaluation;
}

export function reportPage(parts: ReportParts): string {
  const { manifest } = parts;
  const { model } = manifest.plan;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(model)}: a run of Tower</title><style>${style}</style></head><body><main>`,
    summary(manifest),
    losses(parts),
    validation(parts),
    weights(parts),
    temperatures(parts),
    picture(parts),
    time(parts),
    evaluated(parts.evaluation),
    slices(parts.evaluation),
    '</main></body></html>\n',
  ].join('\n');
}

const ended: Readonly<Record<Manifest['training']['status'], string>> = {
  epochs: 'ended after its last epoch',
  patience: 'ended early, because validation no longer improved',
  interrupted: 'was interrupted and can be resumed: the model is unfinished',
  stopped: 'was stopped before its end, and the model was kept as it was',
};

function summary({ plan, training, data, engine, seed, settings, from }: Manifest): string {
  const { best } = training;
  // Where validation counts steps, what ends with a record is a round of as many.
  const unit = plan.train.validate?.steps === undefined ? 'epoch' : 'round';
  const set = Object.entries(settings ?? {}).map(([name, value]) => `${name} = ${value}`);
  return [
    `<h1>${escapeHtml(plan.model)}</h1>`,
    paragraph(
      `Training ${ended[training.status]}: ${counted(training.epochs, unit)}, ${counted(training.steps, 'step')} of ${counted(plan.train.batch, 'row')}.` +
        (best
          ? ` Best ${best.metric} on validation: ${figure(best.value)} in ${unit} ${best.epoch}; the run keeps the weights of this ${unit}.`
          : ''),
    ),
    paragraph(
      `${counted(data.train, 'training event')}, ${data.validation.toLocaleString('en')} for validation and ${data.test.toLocaleString('en')} for the test; ${counted(data.items, 'item')}, ${counted(data.users, 'user')}${data.rejected > 0 ? `; ${counted(data.rejected, 'invalid row')} excluded` : ''}.`,
    ),
    ...(from ? [paragraph(lineageWords(from))] : []),
    paragraph(
      `Seed ${seed}. Engine ${engine.name}, ${engine.version}.${set.length > 0 ? ` Set on the command line: ${set.join(', ')}.` : ''}`,
    ),
  ].join('\n');
}

const lineageWords = ({ name, checksum, runs, steps, events = 0, fresh }: Lineage): string =>
  `Began with the state of ${name} (${checksum.slice(0, 12)}), after ${counted(runs, 'run')} and ${counted(steps, 'step')}; trained on ${fresh ? counted(events, 'new event') : 'all training events'}.`;

const charts = (...drawn: readonly string[]): string => `<div class="charts">${drawn.join('\n')}</div>`;

function losses({ curves: { steps, epochs }, manifest }: ReportParts): string {
  if (epochs.length === 0 && steps.size === 0) return section('Loss', paragraph('No epoch has finished.'));
  const names = [...steps.keys()].filter((name) => name === 'loss' || name.startsWith('loss:'));
  const several = names.length > 2 ? names : ['loss'];
  const ofSteps = named(several.flatMap((name) => steps.get(name) ?? []));
  const ofEpochs = several.map((name) => ({
    name: wordsOf(name),
    points: epochs.map((record) => point(record, name === 'loss' ? record.loss : record.scalars[name])),
  }));
  return section(
    'Loss',
    paragraph(
      several.length > 1
        ? 'The total that training minimised, and the loss of each task before its weight, over training rows.'
        : 'The loss that training minimised, over training rows.',
    ),
    charts(
      lineChart({ title: `Loss by step${thinned(manifest.training.steps, ofSteps)}`, x: 'step', series: ofSteps }),
      lineChart({ title: 'Loss by epoch', x: 'epoch', series: ofEpochs }),
    ),
  );
}

const point = (record: EpochRecord, value: number | undefined): [number, number] => [record.epoch, value ?? Number.NaN];

const thinned = (steps: number, [first]: readonly Series[]): string => {
  const each = Math.ceil(steps / Math.max(1, first?.points.length ?? 1));
  return each > 1 ? `, a mean of ${each} steps a point` : '';
};

const named = (series: readonly Series[]): Series[] =>
  series.map(({ name, points }) => ({ name: wordsOf(name), points }));

/** `loss:like` and `weight:like` are of task `like`. */
const wordsOf = (name: string): string => (name === 'loss' ? 'total' : name.replace(/^(loss|weight|temperature):/, ''));

function validation({ curves: { epochs }, manifest }: ReportParts): string {
  const held = epochs.filter((record) => record.validation !== undefined);
  const labels = [...new Set(held.flatMap((record) => Object.keys(record.validation!)))];
  if (labels.length === 0) return section('Validation', paragraph('The data has no validation part.'));
  const series = labels.map((name) => ({
    name,
    points: held.map((record) => point(record, record.validation![name])),
  }));
  const { best } = manifest.training;
  const chart = (title: string, some: readonly Series[]): string =>
    lineChart({ title, x: 'epoch', series: some, ...defined({ mark: best && { x: best.epoch, name: 'best' } }) });
  // An area under a curve is near 1 where a recall is near 0: one axis would flatten the others.
  return section(
    'Validation',
    paragraph('After each epoch every validation event ranks the whole corpus. Higher is better.'),
    charts(
      chart(
        'Metrics of the top of the ranking',
        series.filter(({ name }) => name !== 'auc'),
      ),
      chart(
        'Area under the curve',
        series.filter(({ name }) => name === 'auc'),
      ),
    ),
  );
}

function weights({ curves: { steps, epochs }, fixedWeights, manifest }: ReportParts): string {
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
  const fixed = Object.entries(fixedWeights ?? {});
  if (tasks.length < 2 || fixed.length === 0) return '';
  return section(
    'Weights of the tasks',
    paragraph('The objective has the same weights at every step.'),
    table({
      caption: 'Weights',
      head: ['task', 'weight'],
      rows: fixed.map(([task, weight]) => [task, figure(weight)]),
    }),
  );
}

/** Of the losses that train theirs. */
function temperatures({ curves: { steps, epochs }, manifest }: ReportParts): string {
  const series = named([...steps.values()].filter(({ name }) => name.startsWith('temperature:')));
  if (series.length === 0) return '';
  const last = series.map(({ name }) => [name, figure(epochs.at(-1)?.scalars[`temperature:${name}`] ?? Number.NaN)]);
  return section(
    'Temperatures',
    paragraph('The temperature of these losses is trained with the model.'),
    charts(lineChart({ title: `Temperature by step${thinned(manifest.training.steps, series)}`, x: 'step', series })),
    table({ caption: 'Mean of the last epoch', head: ['task', 'temperature'], rows: last }),
  );
}

function picture({ manifest, drawing }: ReportParts): string {
  return section(
    'The model',
    drawing
      ? figureOf(manifest.plan.model, drawing)
      : paragraph('The model is not drawn: the files of the run do not compile with this version of Tower.'),
  );
}

const timeParts = ['engine', 'feed', 'scatter', 'other', 'validation'] as const;
const timeWords: Readonly<Record<(typeof timeParts)[number], string>> = {
  engine: 'engine',
  feed: 'feed and gather',
  scatter: 'scatter',
  other: 'the rest of the loop',
  validation: 'validation',
};

function time({ curves: { epochs } }: ReportParts): string {
  if (epochs.length === 0) return '';
  const of = ({ milliseconds }: EpochRecord) => ({
    ...milliseconds,
    other: Math.max(0, milliseconds.total - milliseconds.engine - milliseconds.feed - milliseconds.scatter),
  });
  const sums = timeParts.map((part) => ({ part, value: epochs.reduce((sum, record) => sum + of(record)[part], 0) }));
  const whole = sums.reduce((sum, { value }) => sum + value, 0);
  const bars = sums
    .toSorted((a, b) => b.value - a.value)
    .map(({ part, value }) => ({
      name: timeWords[part],
      value,
      text: `${figure(value / 1000)} s, ${((100 * value) / Math.max(1e-9, whole)).toFixed(0)} %`,
    }));
  return section(
    'Where the time went',
    paragraph(
      'The engine runs the graph; feeding makes a batch and gathers the rows of embedding tables; scattering writes them back.',
    ),
    barChart('Slowest parts, over all epochs', bars),
    table({
      caption: 'Milliseconds of each epoch',
      head: ['epoch', ...timeParts.map((part) => timeWords[part]), 'examples/s'],
      rows: epochs.map((record) => [
        String(record.epoch),
        ...timeParts.map((part) => figure(Math.round(of(record)[part]))),
        figure(Math.round(record.examplesPerSecond)),
      ]),
    }),
  );
}
