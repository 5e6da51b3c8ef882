import type { Source } from '../text/source.ts';
import type { Code } from './codes.ts';
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
 * Make the first fix of each diagnostic that has one, except where it would touch what an earlier one changed. `mended` are
 * those whose fix was made.
 */
export function applyFixes(
  source: Source,
  diagnostics: readonly Diagnostic[],
): { text: string; applied: number; mended: readonly Diagnostic[] } {
  const edits: Edit[] = [];
  const mended: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const fix = diagnostic.fixes[0];
    if (fix === undefined || fix.some((edit) => edit.at.source !== source)) continue;
    if (fix.some((edit) => edits.some((other) => touch(edit, other)))) continue;
    edits.push(...fix);
    mended.push(diagnostic);
  }
  return { text: applyEdits(source, edits), applied: mended.length, mended };
}

/** Codes whose fix is one of several mends that a person would choose from: it takes something away, or changes the model. */
const decisions: ReadonlySet<Code> = new Set<Code>([
  'unread-channel',
  'unread-step',
  'unread-feature',
  'unread-label',
  'unread-input',
  'unused-group',
  'unused-block',
  'unused-constant',
  'label-not-read',
  'objective-omits',
  'temperature-unnormalised',
  'bce-unscaled',
  'wide-table',
  'last-dropout',
]);

/** Whether the fix of a diagnostic can be made unasked: it is the only one, and says what was meant already. */
export const hasSafeFix = ({ code, fixes }: Diagnostic): boolean => fixes.length === 1 && !decisions.has(code);

export interface Mending {
  readonly text: string;
  /** What was mended, in the places of the text as it then was. */
  readonly mended: readonly Diagnostic[];
}

/** More rounds than mistakes hide behind one another. */
const rounds = 10;

/**
 * Makes every safe fix of a text, and those of the mistakes that come to light by it.
 * @param check the mistakes of the source that it is given
 */
export function applySafeFixes(
  source: Source,
  check: (source: Source) => readonly Diagnostic[],
  remake: (text: string) => Source,
): Mending {
  let current = source;
  let found = check(current);
  const mended: Diagnostic[] = [];
  for (let round = 0; round < rounds; round++) {
    const made = applyFixes(current, found.filter(hasSafeFix));
    if (made.applied === 0) break;
    const next = remake(made.text);
    const left = check(next);
    // Fixes that do each other harm are left to a person.
    if (errors(left) > errors(found)) break;
    mended.push(...made.mended);
    current = next;
    found = left;
  }
  return { text: current.text, mended };
}

const errors = (diagnostics: readonly Diagnostic[]): number =>
  diagnostics.filter(({ severity }) => severity === 'error').length;

function touch(a: Edit, b: Edit): boolean {
  return a.at.start <= b.at.end && b.at.start <= a.at.end;
}
