/** Makes folders among the system's temporary files that only this process uses. Each names its process, so that a later process removes what a kill left. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSystemError, failure } from '../diagnostics/diagnostic.ts';

const folderPrefix = 'tower-';
const ownerFile = '.owner.json';
let currentProcess: Owner | undefined;

/** @param name what the folder is for, part of its name: `duckdb` @throws Failure `no-temporary-folder` */
export function makeTemporaryFolder(name: string): string {
  if (currentProcess === undefined) {
    currentProcess = describeThisProcess();
    removeAbandonedFolders(currentProcess);
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), `${folderPrefix}${name}-`));
    writeFileSync(join(folder, ownerFile), JSON.stringify(currentProcess));
    return folder;
  } catch (error) {
    const reason = describeSystemError(error);
    if (reason === undefined) throw error;
    throw failure('no-temporary-folder', { path: tmpdir(), reason });
  }
}

/** Removes a folder of `makeTemporaryFolder`. If another program has a file in it open, the system removes it later. */
export function removeTemporaryFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (describeSystemError(error) === undefined) throw error;
  }
}

/** Removes the folders of processes that are gone. A folder of another user, or one that does not name its process, stays. */
export function removeAbandonedFolders(owner: Owner = describeThisProcess()): void {
  for (const name of listEntries(tmpdir())) {
    if (!name.startsWith(folderPrefix)) continue;
    const folder = join(tmpdir(), name);
    if (isAbandoned(folder, owner)) removeTemporaryFolder(folder);
  }
}

function listEntries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // `makeTemporaryFolder` reports the problem with the folder.
    return [];
  }
}

function isAbandoned(folder: string, currentProcess: Owner): boolean {
  try {
    const stats = lstatSync(folder);
    if (!stats.isDirectory() || (process.getuid !== undefined && stats.uid !== process.getuid())) return false;
    return processState(JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as Owner, currentProcess) === 'gone';
  } catch {
    return false;
  }
}

/** Identifies the process that holds a lock, and checks whether it still runs. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Distinguishes machines with the same host name; empty if the system has no such id. */
  readonly machine: string;
  /** The boot of the system: a process from before the last boot is gone. Empty if unknown. */
  readonly boot: string;
  /** The namespace of process ids (a container has its own); empty if unknown. */
  readonly space: string;
  /** Start time of the process in the system's format, because process ids are reused. Empty if unknown. */
  readonly started: string;
}

export const describeThisProcess = (): Owner => ({
  pid: process.pid,
  host: hostname(),
  machine: readTextOrEmpty('/etc/machine-id'),
  boot: readTextOrEmpty('/proc/sys/kernel/random/boot_id'),
  space: emptyIfItFails(() => readlinkSync('/proc/self/ns/pid')),
  started: processStartTime(process.pid) ?? '',
});

/** Returns `unknown` if this process cannot check whether the owner runs. */
export function processState(
  owner: Owner,
  currentProcess: Owner = describeThisProcess(),
): 'running' | 'gone' | 'unknown' {
  if (owner.host !== currentProcess.host || owner.machine !== currentProcess.machine) return 'unknown';
  if (owner.boot !== currentProcess.boot) return 'gone';
  if (owner.space !== currentProcess.space) return 'unknown';
  if (!processExists(owner.pid)) return 'gone';
  const ownerStart = processStartTime(owner.pid);
  if (ownerStart === undefined) return 'gone';
  return owner.started === '' || ownerStart === '' || ownerStart === owner.started ? 'running' : 'gone';
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process of another user exists, but does not accept signals.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the start time of a process; undefined if the process has ended, empty if the system does not say. */
function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') {
    // The name in parentheses may contain anything, even parentheses. The state, 18 more numbers and the start time follow it.
    const statFields = readTextOrEmpty(`/proc/${pid}/stat`)
      .replace(/^.*\)\s+/s, '')
      .split(' ');
    if (statFields[0] === 'Z' || statFields[0] === 'X') return undefined;
    return statFields[19] ?? '';
  }
  if (process.platform === 'win32') return '';
  // Loaded here because it loads the network code of Node.js, and most systems have `/proc`.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return (stdout ?? '').trim();
}

const readTextOrEmpty = (path: string): string => emptyIfItFails(() => readFileSync(path, 'utf8').trim());

function emptyIfItFails(readText: () => string): string {
  try {
    return readText();
  } catch {
    return '';
  }
}
