/** One unknown name is one mistake, however often it appears. */
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import { notes } from '../../base/diagnostics/notes.ts';
import { textOf } from '../../base/text/source.ts';

/** The first of those that name the same unknown thing stays; the others become its notes, and its fix changes them all. */
export function mergeRepeated(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const groups = new Map<string, Diagnostic[]>();
  for (const [index, diagnostic] of diagnostics.entries()) {
    const key = keyOf(diagnostic) ?? String(index);
    groups.set(key, [...(groups.get(key) ?? []), diagnostic]);
  }
  return [...groups.values()].map(merge);
}

/** The same for diagnostics about the same name, of which the same is thought to be meant. */
function keyOf({ code, at, hint, fixes }: Diagnostic): string | undefined {
  if ((code !== 'unknown-name' && code !== 'unknown-kind') || !at) return undefined;
  const meant = fixes[0]?.[0]?.text ?? (code === 'unknown-kind' ? hint : undefined);
  return JSON.stringify([code, at.source.name, textOf(at), meant]);
}

function merge(group: readonly Diagnostic[]): Diagnostic {
  const sorted = [...group].sort((a, b) => (a.at?.start ?? 0) - (b.at?.start ?? 0));
  const [first, ...others] = sorted as [Diagnostic, ...Diagnostic[]];
  if (others.length === 0) return first;
  const also = others.flatMap(({ at }) => (at ? [{ message: notes.also(textOf(at)), at }] : []));
  const fixes = first.fixes.map((_, at): readonly Edit[] => sorted.flatMap(({ fixes }) => fixes[at] ?? []));
  const doubtful = sorted.some((one) => one.doubtful);
  return { ...first, notes: [...first.notes, ...also], fixes, ...(doubtful ? { doubtful } : {}) };
}

/**
 * A misspelling may be where a name is declared, not where it is used. Where the name that is thought to be meant occurs
 * nowhere but in its declaration, the fix is a guess.
 */
export function doubtUnused(diagnostic: Diagnostic): Diagnostic {
  const { code, at, fixes } = diagnostic;
  const meant = fixes[0]?.[0]?.text;
  if (code !== 'unknown-name' || !at || meant === undefined) return diagnostic;
  const text = at.source.text.replace(/\/\/[^\n]*|"[^"\n]*"/g, ' ');
  return text.match(new RegExp(`\\b${meant}\\b`, 'g'))?.length === 1 ? { ...diagnostic, doubtful: true } : diagnostic;
}
