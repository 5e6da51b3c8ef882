/** Writes `report.html`: one file, without network access or scripts. The same run gives the same bytes. */
import { drawModel } from '../../editor/drawing/drawing.ts';
import type { Drawing } from '../../editor/drawing/drawn.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { gradientPrefix, tableGradientPrefix, tablePrefix } from '../../training/training_step.ts';
import { barChart } from './bar_charts.ts';
import type { ChartSeries } from './curves.ts';
import { examplesSection, figuresSection, slicesSection } from './evaluation_section.ts';
import { alternative, escapeHtml, figureText, foldedSection, paragraph, section, shell, soft, table } from './html.ts';
import { calibrationSection, exposureSection, mapSection } from './items_section.ts';
import { lineChart } from './line_chart.ts';
import type { ReportParts } from './report_parts.ts';
import { settingsSection } from './settings_section.ts';
import { timeSection } from './time_section.ts';
import { lossesSection, temperatures, validation, weightsSection } from './training_sections.ts';
import { verdictSection } from './verdict.ts';

export function reportPage(parts: ReportParts): string {
  const { manifest, evaluation } = parts;
  const { model, fitted } = manifest.plan;
  return shell(
    { title: `${model}: a run of Tower`, kind: 'Report of a run' },
    [`<h1>${escapeHtml(model)}</h1>`, verdictSection(manifest, evaluation, parts.curves.epochs)].join('\n'),
    [
      // A fit takes no steps, so there are no curves.
      ...(fitted ? [] : [lossesSection(parts), validation(parts)]),
      weightsSection(parts),
      temperatures(parts),
      mapSection(evaluation),
      exposureSection(evaluation),
      slicesSection(evaluation),
      examplesSection(evaluation, manifest.data?.until !== undefined),
      calibrationSection(evaluation),
      attentionSection(evaluation),
      picture(parts),
      timeSection(parts),
      figuresSection(evaluation),
      normsSection(parts),
      vectorsSection(evaluation),
      settingsSection(manifest, parts.sources),
    ],
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

/** Widths of half a page on a desk, and of a phone. A model with more channels than fit is wider, and scrolls. */
const pictureWidths = { desk: 590, phone: 328 } as const;

/** Returns the picture of a model within a report, with a table next to it. */
export function figureOf(model: string, drawing: Drawing): string {
  const pictures = Object.entries(pictureWidths).map(([reader, maxWidth]) => {
    const { width, height, title, svg } = drawModel(model, drawing, { width: maxWidth });
    const label = escapeHtml(title);
    // A mark within a picture that is not shown draws no heads.
    const pictureSvg = svg.replaceAll('#head', `#head-${reader}`).replace('id="head"', `id="head-${reader}"`);
    return `<div class="scroll ${reader}" tabindex="0" role="region" aria-label="${label}"><svg class="model" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${pictureSvg}</svg></div>`;
  });
  return [
    '<figure>',
    ...pictures,
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
  return foldedSection(
    'Norms of gradients and tables',
    paragraph(
      'Square roots of sums of squares at one step of many, before the step: gradients before they are clipped, and all rows of each table. A gradient that grows without end, or is 0, explains a loss that does not fall.',
    ),
    soft('The norm of a large table is estimated from rows that lie evenly in it.'),
    `<div class="charts">${charts.map(({ title, series }) => lineChart({ title, x: 'step', series })).join('\n')}</div>`,
  );
}

function vectorsSection(evaluation: Evaluation | undefined): string {
  const spreads = evaluation?.spreads ?? [];
  if (spreads.length === 0) return '';
  return foldedSection(
    'Lengths and directions of the vectors',
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

/** Weights of a block that differ less than this from where they begin say nothing. */
const unmoved = 0.02;

function attentionSection(evaluation: Evaluation | undefined): string {
  const attentionRows = evaluation?.attention ?? [];
  if (attentionRows.length === 0) return '';
  return section(
    'Fields that the model listens to',
    paragraph(
      'How much of each field a block that weighs fields lets through: 0 is nothing, 1 is all of it, a bar over the whole width. After the mean comes the standard deviation from row to row.',
    ),
    ...attentionRows.map(({ block, over, fields }) =>
      fields.every(({ mean, deviation }) => Math.abs(mean - 0.5) + deviation < unmoved)
        ? paragraph(`${block} weighs no field: all weights stayed near 0.5, where they begin.`)
        : barChart(
            `${block}, mean over ${over}`,
            fields.map(({ name, mean, deviation }) => ({
              name,
              value: mean,
              text: `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`,
            })),
            { full: 1 },
          ),
    ),
  );
}
