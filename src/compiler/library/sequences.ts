/** Sequences side by side, element by element: those of one list, which have its length and its mask. */
import type { Builder, Ref } from '../../graph/builder.ts';
import { type NamedValue, type Sequence, ShapeError } from './contract.ts';
import { printValue } from './values.ts';

interface NamedSequence {
  readonly name: string;
  readonly value: Sequence;
}

/**
 * The sequences among several values; undefined where there is none. Throws ShapeError where two of them are not of one list: element t
 * of one has nothing to do with element t of another.
 */
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

/** Sequences of one list and of one width, number by number; undefined where no value is a sequence. Throws ShapeError. */
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

/** One vector of each row, next to each element that its sequence has: float32 [batch, width] → [batch, length, width]. */
export function nextToEach(builder: Builder, { mask, length }: Sequence, vector: Ref): Ref {
  const [batch, width] = vector.type.shape;
  const column = builder.reshape(mask, [mask.type.shape[0]!, length, 1]);
  return builder.batchMatMul(column, builder.reshape(vector, [batch!, 1, width!]));
}
