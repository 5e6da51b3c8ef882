import { leaky, leakySlope } from '../activations.ts';
import { number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachNumber } from '../values.ts';

export const leaky_relu = blockKind({
  doc: 'Keeps a share of what is below 0, number by number. The shape stays: of a vector, fields, a sequence or interests.',
  formula: ['max(0, x) + slope · min(0, x)'],
  when: 'In place of `relu` where many units give 0 for every row and stop learning.',
  paper: 'Maas et al., "Rectifier nonlinearities improve neural network acoustic models", ICML 2013',
  also: ['lrelu'],
  near: ['rrelu', 'elu'],
  example: 'leaky_relu(slope: 0.1)',
  parameters: { slope: number({ min: 0, doc: 'What is left of a number below 0.', default: leakySlope }) },
  lower: ({ builder }, input, { slope }) => eachNumber(builder, input, (x) => leaky(builder, x, slope)),
});
