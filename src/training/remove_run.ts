import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { remove, removeDurably } from '../base/storage/durable.ts';
import { lockFolder, refuseRead } from '../base/storage/lock.ts';
import { checkpointFile } from './artifact/checkpoint.ts';
import { manifestFile } from './artifact/manifest.ts';
import { hasRunFile, modelFolders, namesIn, pathsIn, rejectsFile, runContentsIn, runFile } from './folder.ts';

/**
 * Removes what Tower wrote of the run in a folder, and the folder where it is then empty.
 * @returns the files that stay: Tower did not write them
 * @throws Failure `run-in-use`, `cannot-read`, `cannot-write`
 */
export async function removeRun(folder: string): Promise<readonly string[]> {
  const lock = await lockFolder(folder, { purpose: 'tower runs' });
  let leftPaths: readonly string[] = [];
  try {
    await refuseRead(folder);
    const ownPaths = (await runContentsIn(folder, await namesIn(folder)))?.paths;
    // Another process may have put something else there since the runs were listed.
    if (ownPaths === undefined) return await pathsIn(folder);
    const isBegun = await hasRunFile(folder);
    // What is half removed must not look like a model. run.json says what is Tower's, and goes last.
    for (const path of [manifestFile, checkpointFile]) if (ownPaths.has(path)) await removeDurably(join(folder, path));
    for (const path of ownPaths) if (path !== runFile) await remove(join(folder, path));
    await remove(join(folder, rejectsFile));
    for (const under of modelFolders) await rmdir(join(folder, under)).catch(() => {});
    if (isBegun) await remove(join(folder, runFile));
    leftPaths = await pathsIn(folder);
  } finally {
    await lock.release();
  }
  if (leftPaths.length === 0) await rmdir(folder).catch(() => {});
  return leftPaths;
}
