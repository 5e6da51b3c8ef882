/** Which process holds a lock, and whether that process still runs. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Distinguishes machines with the same host name; empty where the system has no such number. */
  readonly machine: string;
  /** The start of the system: a process from before the last start is gone. Empty where unknown. */
  readonly boot: string;
  /** Process numbers count within this (a container has its own); empty where unknown. */
  readonly space: string;
  /** When the process started, as the system writes it: another process may get the same number later. Empty where unknown. */
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

/** `unknown`: it runs, if at all, where this process cannot look. */
export function stateOf(owner: Owner, me: Owner = thisProcess()): 'running' | 'gone' | 'unknown' {
  if (owner.host !== me.host || owner.machine !== me.machine) return 'unknown';
  if (owner.boot !== me.boot) return 'gone';
  if (owner.space !== me.space) return 'unknown';
  if (!exists(owner.pid)) return 'gone';
  const start = startOf(owner.pid);
  if (start === undefined) return 'gone';
  return owner.started === '' || start === '' || start === owner.started ? 'running' : 'gone';
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process of another user exists, and takes no signal.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Undefined: the process has ended. Empty: the system does not say. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    // The name in parentheses may hold anything, parentheses too. After it: state, then 18 more numbers, then the start.
    const fields = textOf(`/proc/${pid}/stat`)
      .replace(/^.*\)\s+/s, '')
      .split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return fields[19] ?? '';
  }
  if (process.platform === 'win32') return '';
  // Loaded here: it brings the network with it, and most systems have `/proc`.
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
