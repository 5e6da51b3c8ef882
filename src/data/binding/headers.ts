/** Checks a data block before any row is read. */
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { DataDescription } from '../../compiler/model/model.ts';
import { type BindOptions, bindData } from './bind.ts';
import type { Needs } from './needs.ts';

/**
 * Reads the headers of the files and binds every column that `needs` (a `Plan`, or part of one) reads: missing files, features that no column
 * feeds, columns of the wrong kind, keys that do not join, SQL that cannot be computed are errors.
 */
export async function checkHeaders(
  description: DataDescription,
  needs: Needs,
  options: BindOptions = {},
): Promise<readonly Diagnostic[]> {
  const { output, diagnostics } = await bindData(description, needs, options);
  output?.discard();
  return diagnostics;
}
