/** The log of a study has a line for each piece of training that has ended. The state of a study follows from the lines. */

import type { Finalist, JobRecord, Study, Trial, TrialJob } from '../../app/api/tune.ts';
import { groupBy } from '../../base/util/objects.ts';

/** One out of this many trials of a rung goes on. */
const halvingFactor = 3;

/** Returns the number of rungs for a run with this many validations: the last rung is the whole run, and at most 3 come before it. */
export function rungsOf(validations: number, halves: boolean): number {
  if (!halves) return 1;
  return 1 + Math.min(3, Math.max(0, Math.floor(Math.log(validations) / Math.log(halvingFactor) + 1e-9)));
}

/** Returns the number of validations that a run has at a rung. */
export function validationsAt(rung: number, rungs: number, validations: number): number {
  return Math.max(Math.min(1, validations), Math.ceil(validations / halvingFactor ** (rungs - 1 - rung)));
}

interface HalvingState {
  readonly rungs: number;
  readonly trials: readonly Trial[];
  /** For each trial, the last rung that it was sent to. */
  readonly sent: ReadonlyMap<number, number>;
  readonly more: boolean;
  /** True if nothing is running: the results will not change by themselves. */
  readonly settled: boolean;
}

/**
 * Returns the next job by asynchronous successive halving (Li et al., MLSys 2020): every trial begins with few epochs, and the best share of each rung goes on
 * to the next. A promotion comes before a new trial; undefined if there is neither.
 */
export function decide(state: HalvingState): Pick<TrialJob, 'trial' | 'rung'> | undefined {
  const { rungs, trials, sent, more, settled } = state;
  // The unchanged file is trained to the end, regardless of its score, because the winner is compared with it.
  if (!sent.has(0)) return { trial: 0, rung: rungs - 1 };
  for (let rung = rungs - 2; rung >= 0; rung--) {
    const rankedTrials = rankedAt(trials, rung);
    const best = rankedTrials.slice(0, Math.floor(rankedTrials.length / halvingFactor));
    const promotedTrial = best.find((trial) => sent.get(trial.number)! <= rung);
    if (promotedTrial) return { trial: promotedTrial.number, rung: rung + 1 };
  }
  if (more) return { trial: sent.size, rung: 0 };
  if (!settled) return undefined;
  // A small study promotes at least one, so that another trial than the first is trained to the end.
  for (let rung = 0; rung < rungs - 1; rung++) {
    const hasPromotion = [...sent].some(([trial, to]) => trial > 0 && to > rung);
    const best = rankedAt(trials, rung).find(({ number }) => number > 0);
    if (!hasPromotion && best) return { trial: best.number, rung: rung + 1 };
  }
  return undefined;
}

/** Returns the trials that have reached a rung, the best first. */
function rankedAt(trials: readonly Trial[], rung: number): readonly Trial[] {
  return trials
    .filter(({ state, values }) => state !== 'failed' && state !== 'invalid' && values.length > rung)
    .sort((a, b) => b.values[rung]! - a.values[rung]! || a.number - b.number);
}

/** Returns all trials, the best first: those of higher rungs, then by value; those that failed last. */
export function ranked(trials: readonly Trial[]): readonly Trial[] {
  const rank = ({ state, values }: Trial): number => (state === 'failed' || state === 'invalid' ? -1 : values.length);
  return [...trials].sort(
    (a, b) => rank(b) - rank(a) || (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0) || a.number - b.number,
  );
}

/** Returns the metric of the weights that a run keeps: the best of its validations with `stop`, else the last. */
export function keptValue(values: readonly number[], stops: boolean): number | undefined {
  if (values.length === 0) return undefined;
  return stops ? values.reduce((best, value) => Math.max(best, value)) : values.at(-1);
}

/** Returns the trials by number, as far as their search jobs have come. */
export function trialsOf(records: readonly JobRecord[], { rungs, stops }: Pick<Study, 'rungs' | 'stops'>): Trial[] {
  const trials: Trial[] = [];
  for (const record of records) {
    if (record.kind !== 'search') continue;
    const { trial: number, settings, state, values, message, rung = 0, validations = 0 } = record;
    const earlierTrial = trials[number];
    const point = record.point ?? earlierTrial?.point;
    const hasFailed = state === 'failed' || state === 'invalid';
    const byRung = Array.from({ length: rung + 1 }, (_, index) =>
      keptValue(values.slice(0, validationsAt(index, rungs, validations)), stops),
    );
    const rungValues = hasFailed || byRung.includes(undefined) ? [] : (byRung as number[]);
    const seconds = record.seconds + (earlierTrial?.seconds ?? 0);
    trials[number] = { number, settings, state, values: rungValues, validations: values, seconds, point, message };
  }
  return trials;
}

/** Returns the finalists whose runs all have a value, the best mean first. */
export function finalistsOf(records: readonly JobRecord[]): readonly Finalist[] {
  const finalRecords = records.filter(({ kind }) => kind === 'final');
  return [...groupBy(finalRecords, ({ trial }) => trial)]
    .flatMap(([trial, trialRecords]): Finalist[] => {
      const values = trialRecords.flatMap(({ value }) => (value === undefined ? [] : [value]));
      if (values.length < trialRecords.length) return [];
      return [{ trial, values, mean: values.reduce((sum, value) => sum + value, 0) / values.length }];
    })
    .sort((a, b) => b.mean - a.mean || a.trial - b.trial);
}

/** Returns `rate=0.01 body=wide`. */
export const settingsLine = ({ settings }: Pick<Trial, 'settings'>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
