import type { Value } from '../contract.ts';
import { flow, integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector } from '../values.ts';

export const repeat = blockKind({
  doc: 'The same blocks several times, one after the other. Each time has weights of its own; a shared block in it has the same weights every time. The blocks must take what they give.',
  formula: ['f(f(… x))'],
  when: 'For several layers of one form, each with weights of its own.',
  paper:
    'no paper: the N layers of a stack, as in Vaswani et al., "Attention is all you need", NeurIPS 2017 (figure 1)',
  example: 'repeat(2, dense(64, relu) -> layer_norm)',
  parameters: {
    times: integer({ min: 1, max: 100, required: true, positional: true, doc: 'How often.' }),
    blocks: flow({
      required: true,
      positional: true,
      doc: 'f: a block, the name of one of this file, or several with arrows.',
    }),
  },
  times: ({ times }) => times,
  lower(context, input, { times, blocks }) {
    let lastValue: Value = input.kind === 'outputs' ? needVector(input) : input;
    for (let round = 1; round <= times; round++) lastValue = context.applyFlow(blocks, lastValue, round);
    return lastValue;
  },
});
