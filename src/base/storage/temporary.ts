/** Makes folders among the system's temporary files that only this process uses. Each names its process, so that a later process removes what a kill left. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';

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

/** Removes a folder of `makeTemporary`. If another program has a file in it open, the system removes it later. */
export function removeTemporary(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (systemReason(error) === undefined) throw error;
  }
}

/** Removes the folders of processes that are gone. A folder of another user, or one that does not name its process, stays. */
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
    // `makeTemporary` reports the problem with the folder.
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

export function thisProcess(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    machine: textOf('/etc/machine-id'),
    boot: textOf('/proc/sys/kernel/random/boot_id'),
    space: orEmpty(() => readlinkSync('/proc/self/ns/pid')),
    started: startOf(process.pid) ?? '',
  };
}

/** Returns `unknown` if this process cannot check whether the owner runs. */
export function stateOf(owner: Owner, me: Owner = thisProcess()): 'running' | 'gone' | 'unknown' {
  if (owner.host !== me.host || owner.machine !== me.machine) return 'unknown';
  if (owner.boot !== me.boot) return 'gone';
  if (owner.space !== me.space) return 'unknown';
  if (!exists(owner.pid)) return 'gone';
  const ownerStart = startOf(owner.pid);
  if (ownerStart === undefined) return 'gone';
  return owner.started === '' || ownerStart === '' || ownerStart === owner.started ? 'running' : 'gone';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process of another user exists, but does not accept signals.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the start time of a process; undefined if the process has ended, empty if the system does not say. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    // The name in parentheses may contain anything, even parentheses. The state, 18 more numbers and the start time follow it.
    const statFields = textOf(`/proc/${pid}/stat`)
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

const textOf = (path: string): string => orEmpty(() => readFileSync(path, 'utf8').trim());

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
