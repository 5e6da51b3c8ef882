/** The lists of a batch, each once, and where its rows' lists end in them. */
import { describe, expect, it } from 'vitest';
import { windowsOf } from '../../../src/data/rows/windows.ts';
import { makeSequences } from '../../../src/training/feed/batch_lists.ts';
import { makePlaceDraw } from '../../../src/training/feed/draws.ts';
import { bags, eventRows, events, feederOf } from './fixtures.ts';

const sequences = { kind: 'sequences', feature: 'history' } as const;

describe('the sequences of a batch', () => {
  const windows = windowsOf(events.features.get('history')!, events.rows);

  it('are each window once, with a place among all elements for each row', () => {
    const of = makeSequences(windows, 3);
    const { rows, positions: places } = of(Int32Array.of(5, 1, 3));
    expect([...rows]).toEqual([5, 1, 3]);
    expect([...places]).toEqual([0, 3, 6]);
    expect([...of(Int32Array.of(3)).positions]).toEqual([0]);
  });

  it('are not those of an event without a list', () => {
    expect(() => makeSequences(windows, 3)(Int32Array.of(0))).toThrow('without a list');
  });
});

describe('a position that an event is a target of, some before it', () => {
  // One user with 20 events: event i has a list of i elements.
  const column = { ...bags([]), starts: new Int32Array(20), ends: Int32Array.from({ length: 20 }, (_, at) => at) };
  const windows = windowsOf({ column }, 20);

  it('is one of the last `ahead`, each about as often, and never before the first', () => {
    const placeOf = makePlaceDraw(windows, 4, 7);
    const steps = Array.from({ length: 4000 }, (_, at) => at + 1);
    const counts = new Map<number, number>();
    for (const step of steps) counts.set(placeOf(10, step), (counts.get(placeOf(10, step)) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([6, 7, 8, 9]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
    expect(new Set(steps.map((step) => placeOf(2, step)))).toEqual(new Set([0, 1]));
    expect(new Set(steps.map((step) => placeOf(1, step)))).toEqual(new Set([0]));
  });

  it('follows from the seed, the step and the event, in whichever batch it is', () => {
    const placesOf = (seed: number, batch: number[], step: number) => [
      ...makeSequences(windows, 20, makePlaceDraw(windows, 8, seed))(Int32Array.from(batch), step).positions,
    ];
    const all = Array.from({ length: 12 }, (_, at) => at + 8);
    expect(placesOf(1, all.slice(5), 3)).toEqual(placesOf(1, all, 3).slice(5));
    expect(placesOf(1, all, 3)).not.toEqual(placesOf(1, all, 4));
    expect(placesOf(1, all, 3)).not.toEqual(placesOf(2, all, 3));
  });

  it('is the one just before it by default', () => {
    expect(makePlaceDraw(windows, undefined, 7)(10, 1)).toBe(9);
  });
});

describe('a feeder of positions', () => {
  const longer = {
    ...events,
    features: new Map([
      ...events.features,
      ['history', { column: { ...bags([1, 3, 2]), starts: new Int32Array(6), ends: Int32Array.of(1, 2, 3, 3, 0, 2) } }],
    ]),
  };

  it('gives lists of the windows, and the newest element of each row', () => {
    const feeder = feederOf(
      {
        list: { from: 'sequence', feature: 'history', rows: sequences },
        mask: { from: 'mask', feature: 'history', rows: sequences },
        newest: { from: 'newest' },
        user: { from: 'embedding', feature: 'user_id', pool: 'none', rows: eventRows },
      },
      { events: longer },
    );
    const inputs = feeder.inputs(Int32Array.of(0, 1, 3), 1, { rate: 0.01 });
    expect(inputs.list!.shape).toEqual([1, 3, 2]);
    expect([...inputs.list!.data]).toEqual([1, 10, 3, 30, 2, 20]);
    expect([...inputs.mask!.data]).toEqual([1, 1, 1]);
    expect(inputs.newest).toMatchObject({ dtype: 'int32', shape: [3] });
    expect([...inputs.newest!.data]).toEqual([0, 1, 2]);
    expect(inputs.user!.shape).toEqual([3, 2]);
    expect([...feeder.rowsOf(sequences)]).toEqual([2]);
  });
});
