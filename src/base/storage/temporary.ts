/**
 * Folders that only this process uses, where the system keeps temporary files. Each says whose it is, so that a later process removes
 * what a kill left.
 */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';
import { type Owner, stateOf, thisProcess } from './owner.ts';

const prefix = 'tower-';
const ownerFile = '.owner.json';
let me: Owner | undefined;

/**
 * @param name what the folder is for, part of its name: `duckdb`
 * @throws Failure `no-temporary-folder`
 */
export function makeTemporary(name: string): string {
  if (me === undefined) {
    me = thisProcess();
    removeLeft(me);
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), `${prefix}${name}-`));
    writeFileSync(join(folder, ownerFile), JSON.stringify(me));
    return folder;
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw failure('no-temporary-folder', { path: tmpdir(), reason });
  }
}

/** Removes what `makeTemporary` made. A file that another program holds open stays: the system removes it later. */
export function removeTemporary(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (systemReason(error) === undefined) throw error;
  }
}

/** Removes the folders of processes that are gone. A folder of another user, or one that does not say whose it is, stays. */
export function removeLeft(owner: Owner = thisProcess()): void {
  for (const name of entriesOf(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(tmpdir(), name);
    if (isLeft(folder, owner)) removeTemporary(folder);
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // `makeTemporary` reports what is wrong with the folder.
    return [];
  }
}

function isLeft(folder: string, me: Owner): boolean {
  try {
    const stats = lstatSync(folder);
    if (!stats.isDirectory() || (process.getuid !== undefined && stats.uid !== process.getuid())) return false;
    return stateOf(JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as Owner, me) === 'gone';
  } catch {
    return false;
  }
}
