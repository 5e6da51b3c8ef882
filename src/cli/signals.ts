/** Ctrl-C, SIGTERM, and SIGHUP of a terminal that closes: for a command that ends well, and for one that ends early. */
import { constants } from 'node:os';
import { isStuck } from '../data/files/query_guard.ts';
import { removeSpills } from '../data/files/spill.ts';
import { say } from './report.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Ending = (typeof signals)[number];

/** A signal ended what the command was doing. */
export class Interrupted extends Error {
  constructor(readonly signal: Ending) {
    super(`ended by ${signal}`);
  }
}

/**
 * Does work that such a signal ends: the signal that it gets is aborted with an `Interrupted`. Only what can end in time belongs
 * in here. Outside of it the system ends the process.
 */
export async function endable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const control = new AbortController();
  const stop = (signal: Ending): void => control.abort(new Interrupted(signal));
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(control.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/** Ends the process as a shell expects of a signal: 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP. */
export function endBy({ signal }: Interrupted): void {
  if (!isStuck()) process.exit(128 + constants.signals[signal]);
  // Node.js waits for its threads at an exit, and one of them does not end. The system does not wait.
  removeSpills();
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

/** Ends a process that has reported its failure, where a query goes on that nothing can stop. */
export function endIfStuck(): void {
  if (!isStuck()) return;
  removeSpills();
  process.kill(process.pid, 'SIGKILL');
}

/**
 * `npm run` passes on what the terminal has sent to the whole group already, so that one Ctrl-C arrives twice: a second signal so
 * soon is the first.
 */
const samePress = 500;

/**
 * A signal that the first of them aborts, with an `Interrupted`. Once more ends the process at once, after `atOnce`.
 */
export function interruptible(atOnce: () => void): AbortSignal {
  const interrupt = new AbortController();
  let first: number | undefined;
  const stop = (signal: Ending = 'SIGINT'): void => {
    if (first === undefined) {
      first = performance.now();
      interrupt.abort(new Interrupted(signal));
      say('\nending after this step, with a checkpoint; once more to end at once');
    } else if (performance.now() - first > samePress) {
      atOnce();
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, stop);
  return interrupt.signal;
}
