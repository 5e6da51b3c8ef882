/** Sums up the trials of a study from the lines of its log. */
import { defined } from '../../base/util/defined.ts';
import { validationsAt } from './halving.ts';
import type { JobRecord, Study, Trial } from './trial.ts';

/** Returns the metric of the weights that a run keeps, of those of its validations. */
export function keptValue(values: readonly number[], stops: boolean): number | undefined {
  if (values.length === 0) return undefined;
  return stops ? values.reduce((best, value) => Math.max(best, value)) : values.at(-1);
}

/** By number, as far as their search jobs came. */
export function trialsOf(records: readonly JobRecord[], { rungs, stops }: Pick<Study, 'rungs' | 'stops'>): Trial[] {
  const trials: Trial[] = [];
  for (const record of records) {
    if (record.kind !== 'search') continue;
    const { trial: number, settings, state, values, seconds, message, rung = 0, validations = 0 } = record;
    const earlierTrial = trials[number];
    const point = record.point ?? earlierTrial?.point;
    const hasFailed = state === 'failed' || state === 'invalid';
    const byRung = Array.from({ length: rung + 1 }, (_, at) =>
      keptValue(values.slice(0, validationsAt(at, rungs, validations)), stops),
    );
    trials[number] = {
      number,
      settings,
      state,
      values: hasFailed || byRung.includes(undefined) ? [] : (byRung as number[]),
      validations: values,
      seconds: seconds + (earlierTrial?.seconds ?? 0),
      ...defined({ point, message }),
    };
  }
  return trials;
}

export interface Finalist {
  readonly trial: number;
  readonly values: readonly number[];
  readonly mean: number;
}

/** Returns those whose runs all came to a value, the best mean first. */
export function finalistsOf(records: readonly JobRecord[]): readonly Finalist[] {
  const byTrial = new Map<number, (number | undefined)[]>();
  for (const { kind, trial, value } of records) {
    if (kind === 'final') byTrial.set(trial, [...(byTrial.get(trial) ?? []), value]);
  }
  return [...byTrial]
    .flatMap(([trial, values]): Finalist[] => {
      if (values.includes(undefined)) return [];
      const allValues = values as number[];
      return [{ trial, values: allValues, mean: allValues.reduce((sum, value) => sum + value, 0) / allValues.length }];
    })
    .sort((a, b) => b.mean - a.mean || a.trial - b.trial);
}
