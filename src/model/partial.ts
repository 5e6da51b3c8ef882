/** What may still be said of a file of which a part could not be read. */
import type { Code } from '../diagnostics/codes.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';

/** Mistakes within one call, entry or name: they stay mistakes whatever else the file says. */
const local: ReadonlySet<Code> = new Set<Code>([
  'unknown-argument',
  'repeated-argument',
  'too-many-arguments',
  'wrong-type',
  'out-of-range',
  'not-ascending',
  'unknown-choice',
  'repeated-entry',
  'repeated-name',
  'repeated-declaration',
  'not-finite',
  'use-outside',
  'use-circle',
  'use-missing',
]);

/** A name that is surely a misspelling of another is one; any other may stand in the part that could not be read. */
const names: ReadonlySet<Code> = new Set<Code>(['unknown-name', 'unknown-kind', 'unknown-entry']);

export function certain(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(
    ({ code, fixes, doubtful }) => local.has(code) || (names.has(code) && fixes.length > 0 && !doubtful),
  );
}
