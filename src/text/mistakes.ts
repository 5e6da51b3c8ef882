/** How many mistakes lie between two words, and whether they are few next to the length of the word. */

/**
 * Mistakes between two words: a letter too many, missing, wrong, or swapped with its neighbour (Damerau–Levenshtein, each letter
 * edited once). Stops counting at `limit`.
 */
export function distance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    let lowest = row;
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let mistakes = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        mistakes = Math.min(mistakes, before[column - 2]! + 1);
      }
      current.push(mistakes);
      lowest = Math.min(lowest, mistakes);
    }
    if (lowest >= limit) return limit;
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}

/**
 * Whether a mistake is small next to the word: one letter of four, two of eight; of shorter words only letters that are swapped
 * or doubled. Numbers within names are no misspellings of each other: `beta1` is not `beta2`.
 */
export function isSmall(written: string, meant: string, away: number): boolean {
  if (away === 0) return true;
  if (written.replace(/[^0-9]/g, '') !== meant.replace(/[^0-9]/g, '')) return false;
  if (away === 1 && (isSwapped(written, meant) || undoubled(written) === undoubled(meant))) return true;
  return meant.length >= 4 * away && away <= 2;
}

const isSwapped = (a: string, b: string): boolean =>
  a.length === b.length && [...a].sort().join() === [...b].sort().join();

const undoubled = (word: string): string => word.replace(/(.)\1+/g, '$1');
