import { ShapeError } from '../contract.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector, vectorOf } from '../values.ts';

export const cross_v2 = blockKind({
  doc: 'The cross network of DCN-V2, with W of [N × N] a layer, or U of [N × rank] and V of [rank × N]. vector[N] → vector[N].',
  formula: ['x_l+1 = x_0 ⊙ (x_l · W + b) + x_l', 'W = U · V with rank'],
  when: 'For explicit products of features; with `rank` on wide inputs.',
  paper: 'Wang et al., "DCN V2", WWW 2021 (equations 1 and 2)',
  example: 'cross_v2(layers: 2, rank: 2)',
  parameters: {
    layers: integer({ min: 1, max: 32, doc: 'How many.', default: 2 }),
    rank: integer({ min: 1, doc: 'The rank of W, less than N. Without `rank`, W is a full matrix.' }),
  },
  lower({ builder }, input, { layers, rank }) {
    const { tensor: first, width } = needVector(input);
    if (rank !== undefined && rank >= width) {
      throw new ShapeError(`needs a \`rank\` below the width, but gets rank ${rank} for vector[${width}]: remove it`);
    }
    const weightMatrix = (name: string, rows: number, columns: number) =>
      builder.parameter(name, [rows, columns], { kind: 'glorot', fans: [rows, columns] });
    let x = first;
    for (let index = 0; index < layers; index++) {
      const projected =
        rank === undefined
          ? builder.matMul(x, weightMatrix(`weights_${index}`, width, width))
          : builder.matMul(
              builder.matMul(x, weightMatrix(`reduce_${index}`, width, rank)),
              weightMatrix(`expand_${index}`, rank, width),
            );
      const bias = builder.parameter(`bias_${index}`, [width], { kind: 'zeros' });
      x = builder.add(builder.mul(first, builder.add(projected, bias)), x);
    }
    return vectorOf(x, width);
  },
});
