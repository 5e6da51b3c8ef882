/** Handles Ctrl-C, SIGTERM, and SIGHUP of a terminal that closes. */
import { constants } from 'node:os';
import { removeSpills } from '../../data/files/duckdb.ts';
import { isStuck } from '../../data/files/query_guard.ts';

export const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type EndingSignal = (typeof signals)[number];

/** Thrown if a signal ended the work of the command. */
export class Interrupted extends Error {
  constructor(readonly signal: EndingSignal) {
    super(`ended by ${signal}`);
  }
}

/**
 * Does work that a signal can end. `work` gets an `AbortSignal`, which is aborted with an `Interrupted`, and must end soon after that. Without this, the system
 * ends the process.
 */
export async function withInterruptSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const control = new AbortController();
  const stop = (signal: EndingSignal): void => control.abort(new Interrupted(signal));
  for (const signal of signals) process.on(signal, stop);
  try {
    const result = await work(control.signal);
    // A signal that comes when the work is about done would be lost otherwise, and a server would stay.
    control.signal.throwIfAborted();
    return result;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/** Ends the process with the exit code that shells expect after a signal: 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP. */
export function endBy({ signal }: Interrupted): void {
  if (!isStuck()) process.exit(128 + constants.signals[signal]);
  // At an exit Node.js waits for its threads, and one of them does not end. A signal from the system does not wait.
  removeSpills();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Ends the process after it has reported its failure, if a query is running that cannot be stopped. */
export function endIfStuck(): void {
  if (!isStuck()) return;
  removeSpills();
  process.kill(process.pid, 'SIGKILL');
}
