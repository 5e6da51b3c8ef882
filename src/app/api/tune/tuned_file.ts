/** A copy of the model with the values that won: a new file, never one that is there. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { hasErrors } from '../../../base/diagnostics/diagnostic.ts';
import { failure } from '../../../base/diagnostics/failure.ts';
import { applyEdits } from '../../../base/diagnostics/fixes.ts';
import { writing } from '../../../base/diagnostics/system_reason.ts';
import { makeSource, type Source } from '../../../base/text/source.ts';
import { findSlot } from '../../../compiler/model/settings/slots.ts';
import { checkSource } from '../../../compiler/pipeline.ts';
import type { CheckRequest } from '../check.ts';
import { loadUsed, readSource } from '../files.ts';
import { format } from '../format.ts';

/** @throws Failure `file-exists`, before anything is trained */
export function refuseTunedFile(path: string): void {
  if (existsSync(path)) throw failure('file-exists', { path });
}

/**
 * @param settings the text of each
 * @throws Failure `file-exists`, `tuned-file`, `cannot-write`
 */
export async function writeTunedFile(
  from: string,
  to: string,
  settings: Readonly<Record<string, string>>,
  { set = {} }: CheckRequest,
): Promise<void> {
  const allSettings = { ...set, ...settings };
  let source = moved(readSource(from), from, to);
  for (const [name, value] of Object.entries(allSettings).sort(
    ([a], [b]) => a.split('.').length - b.split('.').length,
  )) {
    const { files, library } = checkSource(source, { load: loadUsed }).resolution;
    const at = { ...files.main.span, end: files.main.span.start };
    const edit = findSlot({ files, library, report: () => {} }, { parts: name.split('.'), at })?.write(String(value));
    // In another file, or in several places.
    if (edit?.at.source !== source)
      throw failure('tuned-file', {
        path: to,
        reason: `\`${name}\` is not in ${from}, or cannot be replaced in one place`,
      });
    source = makeSource(to, applyEdits(source, [edit]));
  }
  const text = format(source.text, to).output ?? source.text;
  const { diagnostics } = checkSource(makeSource(to, text), { load: loadUsed });
  if (hasErrors(diagnostics)) throw failure('tuned-file', { path: to, reason: diagnostics[0]!.message });
  refuseTunedFile(to);
  // `wx` fails where somebody was quicker.
  const tunedFile = await writing(to, open(to, 'wx'));
  try {
    await writing(to, tunedFile.writeFile(text));
  } finally {
    await tunedFile.close();
  }
}

/** The text as it would be in another folder: the paths of `use` begin from there. */
function moved({ text, ...source }: Source, from: string, to: string): Source {
  const [old, other] = [resolve(dirname(from)), resolve(dirname(to))];
  if (old === other) return makeSource(to, text);
  const { file } = checkSource(makeSource(source.name, text), { load: loadUsed });
  const edits = file.declarations.flatMap((one) => {
    if (one.kind !== 'Use') return [];
    const path = relative(other, resolve(old, one.path.value)).replaceAll('\\', '/');
    return [{ at: one.path.span, text: JSON.stringify(path) }];
  });
  return makeSource(to, applyEdits(file.span.source, edits));
}
