/** Lengths of gradients and of embedding tables over the steps of a training: of a run that has them. */
import { gradientPrefix, tableGradientPrefix, tablePrefix } from '../training/norms.ts';
import { paragraph, section, soft } from './html.ts';
import { lineChart, type Series } from './line_chart.ts';
import type { ReportParts } from './parts.ts';

export function normsSection({ curves: { steps } }: Pick<ReportParts, 'curves'>): string {
  const those = (prefix: string, without?: string): Series[] =>
    [...steps.values()].flatMap(({ name, points }) =>
      name.startsWith(prefix) && !(without && name.startsWith(without))
        ? [{ name: name.slice(prefix.length), points }]
        : [],
    );
  const charts = [
    { title: 'Gradients of dense weights', series: those(gradientPrefix, tableGradientPrefix) },
    { title: 'Gradients of table rows', series: those(tableGradientPrefix) },
    { title: 'Embedding tables', series: those(tablePrefix) },
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
