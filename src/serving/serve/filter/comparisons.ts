/** What the signs of a filter mean. Texts are in the order of their code points, as in SQL's collation "C", Python and Rust. */
import type { Comparison } from '../../../../grammar/filter.ts';

type CompareValues<T> = (a: T, b: T) => boolean;

export const numberComparisons: Readonly<Record<Comparison, CompareValues<number>>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

export const textComparisons: Readonly<Record<Comparison, CompareValues<string>>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => compareTexts(a, b) < 0,
  '<=': (a, b) => compareTexts(a, b) <= 0,
  '>': (a, b) => compareTexts(a, b) > 0,
  '>=': (a, b) => compareTexts(a, b) >= 0,
};

/**
 * Negative where `a` comes first, 0 where they are equal. Units of UTF-16 have the order of code points but for surrogates, which are parts of code points
 * past all others. So the code points are compared that the first units that differ belong to.
 */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a.charCodeAt(at) === b.charCodeAt(at)) continue;
    const before = at === 0 ? 0 : a.codePointAt(at - 1)! - b.codePointAt(at - 1)!;
    return before || a.codePointAt(at)! - b.codePointAt(at)!;
  }
  return a.length - b.length;
}
