/** Where the stages of this folder put what they find. */
import type { Code, Facts } from '../../base/diagnostics/codes.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic, Edit, Note } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';

export interface Extra {
  readonly notes?: readonly Note[];
  readonly fixes?: readonly (readonly Edit[])[];
  /** The fix is a suggestion: nothing applies it unasked. */
  readonly doubtful?: boolean;
}

export type Report = <C extends Code>(code: C, at: Span | undefined, facts: Facts<C>, extra?: Extra) => void;

export interface Collector {
  readonly report: Report;
  readonly diagnostics: Diagnostic[];
}

export function makeCollector(): Collector {
  const diagnostics: Diagnostic[] = [];
  return { diagnostics, report: (code, at, facts, extra) => void diagnostics.push(diagnose(code, at, facts, extra)) };
}

/** The fix that writes something else in a place. */
export function rewrite(at: Span, text: string | undefined): Extra {
  return text === undefined ? {} : { fixes: [[{ at, text }]] };
}
