import { activate } from '../activations.ts';
import { blockKind } from '../rows.ts';
import { eachColumn } from '../values.ts';

export const prelu = blockKind({
  doc: '`leaky_relu` with a learned slope a for each number of the width, 0.25 at first. The shape stays: of a vector, fields, a sequence or interests, whose elements share the slopes.',
  formula: ['max(0, x) + a · min(0, x)'],
  when: 'In place of `relu`, at the price of one weight a unit; `dice` also moves the corner with the data.',
  paper: 'He et al., "Delving deep into rectifiers", ICCV 2015 (equation 1)',
  also: ['parametric_relu'],
  example: 'prelu',
  lower: (context, input) => eachColumn(context.builder, input, (x, mask) => activate(context, x, 'prelu', { mask })),
});
