/** Which values enter a vocabulary, which leave, and what is counted from run to run. */
import { describe, expect, it } from 'vitest';
import { packTexts } from '../../../src/base/text/texts.ts';
import { type Admitted, admit, mapCodes } from '../../../src/data/columns/admission.ts';
import { limitMaps } from '../../small_maps.ts';

const day = 86_400;
/** Occurrences of one day: a letter is a value, as often as it comes. */
function on(number: number, letters: string, now = number): Parameters<typeof admit>[1] {
  const texts = ['', ...new Set(letters)];
  const counts = texts.map((text) => (text === '' ? 0 : [...letters].filter((each) => each === text).length));
  return { texts, counts, lastSeen: texts.map(() => number * day), now: now * day };
}
const days = (rule: Parameters<typeof admit>[0], ...all: Parameters<typeof admit>[1][]) =>
  shown(all.reduce<Admitted | undefined>((before, each) => admit(rule, each, before), undefined)!);

const shown = ({ values, admission: { seen, waiting } }: Admitted) => ({
  values: [...values],
  ...(seen ? { seen: [...seen] } : {}),
  waiting: [...waiting.values].map((value, at) => [value, waiting.eventCounts[at], waiting.seen[at]]),
});

describe('admission', () => {
  it('of the first run is that of a vocabulary: frequent values first, then by name', () => {
    expect(days({ minimumCount: 2 }, on(1, 'bbaaacd')).values).toEqual(['a', 'b']);
  });

  it('counts over all runs, and appends what enters in the order of its counts', () => {
    const { values, waiting } = days({ minimumCount: 3 }, on(1, 'aaabbcd'), on(2, 'bccddde'));
    expect(values).toEqual(['a', 'd', 'b', 'c']);
    expect(waiting).toEqual([['e', 1, 2 * day]]);
  });

  it('keeps what was admitted, however rare it is later', () => {
    expect(days({ minimumCount: 2 }, on(1, 'aabb'), on(2, 'cc'), on(3, '')).values).toEqual(['a', 'b', 'c']);
  });
});

describe('eviction', () => {
  const rule = { minimumCount: 1, expireDays: 5 };

  it('takes out what was not seen for so many days, and keeps the order of the others', () => {
    const { values, seen } = days(rule, on(1, 'abc'), on(4, 'c'), on(8, 'dd'));
    expect(values).toEqual(['c', 'd']);
    expect(seen).toEqual([4 * day, 8 * day]);
  });

  it('holds on the day itself, and of values that wait', () => {
    expect(days(rule, on(1, 'a'), on(6, 'b')).values).toEqual(['a', 'b']);
    const rare = { minimumCount: 2, expireDays: 5 };
    expect(days(rare, on(1, 'a'), on(7, 'ab')).values).toEqual([]);
    expect(days(rare, on(3, 'a'), on(7, 'ab')).values).toEqual(['a']);
  });

  it('lets a value in again as a new one, which counts from nothing', () => {
    const rare = { minimumCount: 2, expireDays: 2 };
    const again = days(rare, on(1, 'aabb'), on(5, 'bb'), on(6, 'a'));
    expect(again.values).toEqual(['b']);
    expect(days(rare, on(1, 'aabb'), on(4, 'bb'), on(5, 'a'), on(6, 'ab')).values).toEqual(['b', 'a']);
  });

  it('without times of an earlier version takes all values as seen now', () => {
    expect(shown(admit(rule, on(9, 'b'), { values: ['a'] })).values).toEqual(['a', 'b']);
  });
});

describe('more values than a Map holds', () => {
  it('are counted, admitted and kept', () => {
    const texts = packTexts(['', ...Array.from({ length: 300 }, (_, at) => `v${at}`)]);
    const count = (events: number, from: number) => ({
      texts,
      counts: Array.from({ length: 301 }, (_, at) => (at < from ? 0 : events)),
      lastSeen: new Float64Array(301),
      now: 0,
    });
    limitMaps(100);
    const { values, waiting } = days({ minimumCount: 3 }, count(1, 0), count(2, 151));
    expect([values.length, waiting.length]).toEqual([150, 150]);
    expect(values).toEqual([...values].sort());
    expect(waiting.map(([value]) => value)).toEqual(waiting.map(([value]) => value).sort());
  });
});

it('a map says what became of each code where some values have left', () => {
  expect(mapCodes(['a', 'b', 'c'], ['a', 'b', 'c', 'd'])).toBeUndefined();
  expect(mapCodes(['a', 'b', 'c'], ['a', 'c', 'd'])).toEqual([0, 1, null, 2]);
});
