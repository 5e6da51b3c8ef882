import { ShapeError, type Value } from '../contract.ts';
import { integer } from '../parameters.ts';
import { formulaBlock } from '../rows.ts';

export const cross_v2 = formulaBlock(
  'cross_v2',
  {
    doc: 'The cross network of DCN-V2, with W of [N × N] a layer, or U of [N × rank] and V of [rank × N]. vector[N] → vector[N].',
    when: 'For explicit products of features; with `rank` on wide inputs.',
    paper: 'Wang et al., "DCN V2", WWW 2021 (equations 1 and 2)',
    example: 'cross_v2(layers: 2, rank: 2)',
    parameters: {
      layers: integer({ min: 1, max: 32, doc: 'How many.', default: 2 }),
      rank: integer({ min: 1, doc: 'The rank of W, less than N. Without `rank`, W is a full matrix.' }),
    },
  },
  requireLowRank,
);

/** A rank of the width and more would be a full matrix, and more numbers than it. */
function requireLowRank(input: Value, { rank }: { readonly rank?: number | undefined }): void {
  const width = 'width' in input ? input.width : undefined;
  if (rank !== undefined && width !== undefined && rank >= width)
    throw new ShapeError(`needs a \`rank\` below the width, but gets rank ${rank} for vector[${width}]: remove it`);
}
