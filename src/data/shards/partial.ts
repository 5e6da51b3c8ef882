/** The folder that shards are written into: its name ends in `.partial` until all of it is there, and it says by whom it is written. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Owner, stateOf, thisProcess } from '../../storage/owner.ts';
import { notWritten } from './piles.ts';

const ownerName = 'owner.json';

/** What is done of the passes, where they can go on from it. */
export const passesName = 'passes.json';

/** Passes that were stopped, and that nobody went on with, are kept so long. */
const keptFor = 7 * 24 * 3600 * 1000;

/** What this process writes now. */
const written = new Set<string>();

const shortOf = (key: string): string => key.slice(0, 16);
const partialOf = (root: string, key: string): string => join(root, `${shortOf(key)}.${process.pid}.partial`);

/** Makes it; what processes that are gone left of the same data is removed, and of other data if it is old or of no use. */
export async function makePartial(root: string, key: string): Promise<string> {
  removeLeft(root, key);
  const partial = partialOf(root, key);
  try {
    rmSync(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    own(partial);
  } catch (error) {
    throw notWritten(partial, error);
  }
  written.add(partial);
  return partial;
}

/** Nobody writes it from here on: what is there of the passes stays for the next command. */
export const leavePartial = (partial: string): void => void written.delete(partial);

export function removePartial(partial: string): void {
  leavePartial(partial);
  rmSync(partial, { recursive: true, force: true });
  // Where it was the only one, its folder goes with it.
  if (existsSync(dirname(partial)) && readdirSync(dirname(partial)).length === 0) rmdirSync(dirname(partial));
}

/** Folders of passes over the data of this key that were stopped, and that can go on. */
export const stoppedPasses = (root: string, key: string): readonly string[] =>
  left(root).filter((folder) => isOf(folder, key) && existsSync(join(folder, passesName)));

/** Makes a folder that nobody writes any more that of this process; undefined where another process was first. */
export async function takePartial(folder: string, root: string, key: string): Promise<string | undefined> {
  const partial = partialOf(root, key);
  try {
    own(folder);
    if (folder !== partial) await rename(folder, partial);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notWritten(partial, error);
  }
  // Another process may have written its name at the same moment.
  own(partial);
  written.add(partial);
  return partial;
}

const own = (folder: string): void => writeFileSync(join(folder, ownerName), JSON.stringify(thisProcess()));

const isOf = (folder: string, key: string): boolean => folder.includes(`${shortOf(key)}.`);

function removeLeft(root: string, key: string): void {
  for (const folder of left(root)) {
    const changed = statSync(join(folder, passesName), { throwIfNoEntry: false })?.mtimeMs;
    const isUseful = changed !== undefined && !isOf(folder, key) && Date.now() - changed < keptFor;
    if (!isUseful) removePartial(folder);
  }
}

/** Folders that nobody writes: of processes that are gone, and those that this process has left. */
function left(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^[0-9a-f]{16}\.\d+\.partial$/.test(name))
    .map((name) => join(root, name))
    .filter((folder) => {
      try {
        const owner = JSON.parse(readFileSync(join(folder, ownerName), 'utf8')) as Owner;
        if (stateOf(owner) === 'gone') return true;
        return owner.pid === process.pid && stateOf(owner) === 'running' && !written.has(folder);
      } catch {
        // It does not say whose it is: it stays.
        return false;
      }
    });
}
