/** Where the stages of this folder put what they find. */
import type { Code, Facts } from '../diagnostics/codes.ts';
import { type Diagnostic, diagnose, type Edit, type Note } from '../diagnostics/diagnostic.ts';
import type { Span } from '../text/source.ts';

export interface Extra {
  readonly notes?: readonly Note[];
  readonly fixes?: readonly (readonly Edit[])[];
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

/** The fix of a misspelt word: the nearest one instead. */
export function rename(at: Span, nearest: string | undefined): Extra {
  return nearest === undefined ? {} : { fixes: [[{ at, text: nearest }]] };
}
