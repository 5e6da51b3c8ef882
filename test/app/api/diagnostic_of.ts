import { expect } from 'vitest';
import { type Diagnostic, Failure } from '../../../src/base/diagnostics/diagnostic.ts';

/** Returns the first diagnostic of work that fails with a Failure. */
export async function diagnosticOf(work: Promise<unknown>): Promise<Diagnostic> {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).diagnostics[0]!;
}
