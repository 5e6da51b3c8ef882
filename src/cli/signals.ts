/** Ctrl-C, for a command that ends well when it is told to. */
import { say } from './report.ts';

/**
 * `npm run` passes on what the terminal has sent to the whole group already, so that one Ctrl-C arrives twice: a second signal so
 * soon is the first.
 */
const samePress = 500;

/**
 * A signal that SIGINT and SIGTERM abort. Once more ends the process at once, after `atOnce`.
 */
export function interruptible(atOnce: () => void): AbortSignal {
  const interrupt = new AbortController();
  let first: number | undefined;
  const stop = (): void => {
    if (first === undefined) {
      first = performance.now();
      interrupt.abort();
      say('\nending after this step, with a checkpoint; once more to end at once');
    } else if (performance.now() - first > samePress) {
      atOnce();
      process.exit(130);
    }
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return interrupt.signal;
}
