/** Makes a block of a function of single numbers, for arithmetic. The shape does not change, and past the end of a sequence there is 0. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import type { BlockKind, KindRow } from '../contract.ts';
import { blockKind } from '../rows.ts';
import { eachNumber } from '../values.ts';

type Row = Pick<KindRow, 'doc' | 'formula' | 'when' | 'also'> & { readonly example: string };

const functionBlock = (row: Row, compute: (builder: Builder, x: Ref) => Ref): BlockKind =>
  blockKind({
    ...row,
    paper: 'no paper: elementary',
    numberwise: true,
    lower: ({ builder }, input) => eachNumber(builder, input, (x) => compute(builder, x)),
  });

export const square = functionBlock(
  {
    doc: 'Multiplies each number by itself. The shape stays.',
    formula: ['x²'],
    when: 'In formulas, such as `square(deep - wide)`.',
    example: 'square',
    also: ['pow2'],
  },
  (builder, x) => builder.square(x),
);

export const abs = functionBlock(
  {
    doc: 'Takes the sign off each number. The shape stays.',
    formula: ['|x|'],
    when: 'In formulas, such as `abs(long - short)` for how far two vectors are from each other.',
    example: 'abs',
    also: ['absolute'],
  },
  (builder, x) => builder.abs(x),
);

export const exp = functionBlock(
  {
    doc: 'Raises e to each number. The shape stays. Numbers above 88 overflow; `softplus` grows without that.',
    formula: ['eˣ'],
    when: 'In formulas, for numbers that must be positive, such as learned decays.',
    example: 'exp',
  },
  (builder, x) => builder.exp(x),
);
