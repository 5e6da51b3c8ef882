/** The lists of a batch, each once, and where its rows' lists end in them. */
import { describe, expect, it } from 'vitest';
import { makeSequences } from '../../../src/training/feed/groups.ts';
import { windowsOf } from '../../../src/training/feed/windows.ts';
import { bags, eventRows, events, feederOf } from './fixtures.ts';

const sequences = { kind: 'sequences', feature: 'history' } as const;

describe('the sequences of a batch', () => {
  const windows = windowsOf(events.features.get('history')!, events.rows);

  it('are each window once, with a place among all elements for each row', () => {
    const of = makeSequences(windows, 3);
    const { rows, places } = of(Int32Array.of(5, 1, 3));
    expect([...rows]).toEqual([5, 1, 3]);
    expect([...places]).toEqual([0, 3, 6]);
    expect([...of(Int32Array.of(3)).places]).toEqual([0]);
  });

  it('are not those of an event without a list', () => {
    expect(() => makeSequences(windows, 3)(Int32Array.of(0))).toThrow('without a list');
  });
});

describe('a feeder of positions', () => {
  const longer = {
    ...events,
    features: new Map([
      ...events.features,
      [
        'history',
        {
          column: { ...bags([1, 3, 2]), starts: new Int32Array(6), ends: Int32Array.of(1, 2, 3, 3, 0, 2) },
        },
      ],
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
