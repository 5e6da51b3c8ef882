/** Rows that a task sees a second time, other events in their place, and which of them are no negatives. */
import { describe, expect, test } from 'vitest';
import type { BagColumn } from '../../../src/data/dataset.ts';
import type { InputSource, ViewRows } from '../../../src/graph/plan/plan.ts';
import fc from '../../fast_check.ts';
import { events, feederOf } from './fixtures.ts';

const view = (more: Partial<ViewRows> = {}): ViewRows => ({ kind: 'views', task: 'alike', view: 1, ...more });
const mask = (rows: ViewRows): InputSource => ({ from: 'mask', feature: 'history', rows });
const positions: InputSource = { from: 'mask', feature: 'history', rows: { kind: 'sequences', feature: 'history' } };

function rowsOf(rows: ViewRows, batch: readonly number[], step = 1, more: Record<string, InputSource> = {}): number[] {
  const feeder = feederOf({ x: mask(rows), ...more });
  feeder.inputs(Int32Array.from(batch), step, { rate: 0.01 });
  return [...feeder.rowsOf(rows)];
}

function numbersOf(rows: ViewRows, batch: readonly number[], key?: string): number[] {
  const source = { from: 'view_numbers', rows, ...(key === undefined ? {} : { key }) } as const;
  return [...feederOf({ x: source }).inputs(Int32Array.from(batch), 1, { rate: 0.01 }).x!.data];
}

describe('views', () => {
  test('are the rows whose list is not empty, or all', () => {
    expect(rowsOf(view({ list: 'history' }), [0, 5, 2, 4, 1])).toEqual([5, 1]);
    expect(rowsOf(view(), [0, 5, 2])).toEqual([0, 5, 2]);
  });

  test('are one row where no list has an element, because no tensor may be empty', () => {
    expect(rowsOf(view({ list: 'history' }), [4, 2, 0])).toEqual([4]);
  });

  test('are the sequences where the targets are positions', () => {
    expect(rowsOf(view({ list: 'history' }), [5, 1, 3], 1, { positions })).toEqual([5, 1, 3]);
  });
});

describe('views of other events with the same item', () => {
  const twin = view({ view: 2, sameItem: true });

  test('are each time another event with it, or the event itself where there is none', () => {
    const seen = new Set<number>();
    for (let step = 1; step <= 40; step++) {
      const [first, alone, missing] = rowsOf(twin, [0, 1, 4], step);
      seen.add(first!);
      expect([alone, missing]).toEqual([1, 4]);
    }
    expect([...seen].sort()).toEqual([2, 5]);
  });

  test('have a list', () => {
    for (let step = 1; step <= 20; step++) expect(rowsOf({ ...twin, list: 'history' }, [5, 1], step)).toEqual([5, 1]);
  });

  test('follow from the step', () => {
    const batch = new Array(30).fill(0);
    expect(rowsOf(twin, batch, 3)).toEqual(rowsOf(twin, batch, 3));
    expect(rowsOf(twin, batch, 3)).not.toEqual(rowsOf(twin, batch, 4));
  });
});

test('views have the same number where they have the same user, or the same item where a key is given', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 9 }), fc.boolean(), (batch, byItem) => {
      const { item, user } = events;
      const isAlike = (a: number, b: number): boolean => (byItem ? item[a] === item[b] : user[a] === user[b]);
      const numbers = numbersOf(view(), batch, byItem ? 'movie_id' : undefined);
      expect(numbers.map((one) => numbers.map((other) => one === other))).toEqual(
        batch.map((a) => batch.map((b) => isAlike(a, b))),
      );
    }),
  );
});

test('a part has the views whose list fits it, with their places, and padding where there are none', () => {
  const part = (length: number): ViewRows => view({ list: 'history', length });
  const inputs = Object.fromEntries(
    [1, 2, 3].flatMap((length) =>
      (['part_places', 'part_known'] as const).map((from) => [`${from}_${length}`, { from, rows: part(length) }]),
    ),
  ) as Record<string, InputSource>;
  const feeder = feederOf({ ...inputs, positions });
  const fed = feeder.inputs(Int32Array.of(5, 1, 3), 1, { rate: 0.01 });
  const of = (name: string): number[] => [...fed[name]!.data];
  const lengths = events.features.get('history')!.column as BagColumn;
  for (const length of [1, 2, 3]) {
    const expected = [5, 1, 3].filter((event) => lengths.ends[event]! - lengths.starts[event]! === length);
    expect([...feeder.rowsOf(part(length))]).toEqual(expected.length > 0 ? expected : [5]);
    expect(of(`part_known_${length}`)).toEqual(expected.length > 0 ? expected.map(() => 1) : [0]);
    expect(of(`part_places_${length}`)).toEqual(
      expected.length > 0 ? expected.map((event) => [5, 1, 3].indexOf(event)) : [0],
    );
  }
});
