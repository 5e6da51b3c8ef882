/** Sends in the background: what fails is tried again, and what is sent is waited for at the end alone, for a few seconds. */
import { RequestRefused } from '../../../training/tracking/mlflow/client.ts';

export interface BackgroundOptions {
  /** Called once, with the reason of the first failure. */
  readonly onFailure: (reason: string) => void;
  /** Milliseconds that `end` waits for the server. Default: 10,000, or 2000 if the server has not answered before. */
  readonly patience?: number | undefined;
  readonly abort: () => void;
}

export interface BackgroundSender {
  /** Sends the news every few seconds from now on. */
  begin(send: () => Promise<unknown>): void;
  /** Sends now. */
  kick(): void;
  /** Undefined if the server does not have all, or if nothing began. */
  end<T>(last: () => Promise<T>): Promise<T | undefined>;
}

/** Milliseconds between two sends, and the longest backoff. */
const [everyMs, longestMs] = [5000, 60_000];
/** Milliseconds at the end, for a server that has answered, and for one that has not. */
const [usualPatience, lessPatience] = [10_000, 2000];

export function makeBackground({ onFailure, patience, abort }: BackgroundOptions): BackgroundSender {
  let send: (() => Promise<unknown>) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let [failures, nextTry, isOver, hasWarned] = [0, 0, false, false];

  /** No error of the server, or of what is sent, ends the training. */
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
      const endTimer = setTimeout(abort, patience ?? (failures > 0 ? lessPatience : usualPatience));
      try {
        await running;
        return send && !isOver ? await last() : undefined;
      } catch (error) {
        fail(error);
        return undefined;
      } finally {
        clearTimeout(endTimer);
      }
    },
  };
}
