import { expect, it } from 'vitest';
import { type DayOfUse, type DaysOfUse, keptDays, sectionOfDays } from '../../../scripts/study/days.ts';

const at = (mean: number, reach = 0.01) => ({ mean, low: mean - reach, high: mean + reach });

const day = (events: number, eventsOnly: number, loop: number): DayOfUse => ({
  ...{ events, eventsOnly: at(eventsOnly), loop: at(loop), whole: at(0.5), difference: at(loop - eventsOnly) },
  ...{ popularity: at(0.1), linear: at(0.2), outcome: 'published', seconds: 3 },
});

const films: DaysOfUse = {
  ...{
    format: 'tower-days-2',
    set: 'films',
    day: 'A day is a day.',
    model: 'deep',
    settings: { epochs: '2' },
    seed: 1,
  },
  ...{ metric: 'recall@10', linear: 'ease', machine: 'a machine' },
  days: [day(1_000, 0.3, 0.3), day(3_000, 0.3, 0.34), day(1_000, 0.4, 0.38)],
};

it('shows each day, the mean over all events with its interval, and on how many days the loop differs', () => {
  const section = sectionOfDays([films]);
  expect(section).toContain(
    '| 2 | 3,000 | 0.3000 | 0.3400 | +0.0400 [+0.0300, +0.0500] | 0.5000 | 0.1000 | 0.2000 | published |',
  );
  // √(.2² + .6² + .2²) of .01.
  expect(section).toContain(
    '| all | 5,000 | 0.3200 | 0.3400 | +0.0200 [+0.0134, +0.0266] | 0.5000 | 0.1000 | 0.2000 |  |',
  );
  expect(section).toContain(
    'worse than events only by more than the interval on 1 of 3 days, and better by more than it on 1.',
  );
});

it('has the days of the sets that were replayed', () => {
  for (const kept of keptDays('docs/results/days')) expect(kept.format).toBe('tower-days-2');
});
