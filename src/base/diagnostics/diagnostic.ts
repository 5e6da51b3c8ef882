/** Defines a diagnostic and the result of a compiler stage. */
import type { Span } from '../text/source.ts';
import type { Code } from './codes.ts';
import type { Severity } from './wording.ts';

/** An edit that replaces the text of `at` with `text`. A fix is a list of edits that belong together. */
export interface Edit {
  readonly at: Span;
  readonly text: string;
}

/** A second position that explains the first: "also read here". */
export interface Note {
  readonly message: string;
  readonly at: Span;
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** Absent only if the error is not in a source text: a full disk, an unknown key. */
  readonly at?: Span;
  readonly notes: readonly Note[];
  /** Alternative fixes, each of them complete. */
  readonly fixes: readonly (readonly Edit[])[];
  /** True if the fix is only a suggestion, because something else may be meant. `--fix` does not apply it. */
  readonly doubtful?: true;
}

/** The result of every stage. `output` is present even with errors, if something useful remains. */
export interface Outcome<T> {
  readonly output: T;
  readonly diagnostics: readonly Diagnostic[];
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');
