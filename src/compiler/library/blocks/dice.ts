import { diceEpsilon, dice as diceOf } from '../activations.ts';
import { decay } from '../batch_statistics.ts';
import { number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachColumn } from '../values.ts';

export const dice = blockKind({
  doc: 'Data adaptive activation, with a learned α for each number of the width, 0 at first. In training mean and variance are those of the batch, and of the elements that a sequence has; a served tower uses running ones. The shape stays.',
  formula: ['p = σ((x − mean) / √(variance + epsilon))', 'y = p · x + (1 − p) · α · x'],
  when: 'After layers whose inputs differ in size from one to the next; it takes the place of `prelu` in DIN.',
  paper: 'Zhou et al., "Deep interest network for click-through rate prediction", KDD 2018 (equation 3)',
  example: 'dice',
  parameters: { decay, epsilon: number({ above: 0, max: 1, doc: 'Added to the variance.', default: diceEpsilon }) },
  lower: (context, input, args) =>
    eachColumn(context.builder, input, (x, mask) => diceOf(context, x, { ...args, mask })),
});
