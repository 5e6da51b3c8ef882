import type { Ref } from '../../../graph/builder.ts';
import { activate, activations } from '../activations.ts';
import { standardize } from '../batch_statistics.ts';
import type { BlockContext } from '../contract.ts';
import { choice, integer, number, rest } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';
import { dropNumbers } from './dropout.ts';
import { layer, linear } from './layer.ts';
import { gainAndOffset, normalizeRows } from './layer_norm.ts';

export const mlp = blockKind({
  doc: 'Dense layers one after the other: vector[N] → vector[last units]; the same for each interest, and for each element of a sequence. After every layer but the last come, in this order, `norm`, `activation` and `dropout`. The last has an activation of its own, linear where not given, so that a tower may end in any direction: after a relu no two outputs could disagree.',
  formula: ['x ← dropout(activation(norm(x · W + b))) for every layer but the last', 'y = last(x · W + b)'],
  when: 'The plain tower: several layers after `flatten`.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016',
  example: 'mlp(300, 128, activation: tanh, last: tanh)',
  parameters: {
    units: rest(integer({ min: 1, required: true, doc: 'Width of each layer, first to last.' })),
    activation: choice(activations, { doc: 'Follows every layer but the last.', default: 'relu' }),
    last: choice(activations, { doc: 'Follows the last layer.', default: 'linear' }),
    norm: choice(['none', 'batch', 'layer'], {
      doc: 'Comes before each `activation`: as `batch_norm` or `layer_norm`, with their defaults.',
      default: 'none',
    }),
    dropout: number({
      min: 0,
      below: 1,
      doc: 'Comes after each `activation`: in training this share of the numbers is dropped.',
      default: 0,
    }),
  },
  lower(context, input, { units, activation, last, norm, dropout }) {
    return eachVector(context.builder, input, (rows, inputs, mask, vectorCount) =>
      units.reduce(
        ({ tensor, width }, layerUnits, index) => {
          const suffix = `_${index}`;
          if (index === units.length - 1) {
            return { tensor: layer(context, tensor, width, layerUnits, last, suffix, mask), width: layerUnits };
          }
          const projected = linear(context, tensor, width, layerUnits, suffix);
          const active = activate(context, applyNorm(context, projected, layerUnits, norm, suffix, mask), activation, {
            suffix,
            mask,
          });
          return { tensor: dropNumbers(context, active, vectorCount * layerUnits, dropout), width: layerUnits };
        },
        { tensor: rows, width: inputs },
      ),
    );
  },
});

function applyNorm(
  context: BlockContext,
  x: Ref,
  width: number,
  norm: 'none' | 'batch' | 'layer',
  suffix: string,
  mask: Ref | undefined,
): Ref {
  const { builder } = context;
  switch (norm) {
    case 'none':
      return x;
    case 'layer':
      return normalizeRows(builder, x, width, 1e-5, suffix);
    case 'batch': {
      const options = { decay: 0.9, epsilon: 1e-5, name: 'running', suffix, mask };
      return gainAndOffset(builder, standardize(context, x, options), width, suffix);
    }
  }
}
