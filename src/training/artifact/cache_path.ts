/** Names the files in which a run caches what a start of it has read: nothing of the model, and of nobody but Tower. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isPartialOf } from '../../base/storage/durable.ts';
import { isFolder } from '../../base/storage/run_files.ts';

export const cacheFolder = 'cache';

export const cachePath = (engine: string): string => `${cacheFolder}/${engine}.safetensors`;

/** A kill may have left a file of the cache half written. */
function isCacheFile(name: string): boolean {
  const finalName = name.replace(/^\.([a-z]+\.safetensors)\..*$/, '$1');
  return /^[a-z]+\.safetensors$/.test(finalName) && (name === finalName || isPartialOf(name, finalName));
}

export async function cacheFilesIn(folder: string): Promise<string[]> {
  const cachePathOfRun = join(folder, cacheFolder);
  if (!(await isFolder(cachePathOfRun))) return [];
  const cacheNames = await readdir(cachePathOfRun).catch(() => []);
  return cacheNames.filter(isCacheFile).map((name) => `${cacheFolder}/${name}`);
}
