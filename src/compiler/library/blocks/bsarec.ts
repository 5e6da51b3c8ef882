import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { activate, activations } from '../activations.ts';
import type { Sequence } from '../contract.ts';
import { choice, flag, integer, number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needSequence } from '../values.ts';
import { dropNumbers } from './dropout.ts';
import { linear, small } from './layer.ts';
import { normalizeRows } from './layer_norm.ts';
import { causalMask, multiHeadAttention } from './multi_head.ts';

export const bsarec = blockKind({
  doc: 'Layers of causal attention and, next to it, of a filter along positions: low frequencies stay, the others count β². It has positions of its own, counted from the newest element, and reads all L places: the places of a short sequence that have no element hold their position alone. sequence[L × D] → the same, 0 past the end. The filter mixes later elements into earlier ones; `causal` keeps it from that.',
  formula: [
    'x ← norm(x_t + p_t), t from the newest element, x_t = 0 where there is none',
    'F(x) = β² ⊙ x + (1 − β²) ⊙ low(x), low: the floor(cutoff / 2) + 1 lowest frequencies of a DFT of L places',
    'x ← alpha · norm(x + F(x)) + (1 − alpha) · norm(x + attention(x)), then x ← norm(x + net(x))',
    'net(x) = activation(x · W₁ + b₁) · W₂ + b₂; norm is that of layer_norm with ε = 1e-12',
  ],
  when: 'In place of `positions -> transformer`. With `causal` it trains all positions of a row, `targets = positions`.',
  paper:
    'Shin et al., "An attentive inductive bias for sequential recommendation beyond the self-attention", AAAI 2024; `causal` is ours, and the same for the newest element of one layer over L elements',
  example: 'bsarec(layers: 1, heads: 2)',
  parameters: {
    layers: integer({ min: 1, max: 100, doc: 'How many, one after the other.', default: 2 }),
    heads: integer({ min: 1, doc: 'Of each attention; the width divides by it.', default: 1 }),
    cutoff: integer({ min: 1, doc: 'c: the mean and (c − 1) / 2 frequencies stay as they are.', default: 5 }),
    alpha: number({ min: 0, max: 1, doc: 'Share of the filter; the rest is attention.', default: 0.7 }),
    units: integer({ min: 1, doc: 'Width of the hidden layer of the net; 4 · D where not given.' }),
    activation: choice(activations, { doc: 'Of the hidden layer of the net.', default: 'gelu' }),
    dropout: number({
      min: 0,
      below: 1,
      doc: 'Share of numbers that are dropped in training: of the input, attention weights, attention, filter and net.',
      default: 0,
    }),
    causal: flag({
      doc: 'The filter of an element reads the L places that end with it, 0 before the oldest. Positions count from the oldest element.',
    }),
  },
  reads: ({ causal }) => (causal ? 'earlier' : 'all'),
  lower(context, input, { layers, heads, cutoff, alpha, units, activation, dropout, causal }) {
    const { builder } = context;
    const inputSequence = needSequence(input);
    // The filter wraps around all positions, however short the sequences of a batch are.
    const sequence = causal ? inputSequence : padToMaxLength(builder, inputSequence);
    const { mask, length, maxLength: most, width } = sequence;
    const batch = mask.type.shape[0]!;
    const rows = productOfDims([batch, length]);
    const shape = [batch, length, width] as const;
    const hidden = units ?? 4 * width;
    const visible = causal ? undefined : visibleFromAllPlaces(builder, mask, length);
    const dropHidden = (x: Ref): Ref => dropNumbers(context, x, length * width, dropout);
    const normalizeWithSuffix = (x: Ref, suffix: string): Ref => normalizeRows(builder, x, width, normEpsilon, suffix);

    let x = dropHidden(
      normalizeWithSuffix(builder.reshape(addPositions(builder, sequence, causal), [rows, width]), '_input'),
    );
    for (let index = 0; index < layers; index++) {
      const filter = lowPass({ length, most, cutoff, causal });
      const low = builder.reshape(alongPlaces(builder, x, filter, shape), [rows, width]);
      const beta = builder.parameter(`beta_${index}`, [width], { kind: 'uniform', limit: Math.sqrt(3) });
      const filtered = builder.add(low, builder.mul(builder.square(beta), builder.sub(x, low)));
      const elements = { tensor: builder.reshape(x, shape), mask, count: length, width };
      const options = { heads, causal: true, suffix: `_${index}`, dropout, initial: small, visible };
      const attended = multiHeadAttention(context, elements, options);
      const mixed = builder.add(
        builder.mul(normalizeWithSuffix(builder.add(x, dropHidden(filtered)), `_filter_${index}`), alpha),
        builder.mul(normalizeWithSuffix(builder.add(x, dropHidden(attended)), `_attention_${index}`), 1 - alpha),
      );
      const innerLayer = linear(context, mixed, width, hidden, `_inner_${index}`, small);
      const active = activate(context, innerLayer, activation, { suffix: `_inner_${index}` });
      const outerLayer = dropHidden(linear(context, active, hidden, width, `_outer_${index}`, small));
      x = normalizeWithSuffix(builder.add(mixed, outerLayer), `_net_${index}`);
    }
    const output = builder.mul(builder.reshape(x, shape), builder.reshape(mask, [batch, length, 1]));
    return {
      ...inputSequence,
      tensor: sequence === inputSequence ? output : builder.slice(output, [0, 0, 0], [-1, inputSequence.length, width]),
    };
  },
});

function padToMaxLength(builder: Builder, sequence: Sequence): Sequence {
  const { tensor, mask, length, maxLength: most } = sequence;
  if (length === most) return sequence;
  return {
    ...sequence,
    tensor: builder.pad(tensor, [0, 0, 0], [0, most - length, 0]),
    mask: builder.pad(mask, [0, 0], [0, most - length]),
    length: most,
  };
}

/** The epsilon of all norms in the paper. */
const normEpsilon = 1e-12;

/**
 * Adds position embeddings: float32 [batch, length, width]. The paper pads on the left, so that the newest element has the last position and padding has the
 * first ones. Here elements come first, and padding follows them in the paper's order.
 */
function addPositions(
  builder: Builder,
  { tensor, mask, length, maxLength: most, width }: Sequence,
  fromOldest: boolean,
): Ref {
  const positionTable = builder.parameter('places', [most, width], { kind: 'uniform', limit: 0.02 });
  if (fromOldest) return builder.add(tensor, builder.slice(positionTable, [0, 0], [length, width]));
  const batch = mask.type.shape[0]!;
  // Position t of a sequence of l elements has the paper's position t − l modulo L.
  const afterEnd = builder.constant(
    Array.from({ length }, (_, index) => length + index),
    [1, length],
  );
  const positions = builder.cast(builder.sub(afterEnd, builder.sum(mask, [1], true)), 'int32');
  const repeatedTable = builder.concat([positionTable, positionTable], 0);
  const vectors = builder.gather(repeatedTable, builder.reshape(positions, [productOfDims([batch, length])]));
  // An empty position only has its position embedding, so it gets no gradient.
  const elements = builder.mul(tensor, builder.reshape(mask, [batch, length, 1]));
  return builder.add(elements, builder.reshape(vectors, tensor.type.shape));
}

/**
 * Returns the attention mask, float32 [batch, 1, length, length]: an element attends to itself and earlier elements. Padding attends to all: the paper
 * subtracts a constant from hidden scores, which has no effect if all are hidden.
 */
function visibleFromAllPlaces(builder: Builder, mask: Ref, length: number): Ref {
  const batch = mask.type.shape[0]!;
  const maskOfSource = builder.reshape(mask, [batch, 1, length, 1]);
  const earlier = builder.mul(causalMask(builder, length), builder.reshape(mask, [batch, 1, 1, length]));
  return builder.add(builder.mul(maskOfSource, earlier), builder.sub(1, maskOfSource));
}

/**
 * Returns the matrix [length × length] that keeps the low frequencies, with one row for each position t. A DFT is cyclic, so it does not matter whether padding
 * is before the elements or after them.
 */
function lowPass({ length, most, cutoff, causal }: LowPassOptions): readonly number[] {
  const highestFrequency = Math.min(Math.floor(cutoff / 2), Math.floor(most / 2));
  const weights = Array.from({ length }, (_, distance) => {
    let sum = 1;
    for (let f = 1; f <= highestFrequency; f++)
      sum += (2 * f === most ? 1 : 2) * Math.cos((2 * Math.PI * f * distance) / most);
    return sum / most;
  });
  return Array.from({ length: length * length }, (_, index) => {
    const [to, from] = [Math.floor(index / length), index % length];
    return causal && from > to ? 0 : weights[Math.abs(to - from)]!;
  });
}

interface LowPassOptions {
  readonly length: number;
  /** Length of the DFT. */
  readonly most: number;
  readonly cutoff: number;
  readonly causal: boolean | undefined;
}

/** Sums the positions of each row with fixed weights: float32 [batch, length, width]. */
function alongPlaces(
  builder: Builder,
  x: Ref,
  weights: readonly number[],
  [batch, length, width]: readonly [Sequence['mask']['type']['shape'][number], number, number],
): Ref {
  const columns = builder.transpose(builder.reshape(x, [batch, length, width]), [0, 2, 1]);
  const columnRows = builder.reshape(columns, [productOfDims([batch, width]), length]);
  const sums = builder.matMul(columnRows, builder.constant(weights, [length, length]), { transposeB: true });
  return builder.transpose(builder.reshape(sums, [batch, width, length]), [0, 2, 1]);
}
