/** "Did you mean": the candidate that a misspelt name most likely stands for. */

/**
 * The nearest candidate, or `undefined` when none is near. Names that differ only in case and underscores always match; else at
 * most a third of the letters may be wrong, where two swapped neighbours count as one mistake. Ties go to the earlier candidate.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const plain = simplify(name);
  const allowed = Math.max(1, Math.floor(plain.length / 3));
  let best: string | undefined;
  let least = allowed + 1;
  for (const candidate of candidates) {
    const other = simplify(candidate);
    if (other === plain && plain !== '') return candidate;
    if (Math.abs(other.length - plain.length) >= least) continue;
    const away = distance(plain, other, least);
    // A name of two letters is one mistake away from nearly everything.
    if (away < least && away < Math.max(plain.length, other.length) - 1) {
      best = candidate;
      least = away;
    }
  }
  return best;
}

/** Case, underscores and hyphens carry no meaning in a misspelling. */
function simplify(name: string): string {
  return name.replace(/[_\-\s]/g, '').toLowerCase();
}

/**
 * Mistakes between two words: a letter too many, missing, wrong, or swapped with its neighbour (Damerau–Levenshtein, each letter
 * edited once). Stops counting at `limit`.
 */
function distance(a: string, b: string, limit: number): number {
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
