/** Mistakes whose mend is certain, mended in the file itself. */
import { writeFileSync } from 'node:fs';
import { failure } from '../diagnostics/failure.ts';
import { applySafeFixes, type Mending } from '../diagnostics/fixes.ts';
import { systemReason } from '../diagnostics/system_reason.ts';
import { check } from '../pipeline.ts';
import { makeSource } from '../text/source.ts';
import { loadUsed, readSource } from './files.ts';

/**
 * Makes the safe fixes of a file and writes it, where there are any. Files that it uses are left as they are.
 * @throws Failure `cannot-read`, `cannot-write`
 */
export function fixFile(path: string, settings: Readonly<Record<string, number>> = {}): Mending {
  const source = readSource(path);
  const mending = applySafeFixes(
    source,
    (one) => check(one, { load: loadUsed, settings }).diagnostics,
    (text) => makeSource(source.name, text),
  );
  if (mending.text === source.text) return mending;
  try {
    writeFileSync(path, mending.text);
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw failure('cannot-write', { path, reason });
  }
  return mending;
}
