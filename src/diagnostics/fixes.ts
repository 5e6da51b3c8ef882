import type { Source } from '../text/source.ts';
import type { Diagnostic, Edit } from './diagnostic.ts';

/**
 * The source's text with the edits made. Edits of other sources are left alone. Edits must not overlap; insertions at one
 * place are made in the order given.
 */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const own = edits.filter((edit) => edit.at.source === source);
  const ordered = own.toSorted((a, b) => a.at.start - b.at.start || a.at.end - b.at.end);
  let text = '';
  let at = 0;
  for (const edit of ordered) {
    if (edit.at.start < at) throw new Error('invariant: edits of one fix overlap');
    text += source.text.slice(at, edit.at.start) + edit.text;
    at = edit.at.end;
  }
  return text + source.text.slice(at);
}

/**
 * Make the first fix of each diagnostic that has one, except where it would touch what an earlier one changed.
 */
export function applyFixes(source: Source, diagnostics: readonly Diagnostic[]): { text: string; applied: number } {
  const edits: Edit[] = [];
  let applied = 0;
  for (const { fixes } of diagnostics) {
    const fix = fixes[0];
    if (fix === undefined || fix.some((edit) => edit.at.source !== source)) continue;
    if (fix.some((edit) => edits.some((other) => touch(edit, other)))) continue;
    edits.push(...fix);
    applied++;
  }
  return { text: applyEdits(source, edits), applied };
}

function touch(a: Edit, b: Edit): boolean {
  return a.at.start <= b.at.end && b.at.start <= a.at.end;
}
