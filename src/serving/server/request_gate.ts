/**
 * Limits the work of a server. Some requests run at the same time, some wait in the order of their arrival until their deadline, and more are refused. This is
 * the only place that refuses because of load. A long queue is meant for a short burst. If a load fills it, the load lasts, and everybody would wait for the
 * whole queue. So while requests are refused, and for a second after, only as many may wait as may run.
 */
import { diagnose } from '../../base/diagnostics/diagnostic.ts';
import type { Limits } from './limits.ts';
import { overload, refused, retrySeconds } from './refused.ts';

export interface Gate {
  /** Total cost of the requests that run. `waiting`: of those that wait. */
  readonly running: number;
  readonly waiting: number;
  /** Refuses a request before its body is read, if `pass` would refuse it afterwards. @throws RequestError 503 */
  refuseIfFull(): void;
  /**
   * Does the work when its turn comes. `isLate` returns whether the deadline has passed, so that work in many parts can end early.
   * @param request with its cost: an ordinary one costs 1, and one that costs more than all that may run at the same time runs alone
   * @throws RequestError 503 if too many wait, 504 at the deadline
   */
  pass<T>(
    work: (isLate: () => boolean) => Promise<T>,
    request: { readonly milliseconds: number; readonly cost?: number },
  ): Promise<T>;
}

interface WaitingRequest {
  readonly cost: number;
  start(): void;
}

export function makeGate(limits: Pick<Limits, 'running' | 'waiting'>): Gate {
  /** A Set keeps the order of arrival, and a late request can be removed from any position. */
  const waitingRequests = new Set<WaitingRequest>();
  let [running, waiting] = [0, 0];
  let refusedAt = Number.NEGATIVE_INFINITY;
  const hasRoom = (cost: number): boolean => running + cost <= limits.running;
  const refuseIfFull = (cost = 1): void => {
    if (waitingRequests.size === 0 && hasRoom(cost)) return;
    const now = performance.now();
    const maxWaiting =
      now - refusedAt < 1000 * retrySeconds ? Math.min(limits.running, limits.waiting) : limits.waiting;
    // A request that costs more than the queue may hold is allowed to be the only one in it.
    if (waiting + cost <= maxWaiting || (waitingRequests.size === 0 && maxWaiting > 0)) return;
    refusedAt = now;
    throw overload;
  };
  const leaveQueue = (request: WaitingRequest): void => {
    if (waitingRequests.delete(request)) waiting -= request.cost;
  };
  const startNext = (): void => {
    for (const request of waitingRequests) {
      if (!hasRoom(request.cost)) return;
      leaveQueue(request);
      request.start();
    }
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting;
    },
    refuseIfFull,
    async pass(work, { milliseconds, cost: givenCost = 1 }) {
      const cost = Math.min(givenCost, limits.running);
      refuseIfFull(cost);
      return new Promise((resolve, reject) => {
        let isLate = false;
        const request: WaitingRequest = {
          cost,
          start() {
            running += cost;
            work(() => isLate)
              .then(resolve, reject)
              .finally(() => {
                clearTimeout(timer);
                running -= cost;
                startNext();
              });
          },
        };
        const timer = setTimeout(() => {
          isLate = true;
          leaveQueue(request);
          reject(refused(504, diagnose('server-late', undefined, { milliseconds })));
          // A request behind it with a lower cost may now have room.
          startNext();
        }, milliseconds);
        waitingRequests.add(request);
        waiting += cost;
        startNext();
      });
    },
  };
}
