/** A signal that lets training finish its step, and a second one that ends it immediately. */
import { constants } from 'node:os';
import { say } from './report.ts';
import { type EndingSignal, Interrupted, signals } from './signals.ts';

/**
 * Milliseconds. The terminal sends Ctrl-C to the whole process group, and `npm run` passes it on, so one Ctrl-C arrives twice. A
 * second signal within this time counts as the first.
 */
const samePress = 500;

/**
 * An `AbortSignal` that the first signal aborts with an `Interrupted`. A second signal calls `beforeExit` and ends the process.
 */
export function interruptible(beforeExit: () => void): AbortSignal {
  const interrupt = new AbortController();
  let firstSignalAt: number | undefined;
  const stopAtSignal = (signal: EndingSignal = 'SIGINT'): void => {
    if (firstSignalAt === undefined) {
      firstSignalAt = performance.now();
      interrupt.abort(new Interrupted(signal));
      say('\nstopping after this step, with a checkpoint; press Ctrl-C again to stop now');
    } else if (performance.now() - firstSignalAt > samePress) {
      beforeExit();
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, stopAtSignal);
  return interrupt.signal;
}
