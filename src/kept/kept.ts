/**
 * What follows from other things is kept while those are the same objects: for an editor, of whose text most is as it was. Nothing here
 * is ever out of date, since what is kept says itself what it followed from.
 */

interface Known<T> {
  readonly around: readonly unknown[];
  readonly answer: T;
}

/** One answer for each object, which follows from the object and from a few things around it. */
export class Kept<T> {
  readonly #known = new WeakMap<object, Known<T>>();

  of(object: object, around: readonly unknown[], make: () => T): T {
    const known = this.#known.get(object);
    if (known && isSame(known.around, around)) return known.answer;
    const answer = make();
    this.#known.set(object, { around, answer });
    return answer;
  }
}

/** Whether two lists hold the same. */
export function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
