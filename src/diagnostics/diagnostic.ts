import { defined } from '../defined.ts';
import type { Span } from '../text/source.ts';
import type { Severity } from './code_row.ts';
import { type Code, codes, type Facts } from './codes.ts';

/** Replaces the text of `at` with `text`. A fix is a list of edits that belong together. */
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
  /** Absent only if the mistake is not in a text: a full disk, an unknown key. */
  readonly at?: Span;
  readonly notes: readonly Note[];
  /** Each fix is one alternative, complete in itself. */
  readonly fixes: readonly (readonly Edit[])[];
  /** The fix is a suggestion, because something else may be meant. `--fix` does not apply it. */
  readonly doubtful?: true;
}

/** The result of every stage. `output` is present even with errors, if something useful remains. */
export interface Outcome<T> {
  readonly output: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Makes one diagnostic. Call sites report facts; the row of the code turns them into sentences. */
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
    remedy?: string;
  };
  const hint = row.hint === undefined ? row.remedy && asHint(row.remedy) : row.hint(facts);
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

/** The first sentence, without a capital and a full stop, as hints are written. A name of code keeps its letters. */
function asHint(remedy: string): string {
  const first = /^.*?\.(?= [A-Z`]|$)/s.exec(remedy)?.[0] ?? remedy;
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}
