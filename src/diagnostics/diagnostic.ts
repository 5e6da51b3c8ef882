import { defined } from '../defined.ts';
import type { Span } from '../text/source.ts';
import type { Severity } from './code_row.ts';
import { type Code, codes, type Facts } from './codes.ts';

/** Replace the text of `at` by `text`. A fix is a list of edits that belong together. */
export interface Edit {
  readonly at: Span;
  readonly text: string;
}

/** A second place that explains the first: "also read here". */
export interface Note {
  readonly message: string;
  readonly at: Span;
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** Absent only where the mistake is in no text: a folder that is full, a key that is unknown. */
  readonly at?: Span;
  readonly notes: readonly Note[];
  /** Each fix is one alternative, complete in itself. */
  readonly fixes: readonly (readonly Edit[])[];
  /** Its fix is a suggestion: something else may be meant, so nothing applies it unasked. */
  readonly doubtful?: true;
}

/** What every stage answers. `output` is present even beside errors wherever something useful is left. */
export interface Outcome<T> {
  readonly output: T;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Word one message. Call sites report facts; the code's row turns them into sentences.
 */
export function diagnose<C extends Code>(
  code: C,
  at: Span | undefined,
  facts: Facts<C>,
  extra: { notes?: readonly Note[]; fixes?: readonly (readonly Edit[])[]; doubtful?: boolean } = {},
): Diagnostic {
  const row = codes[code] as unknown as {
    severity: Severity;
    message: (facts: unknown) => string;
    hint?: (facts: unknown) => string | undefined;
  };
  const hint = row.hint?.(facts);
  return {
    code,
    severity: row.severity,
    message: row.message(facts),
    ...defined({ hint, at }),
    notes: extra.notes ?? [],
    fixes: extra.fixes ?? [],
    ...(extra.doubtful ? { doubtful: true } : {}),
  };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}
