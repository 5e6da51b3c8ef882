/** Applies safe fixes to a file. */
import { writeFileSync } from 'node:fs';
import { applySafeFixes, type Fixed } from '../../base/diagnostics/fixes.ts';
import { refuse } from '../../base/diagnostics/system_reason.ts';
import { makeSource } from '../../base/text/source.ts';
import type { Settings } from '../../compiler/model/settings/setting_text.ts';
import { checkSource } from '../../compiler/pipeline.ts';
import { loadUsed, readSource } from './files.ts';

/**
 * Applies the safe fixes of a file, of a model or of its data, and writes the file if there are any. Files that it uses remain as they are.
 * @throws Failure `cannot-read`, `cannot-write`
 */
export function fixFile(path: string, settings: Settings = {}): Fixed {
  const source = readSource(path);
  const fixedSource = applySafeFixes(
    source,
    (one) => checkSource(one, { load: loadUsed, settings }).diagnostics,
    (text) => makeSource(source.name, text),
  );
  if (fixedSource.text === source.text) return fixedSource;
  try {
    writeFileSync(path, fixedSource.text);
  } catch (error) {
    refuse('cannot-write', path, error);
  }
  return fixedSource;
}
