/**
 * How much work a server has in hand: some bodies are answered at the same time, some wait, and more are refused. A refusal is cheap, so a server with more
 * load than it can answer stays as fast for those that it accepts.
 *
 * A burst may fill the queue: it is empty again soon. A queue that has not been empty for `patience` is no burst, and waiting in it helps nobody: a body that
 * has waited half as long again as an answer takes is then refused when its turn comes (Nichols and Jacobson, Controlling Queue Delay, 2012; with the two
 * limits of Fail at Scale, ACM Queue, 2015).
 */
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Limits } from './limits.ts';
import { overload } from './overload.ts';
import { refused } from './refused.ts';

export interface Gate {
  readonly running: number;
  readonly waiting: number;
  /** Whether one more would be refused at its arrival, so that its body need not be read. */
  readonly isFull: boolean;
  /**
   * Does the work when its turn comes. `isLate` says whether its deadline has passed, so that work of many parts can end early.
   * @param milliseconds from now to the deadline
   * @throws Refused 503 if too many wait, 504 at the deadline
   */
  pass<T>(work: (isLate: () => boolean) => Promise<T>, milliseconds: number): Promise<T>;
}

export function makeGate(limits: Pick<Limits, 'running' | 'waiting'>): Gate {
  /** A Set keeps the order of arrival, and one that is late leaves it from any place. */
  const queue = new Set<Waiting>();
  let running = 0;
  /** When nobody waited. */
  let empty = now();
  /** Milliseconds of an answer, from its turn on: a moving mean. */
  let usual: number | undefined;
  /** Whether a body that has come at this time waits too long behind a load that does not end. */
  const isTooLate = (since: number, time: number): boolean =>
    time - empty > patience && time - since > Math.max(leastWait, 1.5 * (usual ?? 0));
  const isFull = (): boolean => {
    if (running < limits.running) return false;
    const [first] = queue;
    // Those that come later wait no less than the first.
    return queue.size >= limits.waiting || (first !== undefined && isTooLate(first.since, now()));
  };
  const next = (): void => {
    const time = now();
    while (running < limits.running) {
      const [first] = queue;
      if (first === undefined) break;
      queue.delete(first);
      if (isTooLate(first.since, time)) first.refuse();
      else first.start();
    }
    if (queue.size === 0) empty = time;
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    get isFull() {
      return isFull();
    },
    async pass(work, milliseconds) {
      if (isFull()) throw overload;
      let isLate = false;
      return new Promise((resolve, reject) => {
        const waiting: Waiting = {
          since: now(),
          start() {
            running++;
            const begun = now();
            work(() => isLate)
              .then(resolve, reject)
              .finally(() => {
                clearTimeout(timer);
                running--;
                const took = now() - begun;
                usual = usual === undefined ? took : usual + (took - usual) / 16;
                next();
              });
          },
          refuse() {
            clearTimeout(timer);
            reject(overload);
          },
        };
        const timer = setTimeout(() => {
          isLate = true;
          queue.delete(waiting);
          reject(refused(504, diagnose('server-late', undefined, { milliseconds })));
        }, milliseconds);
        queue.add(waiting);
        next();
      });
    },
  };
}

interface Waiting {
  /** When it arrived. */
  readonly since: number;
  start(): void;
  refuse(): void;
}

/** Milliseconds in which a burst is over. */
const patience = 100;
/** Milliseconds that a body may always wait. */
const leastWait = 5;

const now = (): number => performance.now();
