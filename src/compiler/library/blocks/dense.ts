import { activations } from '../activations.ts';
import { choice, integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';
import { layer } from './layer.ts';

export const dense = blockKind({
  doc: 'One fully connected layer: vector[N] → vector[units]; the same for each interest, and for each element of a sequence.',
  formula: ['activation(x · W + b)'],
  when: 'For one layer, such as the end of a channel.',
  paper: 'no paper: a linear layer; first weights after Glorot & Bengio 2010',
  example: 'dense(64, relu)',
  parameters: {
    units: integer({ min: 1, required: true, positional: true, doc: 'Width of its output.' }),
    activation: choice(activations, { positional: true, doc: 'What follows, element by element.', default: 'linear' }),
  },
  lower(context, input, { units, activation }) {
    return eachVector(context.builder, input, (rows, width, mask) => ({
      tensor: layer(context, rows, width, units, activation, '', mask),
      width: units,
    }));
  },
});
