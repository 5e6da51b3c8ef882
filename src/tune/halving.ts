/**
 * Asynchronous successive halving (Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020): every trial begins
 * with few epochs, and the best share of each rung goes on to the next. What is decided follows from the results alone.
 */
import type { Job, Trial } from './trial.ts';

/** Of each rung, one in so many goes on. */
const halvingFactor = 3;

/** Rungs of a run with so many validations: the last is the whole run. At most 3 before it. */
export function rungsOf(validations: number, halves: boolean): number {
  if (!halves) return 1;
  return 1 + Math.min(3, Math.max(0, Math.floor(Math.log(validations) / Math.log(halvingFactor) + 1e-9)));
}

/** How many validations a run has come to at a rung, of so many. */
export function valuesAt(rung: number, rungs: number, validations: number): number {
  return Math.max(Math.min(1, validations), Math.ceil(validations / halvingFactor ** (rungs - 1 - rung)));
}

export interface Decision {
  /** How many rungs there are. */
  readonly rungs: number;
  /** What is known, by number. */
  readonly trials: readonly Trial[];
  /** Trial → the last rung that it was sent to. */
  readonly sent: ReadonlyMap<number, number>;
  /** Whether new trials may begin. */
  readonly more: boolean;
  /** Whether nothing is running: what is known will not change by itself. */
  readonly settled: boolean;
}

/** What goes on, or begins: a promotion first, then a new trial. Nothing where there is neither. */
export function decide({ rungs, trials, sent, more, settled }: Decision): Pick<Job, 'trial' | 'rung'> | undefined {
  // The file as it is written is trained whole, whatever it scores: the winner is compared with it.
  if (!sent.has(0)) return { trial: 0, rung: rungs - 1 };
  for (let rung = rungs - 2; rung >= 0; rung--) {
    const there = rankedAt(trials, rung);
    const best = there.slice(0, Math.floor(there.length / halvingFactor));
    const next = best.find((trial) => sent.get(trial.number)! <= rung);
    if (next) return { trial: next.number, rung: rung + 1 };
  }
  if (more) return { trial: sent.size, rung: 0 };
  if (!settled) return undefined;
  // A small study promotes one at least, so that some trial besides the first is trained whole.
  for (let rung = 0; rung < rungs - 1; rung++) {
    const reached = [...sent].some(([trial, to]) => trial > 0 && to > rung);
    const best = rankedAt(trials, rung).find(({ number }) => number > 0);
    if (!reached && best) return { trial: best.number, rung: rung + 1 };
  }
  return undefined;
}

/** Those that came to a rung, the best first. */
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
