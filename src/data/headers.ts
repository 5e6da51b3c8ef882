/** What can be said about a data block before any row is read. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { DataDescription, Model } from '../model/model.ts';
import { bindData } from './bind.ts';
import type { Needs } from './needs.ts';

/**
 * Reads the headers of the files and binds every column that `needs` (a `Plan`, or part of one) asks for: missing files, features
 * that no column feeds, columns of the wrong sort, keys that do not join, SQL that cannot be computed. `model` gives the places of
 * features. None: the files can be read.
 */
export async function checkHeaders(
  description: DataDescription,
  needs: Needs,
  model?: Model,
): Promise<readonly Diagnostic[]> {
  const { output, diagnostics } = await bindData(description, needs, model === undefined ? {} : { model });
  output?.database.close();
  return diagnostics;
}
