/** "Did you mean": the candidate that a misspelt name most likely represents. */
import { distance, isSmall } from './mistakes.ts';

/**
 * The nearest candidate, or `undefined` when none is near. Names that differ only in case and underscores always match; else at
 * most a third of the letters may be wrong, where two swapped neighbours count as one mistake. Ties go to the earlier candidate.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  return likest(name, candidates)?.name;
}

/** The candidate that a word most likely represents. */
export interface Likeness {
  readonly name: string;
  /** Others that are as near, in their order. */
  readonly others: readonly string[];
  /** The word is a misspelling of this one: the mistake is small next to its length, and no other candidate is as near. */
  readonly sure: boolean;
}

/** `nearest`, and how sure it is. */
export function likest(name: string, candidates: Iterable<string>): Likeness | undefined {
  const plain = simplify(name);
  const allowed = Math.max(1, Math.floor(plain.length / 3));
  let best: string[] = [];
  let least = allowed;
  for (const candidate of new Set(candidates)) {
    const other = simplify(candidate);
    if (Math.abs(other.length - plain.length) > least) continue;
    const away = plain === '' ? least + 1 : other === plain ? 0 : distance(plain, other, least + 1);
    // A name of two letters is one mistake away from nearly everything.
    if (away > least || (away > 0 && away >= Math.max(plain.length, other.length) - 1)) continue;
    if (away < least) best = [];
    best.push(candidate);
    least = away;
  }
  const [first, ...others] = best;
  if (first === undefined) return undefined;
  return { name: first, others, sure: others.length === 0 && isSmall(plain, simplify(first), least) };
}

/** Case, underscores and hyphens carry no meaning in a misspelling. */
function simplify(name: string): string {
  return name.replace(/[_\-\s]/g, '').toLowerCase();
}
