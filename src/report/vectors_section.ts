/** What the trained vectors look like, and which fields the model listens to. */
import type { Evaluation } from '../evaluation/evaluate.ts';
import { barChart } from './bars.ts';
import { figure, paragraph, section, table } from './html.ts';

export function vectorsSection(evaluation: Evaluation | undefined): string {
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
        ...lengths.map(figure),
        cosine === undefined ? '–' : cosine.toFixed(3),
        directions === undefined ? '–' : `${directions.toFixed(1)} of ${width}`,
      ]),
    }),
  );
}

export function attentionSection(evaluation: Evaluation | undefined): string {
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
