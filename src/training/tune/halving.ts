/**
 * Asynchronous successive halving (Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020): every trial begins
 * with few epochs, and the best share of each rung goes on to the next. Decisions follow from the results alone.
 */
import type { Trial, TrialJob } from './trial.ts';

/** One in so many trials of a rung goes on. */
const halvingFactor = 3;

/** Rungs of a run with so many validations: the last is the whole run. At most 3 before it. */
export function rungsOf(validations: number, halves: boolean): number {
  if (!halves) return 1;
  return 1 + Math.min(3, Math.max(0, Math.floor(Math.log(validations) / Math.log(halvingFactor) + 1e-9)));
}

/** Counts the validations that a run has at a rung. */
export function validationsAt(rung: number, rungs: number, validations: number): number {
  return Math.max(Math.min(1, validations), Math.ceil(validations / halvingFactor ** (rungs - 1 - rung)));
}

export interface HalvingState {
  readonly rungs: number;
  readonly trials: readonly Trial[];
  /** Trial → the last rung that it was sent to. */
  readonly sent: ReadonlyMap<number, number>;
  readonly more: boolean;
  /** True if nothing is running: the results will not change by themselves. */
  readonly settled: boolean;
}

/** Promotes a trial first, then begins a new one. Undefined where there is neither. */
export function decide({
  rungs,
  trials,
  sent,
  more,
  settled,
}: HalvingState): Pick<TrialJob, 'trial' | 'rung'> | undefined {
  // The file as it is written is trained whole, whatever it scores: the winner is compared with it.
  if (!sent.has(0)) return { trial: 0, rung: rungs - 1 };
  for (let rung = rungs - 2; rung >= 0; rung--) {
    const rankedTrials = rankedAt(trials, rung);
    const best = rankedTrials.slice(0, Math.floor(rankedTrials.length / halvingFactor));
    const promoted = best.find((trial) => sent.get(trial.number)! <= rung);
    if (promoted) return { trial: promoted.number, rung: rung + 1 };
  }
  if (more) return { trial: sent.size, rung: 0 };
  if (!settled) return undefined;
  // A small study promotes one at least, so that some trial besides the first is trained whole.
  for (let rung = 0; rung < rungs - 1; rung++) {
    const hasPromotion = [...sent].some(([trial, to]) => trial > 0 && to > rung);
    const best = rankedAt(trials, rung).find(({ number }) => number > 0);
    if (!hasPromotion && best) return { trial: best.number, rung: rung + 1 };
  }
  return undefined;
}

/** Returns the trials that came to a rung, the best first. */
function rankedAt(trials: readonly Trial[], rung: number): readonly Trial[] {
  return trials
    .filter(({ state, values }) => state !== 'failed' && state !== 'invalid' && values.length > rung)
    .sort((a, b) => b.values[rung]! - a.values[rung]! || a.number - b.number);
}

/** All trials with a result, the best first: those of higher rungs, then by value; those that failed last. */
export function ranked(trials: readonly Trial[]): readonly Trial[] {
  const rank = ({ state, values }: Trial): number => (state === 'failed' || state === 'invalid' ? -1 : values.length);
  return [...trials].sort(
    (a, b) => rank(b) - rank(a) || (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0) || a.number - b.number,
  );
}
