/** Joins sequences of one list element by element, joins several vectors of a row with plain ones, and normalizes vectors to length 1. */
import type { Builder, Ref } from '../../graph/builder.ts';
import { type NamedValue, type Sequence, ShapeError } from './contract.ts';
import { printValue } from './values.ts';

interface NamedSequence {
  readonly name: string;
  readonly value: Sequence;
}

/** Returns the sequences among several values; undefined if there is none. Throws ShapeError for different lists, whose elements do not correspond. */
export function alignedSequences(parts: readonly NamedValue[]): readonly NamedSequence[] | undefined {
  const sequences = parts.flatMap(({ name, value }) => (value.kind === 'sequence' ? [{ name, value }] : []));
  const [first, ...others] = sequences;
  if (first === undefined) return undefined;
  const stranger = others.find(({ value }) => value.name !== first.value.name || value.length !== first.value.length);
  if (stranger === undefined) return sequences;
  throw new ShapeError(
    `joins sequences of one list, but \`${first.name}\` has the elements of \`${first.value.name}\` and \`${stranger.name}\` those of \`${stranger.value.name}\`: declare one \`along(…)\` the other`,
  );
}

/** Merges sequences of one list and one width number by number; undefined if no value is a sequence. Throws ShapeError for other values. */
export function mergedSequences(parts: readonly NamedValue[], merge: (a: Ref, b: Ref) => Ref): Sequence | undefined {
  const sequences = alignedSequences(parts);
  if (sequences === undefined) return undefined;
  const [first] = sequences;
  const other = parts.find(({ value }) => value.kind !== 'sequence');
  if (other) {
    throw new ShapeError(
      `takes sequences or vectors, not both: \`${first!.name}\` is ${printValue(first!.value)} and \`${other.name}\` is ${printValue(other.value)}`,
    );
  }
  const odd = sequences.find(({ value }) => value.width !== first!.value.width);
  if (odd) {
    throw new ShapeError(
      `needs sequences of one width, but \`${first!.name}\` is ${printValue(first!.value)} and \`${odd.name}\` is ${printValue(odd.value)}`,
    );
  }
  return { ...first!.value, tensor: sequences.map(({ value }) => value.tensor).reduce(merge) };
}

/** Repeats one vector of each row for each element of its sequence: float32 [batch, width] → [batch, length, width]. */
export function nextToEach(builder: Builder, { mask, length }: Sequence, vector: Ref): Ref {
  const [batch, width] = vector.type.shape;
  const column = builder.reshape(mask, [mask.type.shape[0]!, length, 1]);
  return builder.batchMatMul(column, builder.reshape(vector, [batch!, 1, width!]));
}

interface Query {
  /** float32 [batch, width]; with `interests` [batch, interests, width] */
  readonly tensor: Ref;
  readonly interests?: number;
}

/**
 * Concatenates queries. A plain vector is joined with each of several vectors: max over k of (a · x + bₖ · y) is a · x + max over k of bₖ · y. Throws
 * ShapeError for two parts with several vectors, because a sum of two maxima is not the maximum of one list.
 */
export function joinQueries(builder: Builder, parts: readonly Query[]): Query {
  if (parts.length === 1) return parts[0]!;
  const [several, another] = parts.filter(({ interests }) => interests !== undefined);
  if (another) throw new ShapeError('adds up scores of which one at most may have several interests');
  const tensors = parts.map(({ tensor, interests }) =>
    several && interests === undefined ? joinWithEach(builder, several.tensor, tensor) : tensor,
  );
  return { ...several, tensor: builder.concat(tensors, several ? 2 : 1) };
}

/** Repeats a vector for each of several: [batch, width] → [batch, interests, width]. */
export function joinWithEach(builder: Builder, several: Ref, vector: Ref): Ref {
  const [batch, width] = vector.type.shape;
  const ones = builder.broadcastTo(builder.constant(1), builder.slice(several, [0, 0, 0], [-1, -1, 1]));
  return builder.mul(builder.reshape(vector, [batch!, 1, width!]), ones);
}

/**
 * Returns the vector of each row that has the highest inner product with the row's own item; the mean of them for ties. The choice is not
 * differentiated (Cen et al., "ComiRec", KDD 2020, equation 8).
 * [batch, interests, width] and [batch, width] → [batch, width]
 */
export function ownInterest(builder: Builder, queries: Ref, item: Ref): Ref {
  const [batch, count, width] = queries.type.shape;
  const ownItem = builder.reshape(item, [batch!, 1, width!]);
  const agreement = builder.stopGradient(builder.sum(builder.mul(queries, ownItem), [2]));
  const best = builder.cast(builder.equal(agreement, builder.max(agreement, [1], true)), 'float32');
  const shares = builder.div(best, builder.sum(best, [1], true));
  return builder.sum(builder.mul(queries, builder.reshape(shares, [batch!, count!, 1])), [1]);
}

/**
 * Returns Σ over k of share k · vector k of each row. The shares are the softmax over k of x · |x| ^ (power − 1), where x is the inner product with the row's
 * own item: a power that keeps the sign (Li et al., "MIND", CIKM 2019, section 4.5). All of it is differentiated.
 * [batch, interests, width] and [batch, width] → [batch, width]
 */
export function mixedInterests(builder: Builder, queries: Ref, item: Ref, power: number): Ref {
  const [batch, count, width] = queries.type.shape;
  const ownScores = builder.sum(builder.mul(queries, builder.reshape(item, [batch!, 1, width!])), [2]);
  const size = builder.abs(ownScores);
  let raised = ownScores;
  for (let times = 1; times < power; times++) raised = builder.mul(raised, size);
  const shares = builder.reshape(builder.softmax(raised), [batch!, count!, 1]);
  return builder.sum(builder.mul(queries, shares), [1]);
}

/** A row with a smaller Σ x² has no direction: it is shorter than 1e-6. */
const tiny = 1e-12;

/**
 * Normalizes rows: x / √(Σ x²). A row of zeros stays zero, and its gradient passes unchanged: divided by a tiny length it would be a million times
 * larger than the others, and an optimizer with a mean of squares would need thousands of steps to recover. float32 [rows, …, width] → the same.
 */
export function unitLength(builder: Builder, x: Ref): Ref {
  const square = builder.sum(builder.square(x), [x.type.shape.length - 1], true);
  return builder.mul(x, builder.rsqrt(builder.select(builder.greater(square, tiny), square, 1)));
}
