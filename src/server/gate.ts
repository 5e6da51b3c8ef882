/**
 * How much work a server has in hand: some bodies are answered at the same time, some wait, and more are refused. A refusal is cheap, so a server with more
 * load than it can answer stays as fast for those that it accepts.
 *
 * A burst may fill the queue: it is empty again soon. A queue that has not been empty for `patience` is no burst, and waiting in it helps nobody (Nichols and
 * Jacobson, Controlling Queue Delay, 2012). Once a body has waited there half as long again as an answer takes, the gate is strict: fewer are answered at the
 * same time, so that a turn of the event loop is short, and nobody waits. Without a queue it does not know whether the load goes on. So it lets bodies wait
 * again after a second, and if the queue then fills, it is strict for twice as long (as a circuit breaker is; Nygard, Release It!, 2007). How long an answer takes
 * is learned while it is not strict: a server that is overloaded is slow, and would let everyone wait as long.
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

/** Long because admission, waiting and what is learned of answers read the same few times. */
export function makeGate(limits: Pick<Limits, 'running' | 'waiting'>): Gate {
  /** A Set keeps the order of arrival, and one that is late leaves it from any place. */
  const queue = new Set<Waiting>();
  let running = 0;
  const turn = makeTurn({
    began(time) {
      if (queue.size === 0 && time > unreadUntil) empty = time;
    },
    ended(time, milliseconds) {
      unreadUntil = milliseconds > longestWait() ? time + leastWait : time;
      if (queue.size === 0 && unreadUntil === time) empty = time;
    },
  });
  /** A turn that begins before this may read what a long turn kept waiting. One that begins later follows a pause. */
  let unreadUntil = Number.NEGATIVE_INFINITY;
  /** When nobody waited. */
  let empty = now();
  /** Until when a load that was found is taken to go on, and for how many milliseconds it was. */
  let strictUntil = Number.NEGATIVE_INFINITY;
  let strictFor = 0;
  /** Milliseconds of an answer, from its turn on, without that load: a moving mean. */
  let usual: number | undefined;
  const longestWait = (): number => Math.max(leastWait, 1.5 * (usual ?? 0));
  const isStrict = (time: number): boolean => time < strictUntil;
  const mostRunning = (time: number): number =>
    isStrict(time) ? Math.ceil(strictShare * limits.running) : limits.running;
  /** Whether a body that has come at this time waits too long behind a load that does not end: the gate is strict then. */
  const isTooLate = (since: number, time: number): boolean => {
    if (isStrict(time)) return true;
    if (time - since <= longestWait()) return false;
    const goesOn = time - strictUntil < probe;
    if (time - empty <= patience && !goesOn) return false;
    strictFor = goesOn ? Math.min(2 * strictFor, longestStrict) : leastStrict;
    strictUntil = time + strictFor;
    return true;
  };
  const isFull = (): boolean => {
    const time = now();
    const since = turn.since(time);
    const most = mostRunning(time);
    if (running < most) return turn.begun >= most && isTooLate(since, time);
    if (isStrict(time)) return true;
    const [first] = queue;
    // Those that come later wait no less than the first.
    return queue.size >= limits.waiting || (first !== undefined && isTooLate(first.since, time));
  };
  const next = (): void => {
    const time = now();
    while (running < mostRunning(time)) {
      const [first] = queue;
      if (first === undefined) break;
      queue.delete(first);
      if (isTooLate(first.since, time)) first.refuse();
      else first.start();
    }
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
          since: turn.since(now()),
          start() {
            running++;
            turn.begun++;
            const begun = now();
            const counts = !isStrict(begun);
            work(() => isLate)
              .then(resolve, reject)
              .finally(() => {
                clearTimeout(timer);
                running--;
                const took = now() - begun;
                if (counts) usual = usual === undefined ? took : usual + (took - usual) / 16;
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
        // Where nobody waits, `isFull` has decided.
        if (running < mostRunning(now()) && queue.size === 0) return waiting.start();
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

/**
 * A turn of the event loop. What it reads was there when it began, and waited unseen while earlier requests of the turn were answered: a body has come when its turn began.
 */
interface Turn {
  /** Bodies that it has begun with. */
  begun: number;
  /** When it began. */
  since(time: number): number;
}

function makeTurn({
  began,
  ended,
}: {
  began(time: number): void;
  ended(time: number, milliseconds: number): void;
}): Turn {
  let first: number | undefined;
  const turn: Turn = {
    begun: 0,
    since(time) {
      if (first !== undefined) return first;
      began(time);
      first = time;
      setImmediate(() => {
        const end = now();
        ended(end, end - time);
        first = undefined;
        turn.begun = 0;
      });
      return time;
    },
  };
  return turn;
}

/** Milliseconds in which a burst is over. */
const patience = 100;
/** Milliseconds that the gate is strict for at first, and at most. */
const leastStrict = 1000;
const longestStrict = 16_000;
/** Milliseconds after that in which a load that goes on fills the queue. */
const probe = 200;
/** The share of those that may run that do, under such a load: measured. */
const strictShare = 0.75;
/** Milliseconds that a body may always wait. */
const leastWait = 20;

const now = (): number => performance.now();
