/** The weights of the best epoch so far, in the folder of a run. */
import { copyFile, link } from 'node:fs/promises';
import { join } from 'node:path';
import type { BestEpoch } from '../artifact/checkpoint.ts';
import { failure } from '../diagnostics/failure.ts';
import { writing } from '../diagnostics/system_reason.ts';
import { checksumOf } from '../storage/checksum.ts';
import { remove, syncFolder } from '../storage/durable.ts';
import { bestFile, isBestFile, namesIn, weightsFile } from './folder.ts';

/** Gives a file of the folder a second name, without copying it where the file system can. */
export async function nameAlso(folder: string, from: string, to: string): Promise<void> {
  const [source, target] = [join(folder, from), join(folder, to)];
  await remove(target);
  await writing(
    target,
    link(source, target).catch(() => copyFile(source, target)),
  );
  await writing(folder, syncFolder(folder));
}

/**
 * Makes sure that the weights of the best epoch are there, as they were. A run that is finished has them under their last name.
 * @throws Failure `lost-file`, `changed-file`, `damaged-file`, `cannot-read`
 */
export async function restoreBest(folder: string, best: BestEpoch): Promise<void> {
  const file = bestFile(best.epoch);
  const fileNames = await namesIn(folder);
  const presentFile = !fileNames.includes(file) && fileNames.includes(weightsFile) ? weightsFile : file;
  const { sha256, bytes } = await checksumOf(folder, presentFile);
  if (sha256 !== best.sha256 || bytes !== best.bytes)
    throw failure('changed-file', { path: join(folder, presentFile) });
  if (presentFile !== file) await nameAlso(folder, presentFile, file);
}

export async function removeOldBest(folder: string, keep?: string): Promise<void> {
  for (const name of await namesIn(folder)) if (isBestFile(name) && name !== keep) await remove(join(folder, name));
}
