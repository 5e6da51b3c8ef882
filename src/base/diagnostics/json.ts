import { positionAt, type Span } from '../text/source.ts';
import { type Diagnostic, diagnose } from './diagnostic.ts';
import { maxErrors, selectShown } from './render.ts';
import type { Severity } from './wording.ts';

/** Lines and columns from 1, columns in UTF-16 units. The end is after the last character. `null` if there is no position. */
interface JsonRange {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly endLine: number | null;
  readonly endColumn: number | null;
}

export interface JsonDiagnostic extends JsonRange {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string | null;
  readonly notes: readonly (JsonRange & { readonly message: string })[];
  /** Alternative fixes. The edits of a fix belong together. */
  readonly fixes: readonly (readonly (JsonRange & { readonly text: string })[])[];
}

/**
 * Converts diagnostics for programs: plain data in a stable order, with every key present. If there are too many errors, the item `too-many-mistakes` has their
 * number.
 */
export function toJsonDiagnostics(diagnostics: readonly Diagnostic[]): JsonDiagnostic[] {
  const { shown, errors } = selectShown(diagnostics);
  const truncationNote =
    errors > maxErrors ? [diagnose('too-many-mistakes', undefined, { shown: maxErrors, total: errors })] : [];
  return [...shown, ...truncationNote].map((diagnostic) => ({
    code: diagnostic.code,
    severity: diagnostic.severity,
    message: diagnostic.message,
    hint: diagnostic.hint ?? null,
    ...toJsonRange(diagnostic.at),
    notes: diagnostic.notes.map((note) => ({ message: note.message, ...toJsonRange(note.at) })),
    fixes: diagnostic.fixes.map((fix) => fix.map((edit) => ({ text: edit.text, ...toJsonRange(edit.at) }))),
  }));
}

function toJsonRange(at: Span | undefined): JsonRange {
  if (at === undefined) return { file: null, line: null, column: null, endLine: null, endColumn: null };
  const start = positionAt(at.source, at.start);
  const end = positionAt(at.source, at.end);
  return { file: at.source.name, line: start.line, column: start.column, endLine: end.line, endColumn: end.column };
}
