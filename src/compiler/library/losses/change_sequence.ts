/** Changes sequences at random for views of a row: crop, mask or reorder (Xie et al., "Contrastive learning for sequential recommendation", ICDE 2022, section III.B). */
import type { Builder, Ref } from '../../../graph/builder.ts';
import type { Sequence } from '../contract.ts';

export interface ChangeShares {
  readonly crop: number | undefined;
  readonly mask: number | undefined;
  readonly reorder: number | undefined;
}

/** Where the elements of a sequence go: all are float32 [rows, length]. */
interface Move {
  /** The new place of each element; −1 for one that leaves. */
  readonly places: Ref;
  /** 1 for an element that keeps its vector, else 0. Absent: all do. */
  readonly kept?: Ref;
}

/**
 * Applies one of the given changes to each row, each as likely. The elements of the result come first, as in every sequence.
 * @param noise returns uniform numbers in [0, 1), float32 [rows, width]
 */
export function changeSequence(
  builder: Builder,
  sequence: Sequence,
  shares: ChangeShares,
  noise: (what: string, width: number) => Ref,
): Sequence {
  const { tensor, mask, length } = sequence;
  const rows = mask.type.shape[0]!;
  const drawn = noise('change', 2);
  const [choice, start] = [0, 1].map((at) => builder.slice(drawn, [0, at], [-1, 1])) as [Ref, Ref];
  const draw = {
    ...{ builder, mask, length, start },
    count: builder.sum(mask, [1], true),
    order: () => noise('order', length),
  };
  const moves = Object.entries(shares).flatMap(([name, share]): Move[] =>
    share === undefined ? [] : [movesBy[name as keyof ChangeShares](draw, share)],
  );
  const chosen = (of: (move: Move) => Ref): Ref =>
    moves
      .map((move, index) => ({ value: of(move), upTo: (index + 1) / moves.length }))
      .reduceRight((rest, { value, upTo }) => ({
        value: builder.select(builder.broadcastTo(builder.greater(upTo, choice), mask), value, rest.value),
        upTo,
      })).value;
  const places = builder.reshape(
    chosen((move) => move.places),
    [rows, 1, length],
  );
  const known = builder.reshape(mask, [rows, 1, length]);
  const goesTo = builder.mul(isEqual(builder, places, upTo(builder, [1, length, 1])), known);
  const kept = chosen((move) => move.kept ?? mask);
  return {
    ...sequence,
    mask: builder.sum(goesTo, [2]),
    tensor: builder.batchMatMul(builder.mul(goesTo, builder.reshape(kept, [rows, 1, length])), tensor),
  };
}

interface ChangeDraw {
  readonly builder: Builder;
  /** float32 [rows, length] of 1 and 0 */
  readonly mask: Ref;
  readonly length: number;
  /** float32 [rows, 1], uniform in [0, 1) */
  readonly start: Ref;
  /** The number of elements, float32 [rows, 1]. */
  readonly count: Ref;
  /** float32 [rows, length], uniform in [0, 1) */
  order(): Ref;
}

const movesBy: { readonly [K in keyof ChangeShares]-?: (draw: ChangeDraw, share: number) => Move } = {
  crop(draw, share) {
    const { builder, length } = draw;
    const { begin, inside } = piece(draw, builder.maximum(floor(builder, draw.count, share), 1));
    const shifted = builder.sub(upTo(builder, [1, length]), begin);
    return { places: builder.select(isTrue(builder, inside), shifted, -1) };
  },
  mask(draw, share) {
    const { builder, mask, length } = draw;
    const isKept = builder.greaterEqual(ranks(draw, mask), floor(builder, draw.count, share));
    return { places: builder.broadcastTo(upTo(builder, [1, length]), mask), kept: builder.cast(isKept, 'float32') };
  },
  reorder(draw, share) {
    const { builder, mask, length } = draw;
    const { begin, inside } = piece(draw, floor(builder, draw.count, share));
    const places = builder.broadcastTo(upTo(builder, [1, length]), mask);
    return { places: builder.select(isTrue(builder, inside), builder.add(ranks(draw, inside), begin), places) };
  },
};

/** Returns ⌊share · count⌋. The summand keeps a product such as 0.7 · 10 from falling below its whole number. */
const floor = (builder: Builder, count: Ref, share: number): Ref =>
  whole(builder, builder.add(builder.mul(count, share), 1e-4));

const whole = (builder: Builder, x: Ref): Ref => builder.cast(builder.cast(x, 'int32'), 'float32');

const isTrue = (builder: Builder, x: Ref): Ref => builder.greater(x, 0.5);

const isEqual = (builder: Builder, a: Ref, b: Ref): Ref => builder.cast(builder.equal(a, b), 'float32');

/** Returns 0, 1, … as a constant. */
const upTo = (builder: Builder, shape: readonly number[]): Ref =>
  builder.constant(
    Array.from({ length: Math.max(...shape) }, (_, index) => index),
    shape,
  );

/** Returns a piece of the list of some size at a random place: where it begins, float32 [rows, 1], and 1 for an element in it, else 0. */
function piece(
  { builder, mask, length, count, start }: ChangeDraw,
  size: Ref,
): { readonly begin: Ref; readonly inside: Ref } {
  const most = builder.sub(count, size);
  // The product may be rounded up to its limit.
  const begin = builder.minimum(whole(builder, builder.mul(start, builder.add(most, 1))), most);
  const places = upTo(builder, [1, length]);
  const isInside = builder.mul(
    builder.cast(builder.greaterEqual(places, begin), 'float32'),
    builder.cast(builder.greater(builder.add(begin, size), places), 'float32'),
  );
  return { begin, inside: builder.mul(isInside, mask) };
}

/** Returns the rank of each element by its random number among those that count, from 0: float32 [rows, length]. Equal numbers keep their order. */
function ranks({ builder, mask, length, order }: ChangeDraw, counts: Ref): Ref {
  const rows = mask.type.shape[0]!;
  const numbers = order();
  const [other, own] = [[rows, 1, length] as const, [rows, length, 1] as const].map((shape) =>
    builder.reshape(numbers, shape),
  ) as [Ref, Ref];
  const isEarlier = builder.constant(
    Array.from({ length: length * length }, (_, index) => Number(index % length < Math.floor(index / length))),
    [1, length, length],
  );
  const isLess = builder.add(
    builder.cast(builder.greater(own, other), 'float32'),
    builder.mul(isEqual(builder, own, other), isEarlier),
  );
  return builder.sum(builder.mul(isLess, builder.reshape(counts, [rows, 1, length])), [2]);
}
