import { activations } from '../activations.ts';
import { choice, integer, rest } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';
import { layer } from './layer.ts';

export const mlp = blockKind({
  doc: 'Dense layers one after the other: vector[N] → vector[last units]; the same for each interest, and for each element of a sequence. `activation` follows every layer but the last; the last has its own, linear where not given, so that a tower may end in any direction: after a relu no two outputs could disagree.',
  paper: 'Covington et al., "Deep neural networks for YouTube recommendations", RecSys 2016',
  example: 'mlp(300, 128, activation: tanh, last: tanh)',
  parameters: {
    units: rest(integer({ min: 1, required: true, doc: 'Width of each layer, first to last.' })),
    activation: choice(activations, { doc: 'Follows every layer but the last.', default: 'relu' }),
    last: choice(activations, { doc: 'Follows the last layer.', default: 'linear' }),
  },
  lower(context, input, { units, activation, last }) {
    return eachVector(context.builder, input, (rows, inputs) =>
      units.reduce(
        ({ tensor, width }, next, at) => ({
          tensor: layer(context, tensor, width, next, at === units.length - 1 ? last : activation, `_${at}`),
          width: next,
        }),
        { tensor: rows, width: inputs },
      ),
    );
  },
});
