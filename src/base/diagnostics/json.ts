import { positionAt, type Span } from '../text/source.ts';
import { type Code, codes } from './codes.ts';
import { diagnose } from './diagnose.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Severity } from './wording.ts';

/**
 * Returns diagnostics in a stable order. Possible causes come first: errors in the text of a file and in the files that it uses. The rest is sorted by file,
 * position and code, those without a position first.
 */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(a.at?.source.name ?? '', b.at?.source.name ?? '') ||
      (a.at?.start ?? -1) - (b.at?.start ?? -1) ||
      (a.at?.end ?? -1) - (b.at?.end ?? -1) ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

/** Maximum number of errors that are reported. */
export const mostErrors = 50;

/** Returns the diagnostics to show, in order: all warnings, and the first errors. `errors` counts all errors. */
export function firstOf(diagnostics: readonly Diagnostic[]): { shown: Diagnostic[]; errors: number } {
  let errors = 0;
  const shown = inOrder(diagnostics).filter((one) => !isCounted(one) || ++errors <= mostErrors);
  return { shown, errors };
}

/** True for an error. The item that counts further errors does not count as one. */
const isCounted = ({ severity, code }: Diagnostic): boolean => severity === 'error' && code !== 'too-many-mistakes';

/** Codes of files, or parts of files, that cannot be read. Their declarations seem to be missing. */
const causes: ReadonlySet<Code> = new Set<Code>([...textCodes(), 'use-outside', 'use-cycle', 'use-missing']);

const rank = ({ code, severity }: Diagnostic): number =>
  code === 'too-many-mistakes' ? 2 : severity === 'error' && causes.has(code) ? 0 : 1;

/** Returns the codes of the first section of the table. */
function textCodes(): Code[] {
  const allCodes = Object.keys(codes) as Code[];
  return allCodes.slice(0, allCodes.indexOf('unknown-name'));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Lines and columns from 1, columns in UTF-16 units. The end is after the last character. `null` if there is no position. */
interface JsonPlace {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly endLine: number | null;
  readonly endColumn: number | null;
}

export interface JsonDiagnostic extends JsonPlace {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string | null;
  readonly notes: readonly (JsonPlace & { readonly message: string })[];
  /** Alternative fixes. The edits of a fix belong together. */
  readonly fixes: readonly (readonly (JsonPlace & { readonly text: string })[])[];
}

/**
 * Converts diagnostics for programs: plain data in a stable order, with every key present. If there are too many errors, the item `too-many-mistakes` has their
 * number.
 */
export function toJson(diagnostics: readonly Diagnostic[]): JsonDiagnostic[] {
  const { shown, errors } = firstOf(diagnostics);
  const cutNote =
    errors > mostErrors ? [diagnose('too-many-mistakes', undefined, { shown: mostErrors, total: errors })] : [];
  return [...shown, ...cutNote].map((diagnostic) => ({
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    hint: diagnostic.hint ?? null,
    ...place(diagnostic.at),
    notes: diagnostic.notes.map((note) => ({ message: note.message, ...place(note.at) })),
    fixes: diagnostic.fixes.map((fix) => fix.map((edit) => ({ text: edit.text, ...place(edit.at) }))),
  }));
}

function place(at: Span | undefined): JsonPlace {
  if (at === undefined) return { file: null, line: null, column: null, endLine: null, endColumn: null };
  const start = positionAt(at.source, at.start);
  const end = positionAt(at.source, at.end);
  return {
    file: at.source.name,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}
