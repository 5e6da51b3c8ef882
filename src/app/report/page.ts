/** Writes `report.html`: one file, without network access or scripts. The same run gives the same bytes. */
import { drawModel } from '../../editor/drawing/drawing.ts';
import type { Drawing } from '../../editor/drawing/drawn.ts';
import type { Lineage } from '../../training/artifact/identity.ts';
import { type Manifest, validationUnit } from '../../training/artifact/manifest.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { gradientPrefix, tableGradientPrefix, tablePrefix } from '../../training/norms.ts';
import type { Profile, ProfileRow } from '../../training/profile/profile.ts';
import type { EpochRecord } from '../../training/training_events.ts';
import { evaluated, examplesSection, slices } from './evaluation_section.ts';
import { alternative, counted, escapeHtml, figureText, paragraph, section, shell, soft, table } from './html.ts';
import { barChart, type ChartSeries, lineChart } from './line_chart.ts';
import { verdictSection } from './runs_page.ts';
import {
  lossesSection,
  type ReportParts,
  settingsSection,
  temperatures,
  validation,
  weightsSection,
} from './training_sections.ts';

export function reportPage(parts: ReportParts): string {
  const { manifest, evaluation } = parts;
  const { model } = manifest.plan;
  return shell(`${model}: a run of Tower`, [
    `<h1>${escapeHtml(model)}</h1>`,
    verdictSection(manifest, evaluation),
    summary(manifest),
    evaluation || !manifest.final ? evaluated(evaluation) : '',
    // A fit takes no steps, so there are no curves.
    ...(manifest.plan.fitted ? [] : [lossesSection(parts), validation(parts)]),
    weightsSection(parts),
    temperatures(parts),
    normsSection(parts),
    slices(evaluation),
    examplesSection(evaluation),
    attentionSection(evaluation),
    vectorsSection(evaluation),
    picture(parts),
    time(parts),
    profileSection(parts.profile),
    settingsSection(manifest, parts.sources),
  ]);
}

const ended: Readonly<Record<Manifest['training']['status'], string>> = {
  epochs: 'ended after its last epoch',
  patience: 'ended early, because validation no longer improved',
  interrupted: 'was interrupted and can be resumed: the model is unfinished',
  stopped: 'was stopped before its end, and the model was kept as it was',
};

function summary({ plan, training, data, engine, seed, settings, from, final }: Manifest): string {
  const { best } = training;
  const validationWords = validationUnit(plan);
  const settingTexts = Object.entries(settings ?? {}).map(([name, value]) => `${name} = ${value}`);
  return section(
    'The run',
    paragraph(
      training.fit
        ? `Fitted to all training events at once. ${training.fit.words}.`
        : `Training ${ended[training.status]}: ${counted(training.epochs, validationWords)}, ${counted(training.steps, 'step')} of ${counted(plan.train.batch, 'row')}.` +
            (best
              ? ` Best ${best.metric} on validation: ${figureText(best.value)} in ${validationWords} ${best.epoch}; the run keeps the weights of this ${validationWords}.`
              : ''),
    ),
    paragraph(
      `${counted(data.train, 'training event')}, ${data.validation.toLocaleString('en')} for validation and ${data.test.toLocaleString('en')} for the test; ${counted(data.items, 'item')}, ${counted(data.users, 'user')}${data.rejected > 0 ? `; ${counted(data.rejected, 'invalid row')} excluded` : ''}.`,
    ),
    ...(from ? [paragraph(lineageWords(from))] : []),
    paragraph(
      `Seed ${seed}. Engine ${engine.name}, ${engine.version}.${final ? ` All events were trained, with the settings and the number of epochs that ${final.name} (${final.checksum.slice(0, 12)}) chose.` : settingTexts.length > 0 ? ` Set on the command line: ${settingTexts.join(', ')}.` : ''}`,
    ),
  );
}

const lineageWords = ({ name, checksum, runs, steps, events = 0, fresh, replay = 0 }: Lineage): string =>
  `Began with the state of ${name} (${checksum.slice(0, 12)}), after ${counted(runs, 'run')} and ${counted(steps, 'step')}; trained on ${fresh ? counted(events, 'new event') : 'all training events'}${replay > 0 ? `, with ${replay} earlier ones for each of them` : ''}.`;

function picture({ manifest, drawing }: ReportParts): string {
  return section(
    'The model',
    drawing
      ? figureOf(manifest.plan.model, drawing)
      : paragraph('The model is not drawn: the files of the run do not compile with this version of Tower.'),
  );
}

/** Returns the picture of a model within a report, with a table next to it. */
export function figureOf(model: string, drawing: Drawing): string {
  const { width, height, title, svg } = drawModel(model, drawing);
  const label = escapeHtml(title);
  return [
    `<figure><div class="scroll" tabindex="0" role="region" aria-label="${label}">`,
    `<svg class="model" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${svg}`,
    '</svg></div>',
    alternative({
      caption: 'What flows through the model',
      head: ['box', 'reads', 'does', 'gives'],
      words: true,
      rows: [...drawing.towers.flatMap(({ boxes }) => boxes), ...drawing.tasks].map((box) => [
        box.kind === 'step' ? box.id : `${box.kind} ${box.kind === 'channel' ? box.id : box.name}`,
        box.reads.join(', ') || '–',
        box.lines.map(({ text }) => text).join(box.kind === 'features' ? ', ' : ' → ') || 'nothing',
        box.lines.at(-1)?.gives ?? '–',
      ]),
    }),
    '</figure>',
  ].join('\n');
}

export function normsSection({ curves: { steps } }: Pick<ReportParts, 'curves'>): string {
  const seriesWith = (prefix: string, without?: string): ChartSeries[] =>
    [...steps.values()].flatMap(({ name, points }) =>
      name.startsWith(prefix) && !(without && name.startsWith(without))
        ? [{ name: name.slice(prefix.length), points }]
        : [],
    );
  const charts = [
    { title: 'Gradients of dense weights', series: seriesWith(gradientPrefix, tableGradientPrefix) },
    { title: 'Gradients of table rows', series: seriesWith(tableGradientPrefix) },
    { title: 'Embedding tables', series: seriesWith(tablePrefix) },
  ].filter(({ series }) => series.length > 0);
  if (charts.length === 0) return '';
  return section(
    'Norms of gradients and tables',
    paragraph(
      'Square roots of sums of squares at one step of many, before the step: gradients before they are clipped, and all rows of each table. A gradient that grows without end, or is 0, explains a loss that does not fall.',
    ),
    soft('The norm of a large table is estimated from rows that lie evenly in it.'),
    `<div class="charts">${charts.map(({ title, series }) => lineChart({ title, x: 'step', series })).join('\n')}</div>`,
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
  const partSums = timeParts.map((part) => ({
    part,
    value: epochs.reduce((sum, record) => sum + of(record)[part], 0),
  }));
  const totalTime = partSums.reduce((sum, { value }) => sum + value, 0);
  const bars = partSums
    .toSorted((a, b) => b.value - a.value)
    .map(({ part, value }) => ({
      name: timeWords[part],
      value,
      text: `${figureText(value / 1000)} s, ${((100 * value) / Math.max(1e-9, totalTime)).toFixed(0)} %`,
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
        ...timeParts.map((part) => figureText(Math.round(of(record)[part]))),
        figureText(Math.round(record.examplesPerSecond)),
      ]),
    }),
  );
}

const [mostBars, mostRows, mostOps] = [16, 60, 16];

function profileSection(profile: Profile | undefined): string {
  if (!profile) return '';
  const { engine, steps, rows, milliseconds, blocks, ops, notes } = profile;
  const shownBlocks = blocks.slice(0, mostBars);
  return section(
    'Where time goes',
    paragraph(
      `A training step of ${counted(rows, 'row')} on the engine ${engine.name} took ${figureText(milliseconds.step)} ms: medians of ${counted(steps.length, 'sampled step')}, from ${steps[0]!.toLocaleString('en')} to ${steps.at(-1)!.toLocaleString('en')}.`,
    ),
    ...notes.map(soft),
    barChart(
      `Time of a step by block${shownBlocks.length < blocks.length ? `, the slowest ${shownBlocks.length}` : ''}`,
      shownBlocks.map(({ name, milliseconds: value, share }) => ({
        name,
        value,
        text: `${figureText(value)} ms, ${percent(share)}`,
      })),
    ),
    table({
      caption: 'Blocks of the model, and the host around the engine',
      head: ['block', 'written at', 'ms a step', 'share', 'of it gradients', 'calls', 'MFLOP'],
      rows: blocks
        .slice(0, mostRows)
        .map(({ name, place, milliseconds: value, share, backward, calls, flops }) => [
          name,
          place ? `${place.file}:${place.line}` : '',
          figureText(value),
          percent(share),
          backward === undefined || value === 0 ? '' : percent(backward / value),
          figureText(calls),
          flopsOf({ flops }),
        ]),
    }),
    ...(ops.length === 0
      ? []
      : [
          table({
            caption: `Ops of the engine ${engine.name}${ops.length > mostOps ? `, the slowest ${mostOps} kinds` : ''}`,
            head: ['op', 'ms a step', 'share', 'calls', 'MFLOP'],
            rows: ops
              .slice(0, mostOps)
              .map((op) => [
                op.name,
                figureText(op.milliseconds),
                percent(op.share),
                figureText(op.calls),
                flopsOf(op),
              ]),
          }),
        ]),
  );
}

const flopsOf = ({ flops }: { readonly flops?: ProfileRow['flops'] | undefined }): string =>
  flops === undefined ? '' : figureText(flops / 1e6);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function vectorsSection(evaluation: Evaluation | undefined): string {
  const spreads = evaluation?.spreads ?? [];
  if (spreads.length === 0) return '';
  return section(
    'Embeddings',
    paragraph(
      'Length is the norm of a vector. The mean cosine of two vectors is near 0 where they point in all directions, and near 1 where they collapse to one. Directions in use are (Σλ)² ÷ Σλ² over the eigenvalues of the covariance: of as many as the width, so many carry the spread.',
    ),
    table({
      caption: 'Vectors after training, of at most 2,048 rows each',
      head: [
        'vectors',
        'rows',
        'width',
        'shortest',
        '10 %',
        'median',
        '90 %',
        'longest',
        'mean cosine',
        'directions in use',
      ],
      rows: spreads.map(({ name, rows, width, lengths, cosine, directions }) => [
        name,
        rows.toLocaleString('en'),
        String(width),
        ...lengths.map(figureText),
        cosine === undefined ? '–' : cosine.toFixed(3),
        directions === undefined ? '–' : `${directions.toFixed(1)} of ${width}`,
      ]),
    }),
  );
}

function attentionSection(evaluation: Evaluation | undefined): string {
  const all = evaluation?.attention ?? [];
  if (all.length === 0) return '';
  return section(
    'Fields that the model listens to',
    paragraph(
      'How much of each field a block that weighs fields lets through: 0 is nothing, 1 is all of it, a bar over the whole width. After the mean comes the standard deviation from row to row.',
    ),
    ...all.map(({ block, over, fields }) =>
      barChart(
        `${block}, mean over ${over}`,
        fields.map(({ name, mean, deviation }) => ({
          name,
          value: mean,
          text: `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`,
        })),
        1,
      ),
    ),
  );
}
