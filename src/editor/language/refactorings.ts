/** Steps of a flow into a block of their own, and a block into the flow that uses it. What the model computes stays the same. */
import type { Code } from '../../base/diagnostics/codes.ts';
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { extracted } from './refactorings/extract.ts';
import { inlined } from './refactorings/inline.ts';
import type { Refactoring } from './refactorings/refactoring.ts';

/**
 * Of the text from `start` to `end`.
 * @param recheck what a check of the file finds with these edits made: one that brings a mistake is not offered
 */
export function refactoringsAt(
  facts: FileAnalysis,
  [start, end]: readonly [start: number, end: number],
  recheck: (edits: readonly Edit[]) => readonly Diagnostic[],
): readonly Refactoring[] {
  const found = [extracted(facts, start, end), inlined(facts, start)].filter((one) => one !== undefined);
  if (found.length === 0) return [];
  const known = countsOf(facts.checked.diagnostics);
  const bringsMore = (diagnostics: readonly Diagnostic[]): boolean =>
    [...countsOf(diagnostics)].some(([mistake, count]) => count > (known.get(mistake) ?? 0));
  return found.filter(({ edits }) => !bringsMore(recheck(edits)));
}

/**
 * What a refactoring may bring. A block whose last use is gone is left, and said to be unused: other files may use it. A parameter that hides a
 * constant does so in the new block too.
 */
const mayCome: ReadonlySet<string> = new Set<Code>(['unused-block', 'shadowed-name']);

function countsOf(diagnostics: readonly Diagnostic[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { code, message } of diagnostics) {
    if (mayCome.has(code)) continue;
    const mistake = `${code} ${message}`;
    counts.set(mistake, (counts.get(mistake) ?? 0) + 1);
  }
  return counts;
}
