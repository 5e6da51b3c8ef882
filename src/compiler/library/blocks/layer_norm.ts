import type { Builder, Ref } from '../../../graph/builder.ts';
import { number } from '../parameters.ts';
import { formulaBlock } from '../rows.ts';

export const layer_norm = formulaBlock('layer_norm', {
  doc: 'Each row to mean 0 and variance 1 over its width, then a learned scale and offset for each number: vector[N] → vector[N]; the same for each interest, and for each element of a sequence.',
  when: 'After `residual` in layers for sequences, and wherever batches are small.',
  paper: 'Ba et al., "Layer normalization", 2016',
  example: 'layer_norm',
  parameters: { epsilon: number({ above: 0, max: 1, doc: 'Added to the variance.', default: 1e-5 }) },
});

/** Normalizes each row to mean 0 and variance 1 and applies the learned scale and offset: float32 [rows, width] → the same. */
export function normalizeRows(builder: Builder, rows: Ref, width: number, epsilon = 1e-5, suffix = ''): Ref {
  const centred = builder.sub(rows, builder.mean(rows, [1], true));
  const variance = builder.mean(builder.square(centred), [1], true);
  return gainAndOffset(builder, builder.mul(centred, builder.rsqrt(builder.add(variance, epsilon))), width, suffix);
}

/** Applies a learned scale and offset for each column. */
export function gainAndOffset(builder: Builder, normal: Ref, width: number, suffix = ''): Ref {
  const gain = builder.parameter(`gain${suffix}`, [width], { kind: 'ones' });
  const offset = builder.parameter(`offset${suffix}`, [width], { kind: 'zeros' });
  return builder.add(builder.mul(normal, gain), offset);
}
