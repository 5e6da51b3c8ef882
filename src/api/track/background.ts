/** Sends in the background: what fails is tried again, and what is sent is waited for at the end alone, for a few seconds. */
import { RequestRefused } from '../../tracking/mlflow/client.ts';

export interface BackgroundOptions {
  /** Called once, with the reason of the first failure. */
  readonly onFailure: (reason: string) => void;
  /** How long the end waits for the server, in milliseconds. Default: ten seconds, or two where the server has not answered before. */
  readonly patience?: number | undefined;
  /** Ends what is under way. */
  readonly abort: () => void;
}

export interface Background {
  /** From now on, what there is to send is sent every few seconds. */
  begin(send: () => Promise<unknown>): void;
  /** Looks now, not after these seconds. */
  kick(): void;
  /** Undefined where the server does not have all, and where nothing began. */
  end<T>(last: () => Promise<T>): Promise<T | undefined>;
}

/** Between two looks, and the longest time between two tries. */
const [everyMs, longestMs] = [5000, 60_000];
/** At the end: for a server that has answered, and for one that has not. */
const [usualPatience, lessPatience] = [10_000, 2000];

export function makeBackground({ onFailure, patience, abort }: BackgroundOptions): Background {
  let send: (() => Promise<unknown>) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let [failures, nextTry, isOver, hasWarned] = [0, 0, false, false];

  /** Whatever is wrong with the server or with what is sent must not end the training. */
  const fail = (error: unknown): void => {
    failures++;
    nextTry = performance.now() + Math.min(longestMs, everyMs * 2 ** (failures - 1));
    isOver ||= !(error instanceof RequestRefused) || !error.isPassing;
    if (!hasWarned) onFailure((error as Error).message);
    hasWarned = true;
  };
  const kick = (): void => {
    if (!send || running || isOver || performance.now() < nextTry) return;
    running = send()
      .then(() => {
        failures = 0;
      }, fail)
      .finally(() => {
        running = undefined;
      });
  };
  return {
    begin(given) {
      send = given;
      timer = setInterval(kick, everyMs).unref();
    },
    kick,
    async end(last) {
      clearInterval(timer);
      const limit = setTimeout(abort, patience ?? (failures > 0 ? lessPatience : usualPatience));
      try {
        await running;
        return send && !isOver ? await last() : undefined;
      } catch (error) {
        fail(error);
        return undefined;
      } finally {
        clearTimeout(limit);
      }
    },
  };
}
