/** Implements multi-head attention between elements. */
import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import type { Dim, Initial } from '../../../graph/graph.ts';
import { type BlockContext, ShapeError } from '../contract.ts';
import type { Elements } from '../values.ts';
import { dropNumbers } from './dropout.ts';
import { linear, small } from './layer.ts';

export interface MultiHeadOptions {
  readonly heads: number;
  /** True if an element attends only to itself and earlier elements. */
  readonly causal: boolean;
  /** Distinguishes the weights of several attentions in one block. */
  readonly suffix?: string;
  /** Initializer of the four layers. Default: Glorot. */
  readonly initial?: Initial;
  /** Share of the attention weights that are dropped in training. */
  readonly dropout?: number;
  /** Adds a learned number for each head and distance to the scores: `distances` [distances, heads]. */
  readonly relative?: boolean;
  /** The time intervals between elements, as numbers below `count`: `codes` is int32 [batch · elements · elements], row by row. */
  readonly intervals?: { readonly codes: Ref; readonly count: number };
  /** float32 that broadcasts to [batch, heads, count, count]: 1 where a row may attend to a column. Replaces the mask and `causal`. */
  readonly visible?: Ref;
}

/**
 * Returns softmax(Q Kᵀ / √(D/heads)) V for each head, followed by a linear layer: float32 [batch · count, width], one row an element. Padding has
 * meaningless numbers. Throws ShapeError if the number of heads does not divide the width.
 */
export function multiHeadAttention(context: BlockContext, elements: Elements, options: MultiHeadOptions): Ref {
  const { builder } = context;
  const { tensor, mask, count, width } = elements;
  const { heads, suffix = '', dropout = 0, initial, intervals } = options;
  const batch = tensor.type.shape[0]!;
  const { each, split, join } = makeHeadSplit(builder, batch, count, width, heads);
  const elementRows = builder.reshape(tensor, [productOfDims([batch, count]), width]);
  const project = (name: string): Ref => linear(context, elementRows, width, width, `_${name}${suffix}`, initial);
  const queryRows = project('query');
  const [query, key, value] = [split(queryRows), split(project('key')), split(project('value'))];
  const products = builder.mul(builder.batchMatMul(query, key, { transposeB: true }), 1 / Math.sqrt(each));
  const elementScores = builder.reshape(products, [batch, heads, count, count]);
  const intervalTerms =
    intervals &&
    intervalsOf(builder, {
      batch,
      count,
      heads,
      headWidth: each,
      suffix,
      codes: intervals.codes,
      intervals: intervals.count,
    });
  const plainScores = intervalTerms ? builder.add(elementScores, intervalTerms.scores(queryRows)) : elementScores;
  const scores = options.relative ? builder.add(plainScores, byDistance(builder, elements, options)) : plainScores;
  const visible = options.visible ?? visibleOf(builder, mask, count, batch, options.causal);
  const weights = dropNumbers(context, maskedSoftmax(builder, scores, visible), heads * count * count, dropout);
  const weightedValues = join(builder.batchMatMul(builder.reshape(weights, products.type.shape), value));
  const allValues = intervalTerms ? builder.add(weightedValues, intervalTerms.values(weights)) : weightedValues;
  return linear(context, allValues, width, width, `_output${suffix}`, initial);
}

interface IntervalSizes {
  readonly batch: Dim;
  /** Number of elements. */
  readonly count: number;
  readonly heads: number;
  /** The width of a head. */
  readonly headWidth: number;
  readonly suffix: string;
  readonly codes: Ref;
  /** Number of intervals. */
  readonly intervals: number;
}

/** Returns what intervals add to the scores, q_t · r_ts / √(D/heads), and to the values, Σ_s a_ts r′_ts, with a learned r and r′ of each interval. */
function intervalsOf(
  builder: Builder,
  { batch, count, heads, headWidth: each, suffix, codes, intervals }: IntervalSizes,
) {
  const width = heads * each;
  const rows = productOfDims([batch, count]);
  /** Returns the learned vectors of the intervals, float32 [batch · count, count, heads, headWidth]. */
  const intervalVectors = (name: string): Ref => {
    const vectors = builder.parameter(`${name}${suffix}`, [intervals, width], small);
    return builder.reshape(builder.gather(vectors, codes), [rows, count, heads, each]);
  };
  return {
    /** Maps queries, float32 [batch · count, width], to float32 [batch, heads, count, count]. */
    scores(queries: Ref): Ref {
      const products = builder.mul(intervalVectors('interval_keys'), builder.reshape(queries, [rows, 1, heads, each]));
      const scores = builder.mul(builder.sum(products, [3]), 1 / Math.sqrt(each));
      return builder.transpose(builder.reshape(scores, [batch, count, count, heads]), [0, 3, 1, 2]);
    },
    /** Maps weights, float32 [batch, heads, count, count], to float32 [batch · count, width]. */
    values(weights: Ref): Ref {
      const weightsByRow = builder.reshape(builder.transpose(weights, [0, 2, 3, 1]), [rows, count, heads, 1]);
      const values = builder.sum(builder.mul(intervalVectors('interval_values'), weightsByRow), [1]);
      return builder.reshape(values, [rows, width]);
    },
  };
}

/**
 * Returns a learned bias for each head and distance of a column from its row, float32 [1, heads, count, count]. With `causal` hidden columns use distance 0.
 */
function byDistance(
  builder: Builder,
  { count, most = count }: Elements,
  { heads, causal, suffix = '' }: MultiHeadOptions,
): Ref {
  const distances = causal ? most : 2 * most - 1;
  const biases = builder.parameter(`distances${suffix}`, [distances, heads], { kind: 'zeros' });
  const pairIndices = Array.from({ length: count * count }, (_, index) => {
    const distance = Math.floor(index / count) - (index % count);
    return causal ? Math.max(0, distance) : distance + most - 1;
  });
  const pairBiases = builder.gather(biases, builder.constant(pairIndices, [count * count], 'int32'));
  return builder.reshape(builder.transpose(pairBiases, [1, 0]), [1, heads, count, count]);
}

/** Returns 1 where an element is and, with `causal`, not after the row; undefined if each row attends to all positions. */
function visibleOf(
  builder: Builder,
  mask: Ref | undefined,
  count: number,
  batch: Dim,
  causal: boolean,
): Ref | undefined {
  const present = mask && builder.reshape(mask, [batch, 1, 1, count]);
  const earlier = causal ? causalMask(builder, count) : undefined;
  return earlier && present ? builder.mul(earlier, present) : (earlier ?? present);
}

/** Splits the width of elements into heads. Throws ShapeError if the number of heads does not divide the width. */
export function makeHeadSplit(builder: Builder, batch: Dim, count: number, width: number, heads: number) {
  if (width % heads !== 0) {
    throw new ShapeError(`needs a width that divides by \`heads\`, but ${width} does not divide by ${heads}`);
  }
  const headWidth = width / heads;
  return {
    /** The width of a head. */
    each: headWidth,
    /** Maps float32 [batch · count, width] to [batch · heads, count, each]. */
    split(rows: Ref): Ref {
      const splitRows = builder.transpose(builder.reshape(rows, [batch, count, heads, headWidth]), [0, 2, 1, 3]);
      return builder.reshape(splitRows, [productOfDims([batch, heads]), count, headWidth]);
    },
    /** Inverts `split`. */
    join(parts: Ref): Ref {
      const joined = builder.transpose(builder.reshape(parts, [batch, heads, count, headWidth]), [0, 2, 1, 3]);
      return builder.reshape(joined, [productOfDims([batch, count]), width]);
    },
  };
}

/** Returns 1 where a column is not after its row: float32 [1, 1, count, count]. */
export function causalMask(builder: Builder, count: number): Ref {
  const numbers = Array.from({ length: count * count }, (_, index) =>
    index % count <= Math.floor(index / count) ? 1 : 0,
  );
  return builder.constant(numbers, [1, 1, count, count]);
}

/** Subtracted from masked scores: their softmax is then 0. It is finite, which avoids NaN in a row that is masked entirely. */
const maskPenalty = 1e9;

/** Returns the softmax over the unmasked entries of the last axis; zeros if all are masked. The mask broadcasts to the scores. */
function maskedSoftmax(builder: Builder, scores: Ref, mask: Ref | undefined): Ref {
  if (mask === undefined) return builder.softmax(scores);
  const visible = builder.add(scores, builder.mul(builder.sub(mask, 1), maskPenalty));
  return builder.mul(builder.softmax(visible), mask);
}
