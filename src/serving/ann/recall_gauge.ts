/**
 * How right an index is on the queries that people send: one of N answers is computed again by the scan. It waits until the event loop is idle, so no request
 * waits for it, and it gives up where that takes too long. Only one answer waits at a time.
 */
import { performance } from 'node:perf_hooks';
import type { RecallGauge } from '../../engines/scan/approximate.ts';

export interface GaugeOptions {
  /** Checks one of so many answers. */
  readonly every?: number;
  /** Milliseconds between two looks at the event loop. */
  readonly pause?: number;
}

/** A loop that is busy for less than this share of a pause has time. */
const idle = 0.5;
/** Looks at the loop before an answer is given up. */
const mostLooks = 200;
/** Number of recalls in the mean: the last ones. */
const kept = 1000;

export function makeRecallGauge({ every = 100, pause = 20 }: GaugeOptions = {}): RecallGauge {
  const recalls: number[] = [];
  let offered = 0;
  let checked = 0;
  let isWaiting = false;

  const waitForIdle = (recall: () => number, looks = 0): void => {
    const loadBefore = performance.eventLoopUtilization();
    setTimeout(() => {
      if (performance.eventLoopUtilization(loadBefore).utilization < idle) {
        recalls.push(recall());
        if (recalls.length > kept) recalls.shift();
        checked++;
        isWaiting = false;
      } else if (looks < mostLooks) waitForIdle(recall, looks + 1);
      else isWaiting = false;
    }, pause).unref();
  };

  return {
    get checked() {
      return checked;
    },
    get recall() {
      return recalls.reduce((sum, each) => sum + each, 0) / recalls.length;
    },
    offer(recall) {
      offered++;
      if (isWaiting || (offered - 1) % every !== 0) return;
      isWaiting = true;
      waitForIdle(recall);
    },
  };
}
