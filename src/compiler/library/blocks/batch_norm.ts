import { decay, standardize } from '../batch_statistics.ts';
import { number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';
import { gainAndOffset } from './layer_norm.ts';

export const batch_norm = blockKind({
  doc: 'Each number to mean 0 and variance 1, then a learned scale and offset: vector[N] → vector[N]; the same for each interest, and for each element of a sequence. In training mean and variance are those of the batch, and of the elements that a sequence has; a served tower uses running ones, which follow the batches.',
  formula: [
    'g ⊙ (x − mean) / √(variance + epsilon) + o, mean and variance over the batch',
    'running ← decay · running + (1 − decay) · batch',
  ],
  when: 'Between layers on large batches. `layer_norm` does not depend on the batch.',
  paper: 'Ioffe & Szegedy, "Batch normalization", ICML 2015',
  example: 'batch_norm',
  parameters: { decay, epsilon: number({ above: 0, max: 1, doc: 'Added to the variance.', default: 1e-5 }) },
  lower(context, input, args) {
    return eachVector(context.builder, input, (rows, width, mask) => {
      const normal = standardize(context, rows, { ...args, name: 'running', suffix: '', mask });
      return { tensor: gainAndOffset(context.builder, normal, width), width };
    });
  },
});
