/** Where a run keeps what a start of it has read: nothing of the model, and of nobody but Tower. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isPartialOf } from '../storage/durable.ts';
import { isFolder } from '../storage/run_files.ts';

export const cacheFolder = 'cache';

/** Within the folder of a run. */
export const cachePath = (engine: string): string => `${cacheFolder}/${engine}.safetensors`;

/** Of a name in that folder. A kill may have left it half written. */
function isCacheFile(name: string): boolean {
  const own = name.replace(/^\.([a-z]+\.safetensors)\..*$/, '$1');
  return /^[a-z]+\.safetensors$/.test(own) && (name === own || isPartialOf(name, own));
}

/** Paths within the folder of a run. */
export async function cacheFilesIn(folder: string): Promise<string[]> {
  const under = join(folder, cacheFolder);
  if (!(await isFolder(under))) return [];
  const names = await readdir(under).catch(() => []);
  return names.filter(isCacheFile).map((name) => `${cacheFolder}/${name}`);
}
