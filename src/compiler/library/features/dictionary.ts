/** Makes encoders of values as codes, for the kinds of features with codes: a learned vocabulary, a given one, or a hash. */
import type { Encoder } from '../../../graph/plan/plan.ts';
import { ShapeError } from '../contract.ts';

/** Throws ShapeError if an argument would be ignored: with a hash or a given list nothing is learned about values. */
export function dictionary(choices: {
  readonly values?: readonly string[];
  readonly hash: number | undefined;
  readonly minimumCount: number | undefined;
  /** A file with one value in each line. */
  readonly file?: string | undefined;
}): Encoder {
  const { values = [], hash, minimumCount, file } = choices;
  if (file !== undefined) {
    const otherArgument =
      values.length > 0
        ? 'its values'
        : hash !== undefined
          ? '`hash`'
          : minimumCount !== undefined
            ? '`min_count`'
            : undefined;
    if (otherArgument) throw new ShapeError(`takes \`vocabulary\` or ${otherArgument}, not both`);
    return { kind: 'vocabulary', minimumCount: 1, file };
  }
  if (hash !== undefined) {
    if (values.length > 0) throw new ShapeError('takes its values or `hash`, not both');
    if (minimumCount !== undefined)
      throw new ShapeError('takes `hash` or `min_count`, not both: a hash counts nothing');
    return { kind: 'hash', buckets: hash };
  }
  if (values.length === 0) return { kind: 'vocabulary', minimumCount: minimumCount ?? 1 };
  if (minimumCount !== undefined) throw new ShapeError('takes its values or `min_count`, not both');
  const repeated = values.find((value, index) => values.indexOf(value) !== index);
  if (repeated !== undefined) throw new ShapeError(`has the value "${repeated}" twice`);
  return { kind: 'vocabulary', minimumCount: 1, values };
}
