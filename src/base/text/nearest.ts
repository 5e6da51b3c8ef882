/** Finds the candidate for a "Did you mean" that a misspelt name most likely represents. */

/**
 * Returns the nearest candidate; undefined if none is near. Names that differ only in case and underscores always match. Otherwise at most a third of
 * the letters may be wrong; two swapped neighbours count as one error. Ties go to the earlier candidate.
 */
export const findNearest = (name: string, candidates: Iterable<string>): string | undefined =>
  findNearestName(name, candidates)?.name;

/** The candidate that a word most likely represents. */
export interface NearestName {
  readonly name: string;
  /** Other candidates that are as near, in their order. */
  readonly ties: readonly string[];
  /** True if the word most likely is a misspelling of the candidate: the difference is small for its length, and no other candidate is as near. */
  readonly sure: boolean;
}

/** Returns what `findNearest` finds, and how sure it is. */
export function findNearestName(name: string, candidates: Iterable<string>): NearestName | undefined {
  const plainName = normalize(name);
  const maxMistakes = Math.max(1, Math.floor(plainName.length / 3));
  let nearestNames: string[] = [];
  let fewest = maxMistakes;
  for (const candidate of new Set(candidates)) {
    const other = normalize(candidate);
    if (Math.abs(other.length - plainName.length) > fewest) continue;
    const mistakes =
      plainName === '' ? fewest + 1 : other === plainName ? 0 : countMistakes(plainName, other, fewest + 1);
    // A name of two letters is one edit away from nearly any other.
    if (mistakes > fewest || (mistakes > 0 && mistakes >= Math.max(plainName.length, other.length) - 1)) continue;
    if (mistakes < fewest) nearestNames = [];
    nearestNames.push(candidate);
    fewest = mistakes;
  }
  const [first, ...ties] = nearestNames;
  if (first === undefined) return undefined;
  return { name: first, ties, sure: ties.length === 0 && isLikelyMisspelling(plainName, normalize(first), fewest) };
}

/** Removes case, underscores and hyphens, which do not matter in a misspelling. */
const normalize = (name: string): string => name.replace(/[_\-\s]/g, '').toLowerCase();

/**
 * Counts the mistakes between two words: an extra, missing or wrong letter, or two swapped neighbours (Damerau–Levenshtein, each letter edited once). Stops
 * counting at `limit`.
 */
function countMistakes(a: string, b: string, limit: number): number {
  let rowBeforeLast: number[] = [];
  let lastRow = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const thisRow = [row];
    let lowestInRow = row;
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let mistakes = Math.min(lastRow[column]! + 1, thisRow[column - 1]! + 1, lastRow[column - 1]! + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        mistakes = Math.min(mistakes, rowBeforeLast[column - 2]! + 1);
      }
      thisRow.push(mistakes);
      lowestInRow = Math.min(lowestInRow, mistakes);
    }
    if (lowestInRow >= limit) return limit;
    rowBeforeLast = lastRow;
    lastRow = thisRow;
  }
  return lastRow[b.length]!;
}

/**
 * True if the difference is small for the length of the word: one letter of four, two of eight, and in shorter words only swapped or doubled letters.
 * Different numbers within names are no misspelling: `beta1` is not `beta2`.
 */
function isLikelyMisspelling(misspelling: string, candidate: string, mistakes: number): boolean {
  if (mistakes === 0) return true;
  if (misspelling.replace(/[^0-9]/g, '') !== candidate.replace(/[^0-9]/g, '')) return false;
  if (
    mistakes === 1 &&
    (hasSameLetters(misspelling, candidate) || mergeDoubles(misspelling) === mergeDoubles(candidate))
  )
    return true;
  return candidate.length >= 4 * mistakes && mistakes <= 2;
}

const hasSameLetters = (a: string, b: string): boolean =>
  a.length === b.length && [...a].sort().join() === [...b].sort().join();

const mergeDoubles = (word: string): string => word.replace(/(.)\1+/g, '$1');
