import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { activate, activations } from '../activations.ts';
import { type Arguments, type BlockContext, type Sequence, ShapeError } from '../contract.ts';
import { choice, flag, integer, number } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needSequence } from '../values.ts';
import { alignedSequences } from '../vector_ops.ts';
import { dropNumbers } from './dropout.ts';
import { linear, small } from './layer.ts';
import { normalizeRows } from './layer_norm.ts';
import { type MultiHeadOptions, multiHeadAttention } from './multi_head.ts';

const parameters = {
  layers: integer({ min: 1, max: 100, doc: 'How many, one after the other.', default: 2 }),
  heads: integer({ min: 1, doc: 'Of each attention; the width divides by it.', default: 1 }),
  units: integer({ min: 1, doc: 'Width of the hidden layer of the net; 4 · D where not given.' }),
  activation: choice(activations, { doc: 'Of the hidden layer of the net.', default: 'relu' }),
  dropout: number({ min: 0, below: 1, doc: 'Share of numbers that are dropped in training.', default: 0 }),
  norm: choice(['after', 'before'], {
    doc: 'Whether a norm follows each sum or goes before each part.',
    default: 'after',
  }),
  mask: choice(['causal', 'none'], {
    doc: 'Whether an element sees those before it and itself, or all of them.',
    default: 'causal',
  }),
  relative: flag({
    doc: 'Adds a learned number for each head and distance of two elements to their score: it sees the order without `positions`.',
  }),
  intervals: integer({
    min: 2,
    doc: 'With a second value: how many intervals have vectors of their own, the longest for all that are longer. Default 64.',
  }),
  hours: number({ above: 0, doc: 'With a second value: how long an interval is. Default 24.' }),
} as const;

export const transformer = blockKind({
  doc: 'Layers of attention to earlier elements and of a dense net for each element. What attention and net give is dropped out. sequence[L × D] → the same, 0 past the end. Written before an arrow, `transformer(history, when)`, attention also reads how long each two elements lie apart.',
  formula: [
    'norm: after: x ← norm(x + attention(x)), x ← norm(x + net(x))',
    'norm: before: x ← x + attention(norm(x)), x ← x + net(norm(x)); at the end norm(x)',
    'relative: r_(t−s) is added to the score of elements t and s, in each head',
    'net(x) = activation(x · W₁ + b₁) · W₂ + b₂',
    'with a second value w: i = min(intervals − 1, ⌊|w_t − w_s| / hours⌋) of elements t and s,',
    'q_t · r_i is added to q_t · k_s, and r′_i to the value of s, as t reads it',
  ],
  when: 'Finds what of a history says most about the next item, in its order: `history -> positions -> transformer(layers: 2, heads: 2) -> last`.',
  paper:
    'Vaswani et al., "Attention is all you need", NeurIPS 2017 (section 3); over histories: Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018; `relative`: Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer", JMLR 2020 (section 2.1), a number for each distance; intervals: Li et al., "Time interval aware self-attention for sequential recommendation", WSDM 2020 (section 3.4)',
  example: 'transformer(layers: 1, heads: 2)',
  parameters,
  takesTimes: true,
  reads: ({ mask, relative }) => {
    if (mask === 'causal') return 'earlier';
    return relative ? 'all' : 'set';
  },
  lower(context, input, args) {
    if ((args.intervals ?? args.hours) !== undefined)
      throw new ShapeError('needs to know when its elements were, for intervals: `transformer(history, when)`');
    return transformerLayers(context, needSequence(input), args);
  },
  join(context, parts, { intervals = 64, hours = 24, ...args }) {
    const [list, when, ...others] = alignedSequences(parts) ?? [];
    if (!list || !when?.value.holdsTimes || others.length > 0 || parts.length > 2)
      throw new ShapeError(
        'takes two values, a sequence and when its elements were: `transformer(history, when)` with `when : along(history, time(moment))`',
      );
    const codes = intervalCodes(context.builder, when.value, intervals, hours);
    return transformerLayers(context, list.value, args, { codes, count: intervals });
  },
});

/** Returns the interval of each pair of elements, of `count`: int32 [batch · length · length]. */
function intervalCodes(builder: Builder, { tensor, length }: Sequence, count: number, hours: number): Ref {
  const batch = tensor.type.shape[0]!;
  const timesBetween = builder.abs(builder.sub(tensor, builder.reshape(tensor, [batch, 1, length])));
  const clipped = builder.minimum(builder.div(timesBetween, hours), count - 1);
  return builder.reshape(builder.cast(builder.stopGradient(clipped), 'int32'), [
    productOfDims([batch, length * length]),
  ]);
}

type TransformerArguments = Omit<Arguments<typeof parameters>, 'intervals' | 'hours'>;

function transformerLayers(
  context: BlockContext,
  sequence: Sequence,
  { layers, heads, units, activation, dropout, norm, mask: maskKind, relative }: TransformerArguments,
  intervals?: MultiHeadOptions['intervals'],
): Sequence {
  const { builder } = context;
  const { mask, length, maxLength: most, width } = sequence;
  const batch = mask.type.shape[0]!;
  const shape = [batch, length, width] as const;
  const hidden = units ?? 4 * width;
  const dropHidden = (x: Ref): Ref => dropNumbers(context, x, length * width, dropout);
  const attention = (x: Ref, suffix: string): Ref => {
    const elements = { tensor: builder.reshape(x, shape), mask, count: length, most, width };
    return dropHidden(
      multiHeadAttention(context, elements, {
        heads,
        causal: maskKind === 'causal',
        suffix,
        relative,
        initial: small,
        intervals,
      }),
    );
  };
  const net = (x: Ref, suffix: string): Ref => {
    const innerLayer = linear(context, x, width, hidden, `_inner${suffix}`, small);
    const active = activate(context, innerLayer, activation, { suffix: `_inner${suffix}` });
    return dropHidden(linear(context, active, hidden, width, `_outer${suffix}`, small));
  };

  let x = builder.reshape(sequence.tensor, [productOfDims([batch, length]), width]);
  for (let index = 0; index < layers; index++) {
    for (const [name, part] of [['attention', attention] as const, ['net', net] as const]) {
      const normalize = (rows: Ref): Ref => normalizeRows(builder, rows, width, 1e-5, `_${name}_${index}`);
      const added = part(norm === 'before' ? normalize(x) : x, `_${index}`);
      x = norm === 'before' ? builder.add(x, added) : normalize(builder.add(x, added));
    }
  }
  if (norm === 'before') x = normalizeRows(builder, x, width, 1e-5, '_end');
  const maskColumn = builder.reshape(mask, [batch, length, 1]);
  return { ...sequence, tensor: builder.mul(builder.reshape(x, shape), maskColumn) };
}
