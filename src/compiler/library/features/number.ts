import { ShapeError } from '../contract.ts';
import { flag, integer, numbers } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const number = featureKind({
  doc: 'A number. Unchanged, after log(1 + x), or standardized by the training part, it gives a field of width 1, or of width `dim` through a learned map. Cut at `boundaries`, or into equally frequent `buckets`, each piece has a row of an embedding table of width `dim`.',
  formula: ['x, log(1 + x) or (x − mean) / deviation; times W with dim', 'table[piece(x)] with boundaries or buckets'],
  when: 'For prices, ages and counts. Use `buckets` where the effect is no straight line, `log` for counts.',
  paper:
    'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016 (section 3.2, normalized numbers)',
  example: 'number(boundaries: [18, 25, 35, 45, 50, 56], dim: 8)',
  column: 'number',
  parameters: {
    standardize: flag({ doc: 'Subtract the mean of the training part, divide by its standard deviation.' }),
    log: flag({ doc: 'Take log(1 + x) first; boundaries and buckets are then of that.' }),
    boundaries: numbers({ ascending: true, doc: 'Where the pieces meet: a value equal to one belongs above it.' }),
    buckets: integer({ min: 2, doc: 'How many equally frequent pieces to learn from the training part.' }),
    dim: integer({ min: 1, doc: 'Width of the field. Default 8 with pieces, else 1.' }),
  },
  use({ standardize, log, boundaries, buckets, dim }) {
    if (boundaries !== undefined && buckets !== undefined) {
      throw new ShapeError('takes `boundaries` or `buckets`, not both');
    }
    if (standardize && (boundaries ?? buckets) !== undefined) {
      throw new ShapeError(
        `takes \`standardize\` or \`${boundaries ? 'boundaries' : 'buckets'}\`, not both: pieces have embeddings`,
      );
    }
    if (boundaries !== undefined) {
      if (boundaries.length === 0) throw new ShapeError('needs at least one boundary in `boundaries`');
      return { encoder: { kind: 'boundaries', boundaries, log }, gives: 'code', dim: dim ?? 8 };
    }
    if (buckets !== undefined) return { encoder: { kind: 'quantiles', buckets, log }, gives: 'code', dim: dim ?? 8 };
    return { encoder: { kind: standardize ? 'standardize' : 'number', log }, gives: 'numbers', size: 1, project: dim };
  },
});
