import { expect } from 'vitest';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import { Failure } from '../../../src/base/diagnostics/failure.ts';

/** Returns the first diagnostic of work that fails with a Failure. */
export async function diagnosticOf(work: Promise<unknown>): Promise<Diagnostic> {
  const error = await work.then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).diagnostics[0]!;
}
