/** From a code and the facts of a mistake to its diagnostic. */
import { defined } from '../defined.ts';
import type { Span } from '../text/source.ts';
import type { Severity } from './code_row.ts';
import { type Code, codes, type Facts } from './codes.ts';
import type { Diagnostic, Edit, Note } from './diagnostic.ts';

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
  const diagnostic: Diagnostic = {
    code,
    severity: row.severity,
    message: row.message(facts),
    ...defined({ hint, at }),
    notes: extra.notes ?? [],
    fixes: extra.fixes ?? [],
    ...(extra.doubtful ? { doubtful: true } : {}),
  };
  factsOfAll.set(diagnostic, facts);
  return diagnostic;
}

const factsOfAll = new WeakMap<Diagnostic, unknown>();

/** The facts that a call site reported, for what finds the place of a mistake in something that is not a text, such as a request. */
export function factsOf(diagnostic: Diagnostic): Readonly<Record<string, unknown>> {
  return (factsOfAll.get(diagnostic) ?? {}) as Readonly<Record<string, unknown>>;
}

/** The first sentence, without a capital and a full stop, as hints are written. A name of code keeps its letters. */
function asHint(remedy: string): string {
  const first = /^.*?\.(?= [A-Z`]|$)/s.exec(remedy)?.[0] ?? remedy;
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, '');
}
