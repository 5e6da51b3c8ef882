import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { activatePlainly } from '../activations.ts';
import { integer, number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needSequence } from '../values.ts';
import { dropNumbers } from './dropout.ts';
import { linear, small } from './layer.ts';
import { normalizeRows } from './layer_norm.ts';
import { causalMask, makeHeadSplit } from './multi_head.ts';

export const hstu = blockKind({
  doc: 'Layers of attention without a softmax, with a learned number r for each distance; no column comes after its row. sequence[L × D] → the same, 0 past the end.',
  formula: [
    '[u, v, q, k] = silu(norm(x) · W + b)',
    'A_ts = silu(q_t · k_s + r_(t−s)) / L for s ≤ t, in each head',
    'x ← x + (norm(A · v) ⊙ u) · W₂ + b₂',
  ],
  when: 'In place of `transformer`. It keeps the strength of an interest, which a softmax removes.',
  paper:
    'Zhai et al., "Actions speak louder than words: trillion-parameter sequential transducers for generative recommendations", ICML 2024 (section 3); without its bias by time',
  example: 'hstu(layers: 1, heads: 2)',
  parameters: {
    layers: integer({ min: 1, max: 100, doc: 'How many, one after the other.', default: 2 }),
    heads: integer({ min: 1, doc: 'Of each attention; the width divides by it.', default: 1 }),
    dropout: number({ min: 0, below: 1, doc: 'Share of numbers of y that are dropped in training.', default: 0 }),
  },
  reads: () => 'earlier',
  lower(context, input, { layers, heads, dropout }) {
    const { builder } = context;
    const silu = (z: Ref): Ref => activatePlainly(builder, z, 'silu');
    const sequence = needSequence(input);
    const { mask, length, maxLength: most, width } = sequence;
    const batch = mask.type.shape[0]!;
    const { split, join } = makeHeadSplit(builder, batch, length, width, heads);
    const elementCount = productOfDims([batch, length]);
    const visible = builder.mul(causalMask(builder, length), builder.reshape(mask, [batch, 1, 1, length]));

    let x = builder.reshape(sequence.tensor, [elementCount, width]);
    for (let index = 0; index < layers; index++) {
      const normal = normalizeRows(builder, x, width, 1e-5, `_input_${index}`);
      const allParts = silu(linear(context, normal, width, 4 * width, `_all_${index}`, small));
      const [u, v, q, k] = [0, 1, 2, 3].map((part) => builder.slice(allParts, [0, part * width], [-1, width]));
      const products = builder.batchMatMul(split(q!), split(k!), { transposeB: true });
      const bias = byDistance(builder, builder.parameter(`bias_distance_${index}`, [most], { kind: 'zeros' }), length);
      const scores = builder.add(builder.reshape(products, [batch, heads, length, length]), bias);
      const weights = builder.mul(builder.mul(silu(scores), 1 / most), visible);
      const weightedValues = builder.batchMatMul(builder.reshape(weights, products.type.shape), split(v!));
      const normalizedValues = normalizeRows(builder, join(weightedValues), width, 1e-5, `_output_${index}`);
      const gated = dropNumbers(context, builder.mul(normalizedValues, u!), length * width, dropout);
      x = builder.add(x, linear(context, gated, width, width, `_output_${index}`, small));
    }
    const maskColumn = builder.reshape(mask, [batch, length, 1]);
    return { ...sequence, tensor: builder.mul(builder.reshape(x, [batch, length, width]), maskColumn) };
  },
});

/** Returns a number for each distance of a row from an earlier column, float32 [1, 1, length, length]. Later columns get that of distance 0. */
function byDistance(builder: Builder, numbers: Ref, length: number): Ref {
  const distances = builder.constant(
    Array.from({ length: length * length }, (_, index) => Math.max(0, Math.floor(index / length) - (index % length))),
    [length * length],
    'int32',
  );
  return builder.reshape(builder.gather(numbers, distances), [1, 1, length, length]);
}
