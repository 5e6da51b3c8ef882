/** The folder that shards are written into: its name ends in `.partial` until all of it is there, and it names the process that writes it. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Owner, stateOf, thisProcess } from '../../base/storage/owner.ts';
import { notWritten } from './piles.ts';

const ownerName = 'owner.json';

/** The file of the finished work of passes, where they can resume. */
export const passesName = 'passes.json';

/** Milliseconds until stopped passes are removed that nobody resumed. */
const maxAge = 7 * 24 * 3600 * 1000;

const ownFolders = new Set<string>();

const shortOf = (key: string): string => key.slice(0, 16);
const partialOf = (root: string, key: string): string => join(root, `${shortOf(key)}.${process.pid}.partial`);

/** Makes it. Folders of processes that are gone are removed: of the same data, and of other data if they are old or of no use. */
export async function makePartial(root: string, key: string): Promise<string> {
  removeAbandoned(root, key);
  const partial = partialOf(root, key);
  try {
    rmSync(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    claim(partial);
  } catch (error) {
    throw notWritten(partial, error);
  }
  ownFolders.add(partial);
  return partial;
}

/** Ends the writing: finished work of the passes stays for the next command. */
export const leavePartial = (partial: string): void => void ownFolders.delete(partial);

export function removePartial(partial: string): void {
  leavePartial(partial);
  rmSync(partial, { recursive: true, force: true });
  // Where it was the only one, its folder goes with it.
  if (existsSync(dirname(partial)) && readdirSync(dirname(partial)).length === 0) rmdirSync(dirname(partial));
}

/** Lists folders of passes over the data of this key that were stopped, and that can resume. */
export const stoppedPasses = (root: string, key: string): readonly string[] =>
  abandonedFolders(root).filter((folder) => isOf(folder, key) && existsSync(join(folder, passesName)));

/** Makes an abandoned folder that of this process; undefined where another process was first. */
export async function takePartial(folder: string, root: string, key: string): Promise<string | undefined> {
  const partial = partialOf(root, key);
  try {
    claim(folder);
    if (folder !== partial) await rename(folder, partial);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notWritten(partial, error);
  }
  // Another process may have written its name at the same moment.
  claim(partial);
  ownFolders.add(partial);
  return partial;
}

const claim = (folder: string): void => writeFileSync(join(folder, ownerName), JSON.stringify(thisProcess()));

const isOf = (folder: string, key: string): boolean => folder.includes(`${shortOf(key)}.`);

function removeAbandoned(root: string, key: string): void {
  for (const folder of abandonedFolders(root)) {
    const changedAt = statSync(join(folder, passesName), { throwIfNoEntry: false })?.mtimeMs;
    const isUseful = changedAt !== undefined && !isOf(folder, key) && Date.now() - changedAt < maxAge;
    if (!isUseful) removePartial(folder);
  }
}

/** Lists folders that nobody writes: of processes that are gone, and those that this process has left. */
function abandonedFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^[0-9a-f]{16}\.\d+\.partial$/.test(name))
    .map((name) => join(root, name))
    .filter((folder) => {
      try {
        const owner = JSON.parse(readFileSync(join(folder, ownerName), 'utf8')) as Owner;
        if (stateOf(owner) === 'gone') return true;
        return owner.pid === process.pid && stateOf(owner) === 'running' && !ownFolders.has(folder);
      } catch {
        // It does not say whose it is: it stays.
        return false;
      }
    });
}
