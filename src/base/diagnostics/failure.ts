import type { Span } from '../text/source.ts';
import type { Code, Facts } from './codes.ts';
import { diagnose } from './diagnose.ts';
import type { Diagnostic } from './diagnostic.ts';

/**
 * A user error that stops a running command: a missing file, a full disk, a run of another model. The command line prints its diagnostics and exits
 * with 1. Any other exception is a bug of ours and exits with 2.
 */
export class Failure extends Error {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('; '));
  }
}

export const failure = <C extends Code>(code: C, facts: Facts<C>, at?: Span): Failure =>
  new Failure([diagnose(code, at, facts)]);

/** Throws if a condition does not hold, which is a bug of ours. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`);
}
