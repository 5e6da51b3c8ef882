import { describe, expect, it } from 'vitest';
import type { Trial } from '../../../src/app/api/tune.ts';
import { decide, ranked, rungsOf, validationsAt } from '../../../src/plugins/tune/study_log.ts';

const trial = (number: number, values: readonly number[], state: Trial['state'] = 'paused'): Trial => ({
  number,
  settings: {},
  state,
  values,
  validations: [],
  seconds: 0,
});

describe('rungs', () => {
  it.each([
    [1, [1]],
    [2, [2]],
    [3, [1, 3]],
    [9, [1, 3, 9]],
    [20, [3, 7, 20]],
    [27, [1, 3, 9, 27]],
    [300, [12, 34, 100, 300]],
  ])('of %i validations', (validations, at) => {
    const rungs = rungsOf(validations, true);
    expect(Array.from({ length: rungs }, (_, rung) => validationsAt(rung, rungs, validations))).toEqual(at);
  });
  it('are one without halving', () => expect([rungsOf(27, false), validationsAt(0, 1, 27)]).toEqual([1, 27]));
});

describe('what goes on', () => {
  const sentOf = (...rungs: number[]): Map<number, number> => new Map(rungs.entries());
  const base = { rungs: 2, more: true, settled: true };

  it('is the whole file first, then new trials', () => {
    expect(decide({ ...base, trials: [], sent: new Map() })).toEqual({ trial: 0, rung: 1 });
    expect(decide({ ...base, trials: [trial(0, [0.5, 0.6], 'done')], sent: sentOf(1) })).toEqual({ trial: 1, rung: 0 });
  });

  it('is the best third of a rung, once', () => {
    const trials = [trial(0, [0.1, 0.1], 'done'), trial(1, [0.3]), trial(2, [0.2])];
    expect(decide({ ...base, trials, sent: sentOf(1, 0, 0) })).toEqual({ trial: 1, rung: 1 });
    expect(decide({ ...base, trials, sent: sentOf(1, 1, 0) })).toEqual({ trial: 3, rung: 0 });
    expect(decide({ ...base, trials, sent: sentOf(1, 1, 0), more: false })).toBeUndefined();
  });

  it('is never one that failed', () => {
    const trials = [trial(0, [0.1, 0.1], 'done'), trial(1, [], 'failed'), trial(2, [], 'invalid'), trial(3, [0])];
    expect(decide({ ...base, trials, sent: sentOf(1, 0, 0, 0), more: false })).toEqual({ trial: 3, rung: 1 });
    expect(decide({ ...base, trials: trials.slice(0, 3), sent: sentOf(1, 0, 0), more: false })).toBeUndefined();
  });

  it('is one at least of a small study, once nothing runs any more', () => {
    const trials = [trial(0, [0.9, 0.9], 'done'), trial(1, [0.2])];
    const asked = { ...base, trials, sent: sentOf(1, 0), more: false };
    expect(decide({ ...asked, settled: false })).toBeUndefined();
    expect(decide(asked)).toEqual({ trial: 1, rung: 1 });
  });
});

it('trials of higher rungs are ranked before others, and those that failed last', () => {
  const all = [trial(0, [0.1, 0.2], 'done'), trial(1, [0.9]), trial(2, [], 'failed'), trial(3, [0.5, 0.6], 'done')];
  expect(ranked(all).map(({ number }) => number)).toEqual([3, 0, 1, 2]);
});
