/**
 * How much work a server has in hand: some bodies are answered at the same time, some wait, and more are refused at their arrival. A refusal is cheap, so a
 * server with more load than it can answer stays as fast for those that it accepts.
 */
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Limits } from './limits.ts';
import { type Refused, refused } from './refused.ts';

/** Seconds after which a refused client may try again. */
export const retrySeconds = 1;

export interface Gate {
  readonly running: number;
  readonly waiting: number;
  /**
   * Does the work when its turn comes. `isLate` says whether its deadline has passed, so that work of many parts can end early.
   * @param milliseconds from now to the deadline
   * @throws Refused 503 if too many wait, 504 at the deadline
   */
  pass<T>(work: (isLate: () => boolean) => Promise<T>, milliseconds: number): Promise<T>;
}

export function makeGate(limits: Pick<Limits, 'running' | 'waiting'>): Gate {
  /** A Set keeps the order of arrival, and one that is late leaves it from any place. */
  const queue = new Set<() => void>();
  let running = 0;
  const next = (): void => {
    const [first] = queue;
    if (first === undefined || running >= limits.running) return;
    queue.delete(first);
    first();
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    async pass(work, milliseconds) {
      if (running >= limits.running && queue.size >= limits.waiting) {
        throw busy(`${queue.size.toLocaleString('en')} others are waiting`);
      }
      let isLate = false;
      return new Promise((resolve, reject) => {
        const start = (): void => {
          running++;
          work(() => isLate)
            .then(resolve, reject)
            .finally(() => {
              clearTimeout(timer);
              running--;
              next();
            });
        };
        const timer = setTimeout(() => {
          isLate = true;
          queue.delete(start);
          reject(refused(504, diagnose('server-late', undefined, { milliseconds })));
        }, milliseconds);
        queue.add(start);
        next();
      });
    },
  };
}

export const busy = (reason: string): Refused =>
  refused(503, diagnose('server-busy', undefined, { reason, seconds: retrySeconds }), '', {
    'retry-after': String(retrySeconds),
  });
