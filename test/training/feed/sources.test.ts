import { describe, expect, test } from 'vitest';
import type { Events } from '../../../src/data/dataset.ts';
import fc from '../../fast_check.ts';
import { bags, corpus, eventRows, events, feederOf, numbersOf } from './fixtures.ts';

const sampled = { kind: 'sampled', perRow: 3, by: 'uniform' } as const;

describe('embedding', () => {
  test('one row of the table a code', () => {
    const source = { from: 'embedding', feature: 'movie_id', pool: 'none', rows: eventRows } as const;
    expect(numbersOf(source, [1, 5, 4])).toEqual({ dtype: 'float32', shape: [3, 2], data: [3, 30, 1, 10, 5, 50] });
  });

  test('bags of an item feature through the index from events to items; an empty bag is zeros', () => {
    const source = { from: 'embedding', feature: 'genres', pool: 'mean', rows: eventRows } as const;
    expect(numbersOf(source, [0, 1, 3])).toEqual({
      dtype: 'float32',
      shape: [3, 2],
      data: [1.5, 15, 0, 0, Math.fround(5 / 3), Math.fround(50 / 3)],
    });
    expect(numbersOf({ ...source, pool: 'sum' }, [3]).data).toEqual([5, 50]);
  });

  test('windows that overlap on one timeline', () => {
    const source = { from: 'embedding', feature: 'history', pool: 'sum', rows: eventRows } as const;
    expect(numbersOf(source, [5, 0, 3]).data).toEqual([5, 50, 0, 0, 1, 10]);
  });

  test('sampled rows read the corpus, the negatives of row 0 first', () => {
    const feeder = feederOf({
      x: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: sampled },
      y: { from: 'numbers', feature: 'year', rows: sampled },
    });
    const { x, y } = feeder.inputs(Int32Array.of(0, 1), 7, { rate: 1 });
    expect(x!.shape).toEqual([6, 2]);
    expect(y!.shape).toEqual([6, 1]);
    // Both inputs see the same drawing: movie_id's code is the row + 1, its year a tenth of that.
    for (let i = 0; i < 6; i++) expect(y!.data[i]).toBe(Math.fround(x!.data[2 * i]! / 10));
  });

  test.each([-1, 4])('an index to row %i of a column of 4 rows is our bug, and says so', (row) => {
    const { column } = events.features.get('year')!;
    const index = Int32Array.of(0, 0, row, 0, 0, 0);
    const wrong: Events = { ...events, features: new Map(events.features).set('year', { column, index }) };
    const source = { from: 'numbers', feature: 'year', rows: eventRows } as const;
    expect(() => numbersOf(source, [0], 1, { events: wrong })).toThrow(`row 2 of year is row ${row} of a column of 4`);
  });

  test('a bag longer than its feature allows is our bug, and says so', () => {
    const longer: Events = {
      ...events,
      features: new Map(events.features).set('history', { column: bags([1, 2, 3, 4]) }),
    };
    const source = { from: 'embedding', feature: 'history', pool: 'sum', rows: eventRows } as const;
    expect(() => numbersOf(source, [0], 1, { events: longer })).toThrow('a bag of history has 4 elements');
  });
});

test('a sequence and its mask', () => {
  const rows = [1, 0, 5];
  expect(numbersOf({ from: 'sequence', feature: 'history', rows: eventRows }, rows)).toEqual({
    dtype: 'float32',
    shape: [3, 3, 2],
    data: [1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 50, 0, 0, 0, 0],
  });
  expect(numbersOf({ from: 'mask', feature: 'history', rows: eventRows }, rows)).toEqual({
    dtype: 'float32',
    shape: [3, 3],
    data: [1, 0, 0, 0, 0, 0, 1, 0, 0],
  });
});

test('numbers and labels, also of fewer rows after more', () => {
  const feeder = feederOf({
    year: { from: 'numbers', feature: 'year', rows: eventRows },
    picture: { from: 'numbers', feature: 'picture', rows: eventRows },
    liked: { from: 'label', label: 'liked' },
  });
  feeder.inputs(Int32Array.of(5, 4, 3, 2, 1, 0), 1, { rate: 1 });
  const { year, picture, liked } = feeder.inputs(Int32Array.of(3, 1), 2, { rate: 1 });
  expect(year).toEqual({ dtype: 'float32', shape: [2, 1], data: Float32Array.of(0.4, 0.3) });
  expect(picture).toEqual({ dtype: 'float32', shape: [2, 3], data: Float32Array.of(9, 10, 11, 6, 7, 8) });
  expect(liked).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 0) });
});

test('the rate and the step are scalars', () => {
  expect(numbersOf({ from: 'rate', optimizer: 'dense' }, [0], 3)).toEqual({
    dtype: 'float32',
    shape: [],
    data: [Math.fround(0.01)],
  });
  expect(numbersOf({ from: 'step' }, [0], 3)).toEqual({ dtype: 'float32', shape: [], data: [3] });
});

describe('log q by frequency', () => {
  const source = { from: 'log_q', key: 'movie_id', estimator: 'frequency', rows: eventRows } as const;

  test('the log of the share of training events; an item that was never counted counts once', () => {
    const log = (share: number): number => Math.fround(Math.log(share));
    const { shape, data } = numbersOf(source, [0, 1, 4]);
    expect(shape).toEqual([3]);
    expect(data[0]).toBeCloseTo(log(3 / 5), 6);
    expect(data[1]).toBeCloseTo(log(1 / 5), 6);
    expect(data[2]).toBeCloseTo(log(1 / 5), 6);
  });

  test('counts the new events alone where a run goes on from an earlier one', () => {
    const { data } = numbersOf(source, [0, 1], 1, { events: { ...events, fresh: Int32Array.of(0, 1) } });
    expect(data).toEqual([Math.fround(Math.log(0.5)), Math.fround(Math.log(0.5))]);
  });

  test('with replay counts earlier events as often as an epoch has them on average', () => {
    const { rows, item } = events;
    const fresh = Int32Array.of(0, 1);
    const trainingCounts = new Int32Array(4);
    for (const each of item) trainingCounts[each]!++;
    const { data } = numbersOf(source, [...item.keys()], 1, {
      events: { ...events, fresh, replay: 1 },
      corpus: { ...corpus, trainingCounts },
    });
    // Two of the earlier events join an epoch of the two new ones.
    const share = 2 / (rows - 2);
    const total = item.reduce((sum, each, row) => sum + (each < 0 ? 0 : row < 2 ? 1 : share), 0);
    const expected = [...item].map((each) => {
      const had = [...item].map((other, row) => (other === each ? (row < 2 ? 1 : share) : 0));
      return Math.fround(Math.log((each < 0 ? share : had.reduce((sum, one) => sum + one)) / total));
    });
    expect(data.map((value) => value.toFixed(5))).toEqual(expected.map((value) => value.toFixed(5)));
  });

  test('stays finite where nothing was counted at all', () => {
    const { data } = numbersOf(source, [0, 4], 1, { corpus: { ...corpus, trainingCounts: new Int32Array(4) } });
    expect(data).toEqual([0, 0]);
  });

  test('of sampled rows, by their corpus rows', () => {
    const feeder = feederOf({
      q: { ...source, rows: sampled },
      x: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: sampled },
    });
    const { q, x } = feeder.inputs(Int32Array.of(0, 1, 2, 3), 1, { rate: 1 });
    const counts = corpus.trainingCounts;
    for (let i = 0; i < 12; i++) {
      expect(q!.data[i]).toBeCloseTo(Math.log(Math.max(1, counts[x!.data[2 * i]! - 1]!) / 5), 6);
    }
  });
});

describe('log q by streaming', () => {
  const source = { from: 'log_q', key: 'movie_id', estimator: 'streaming', rows: eventRows } as const;

  test('begins from all items alike (4 items, batch 4: a gap of 1) and follows the published update', () => {
    const feeder = feederOf({ q: source });
    feeder.inputs(Int32Array.of(0, 1), 1, { rate: 1 });
    const { q } = feeder.inputs(Int32Array.of(1, 4), 4, { rate: 1 });
    // Row 1's item: 0.95 · 1 + 0.05 · (1 − 0) = 1, then 0.95 + 0.05 · (4 − 1); row 4's is new: 0.95 + 0.05 · 4.
    expect(q!.data[0]).toBeCloseTo(-Math.log(0.95 + 0.15), 6);
    expect(q!.data[1]).toBeCloseTo(-Math.log(0.95 + 0.2), 6);
  });

  test('is taken up from a checkpoint bit for bit', () => {
    const whole = feederOf({ q: source });
    const steps = [
      [0, 1, 2],
      [3, 4, 5],
      [0, 0, 1],
      [5, 2, 2],
      [1, 3, 0],
    ];
    const first = feederOf({ q: source });
    const second = feederOf({ q: source });
    for (let i = 0; i < 3; i++) first.inputs(Int32Array.from(steps[i]!), i + 1, { rate: 1 });
    second.load(Object.fromEntries(Object.entries(first.state()).map(([name, view]) => [name, view.slice()])));
    const ends = [whole, second].map((feeder) => {
      let last: ArrayLike<number> = [];
      steps.forEach((rows, i) => {
        if (feeder === whole || i >= 3) last = feeder.inputs(Int32Array.from(rows), i + 1, { rate: 1 }).q!.data.slice();
      });
      return last;
    });
    expect(ends[1]).toEqual(ends[0]);
    expect(second.state()).toEqual(whole.state());
  });
});

describe('accidental hits', () => {
  const source = { from: 'accidental_hits', key: 'movie_id', rows: eventRows } as const;

  test('pairs of rows with the same item, by row, then column, never a row with itself', () => {
    expect(numbersOf(source, [0, 1, 2, 5])).toEqual({
      dtype: 'int32',
      shape: [6, 2],
      data: [0, 2, 0, 3, 2, 0, 2, 3, 3, 0, 3, 2],
    });
    expect(numbersOf(source, [0, 1, 3])).toEqual({ dtype: 'int32', shape: [0, 2], data: [] });
  });

  test('an item that is missing in the corpus is known by its key', () => {
    expect(numbersOf(source, [4, 0, 4]).data).toEqual([0, 2, 2, 0]);
  });

  test('agree with comparing every pair, whatever the batch', () => {
    const many: Events = {
      ...events,
      rows: 300,
      features: new Map([
        ['movie_id', { column: { kind: 'codes', values: Int32Array.from({ length: 300 }, (_, i) => 5 + (i % 3)) } }],
      ]),
      item: Int32Array.from({ length: 300 }, (_, i) => ((i * i) % 29) - 1),
    };
    const feeder = feederOf({ hits: source }, { events: many });
    const same = (a: number, b: number): boolean =>
      many.item[a] === many.item[b] && (many.item[a] !== -1 || a % 3 === b % 3);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 299 }), { minLength: 1, maxLength: 90 }), (rows) => {
        const expected = rows.flatMap((a, i) => rows.flatMap((b, j) => (i !== j && same(a, b) ? [i, j] : [])));
        expect([...feeder.inputs(Int32Array.from(rows), 1, { rate: 1 }).hits!.data]).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test('of sampled rows: the place among the row’s own negatives', () => {
    const feeder = feederOf({
      hits: { ...source, rows: sampled },
      x: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: sampled },
    });
    let found = 0;
    for (let step = 1; step <= 20; step++) {
      const rows = Int32Array.of(0, 1, 4);
      const { hits, x } = feeder.inputs(rows, step, { rate: 1 });
      const expected = [...rows].flatMap((row, i) =>
        [0, 1, 2].flatMap((j) => (x!.data[2 * (3 * i + j)]! - 1 === events.item[row] ? [i, j] : [])),
      );
      expect([...hits!.data]).toEqual(expected);
      found += expected.length;
    }
    expect(found).toBeGreaterThan(10);
  });
});

describe('noise', () => {
  const source = { from: 'noise', width: 37 } as const;
  const rows = Array.from({ length: 100 }, (_, i) => i % 6);

  test('is uniform in [0, 1), the same for a seed and a step, other for other steps, seeds and inputs', () => {
    const { shape, data } = numbersOf(source, rows, 5);
    expect(shape).toEqual([100, 37]);
    expect(data.every((each) => each >= 0 && each < 1)).toBe(true);
    const mean = data.reduce((sum, each) => sum + each, 0) / data.length;
    // 4 standard deviations of the mean of 3700 uniform numbers.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / data.length));
    expect(numbersOf(source, rows, 5).data).toEqual(data);
    const both = feederOf({ x: source, y: source }, { seed: 2 }).inputs(Int32Array.from(rows), 5, { rate: 1 });
    for (const other of [numbersOf(source, rows, 6).data, [...both.x!.data], [...both.y!.data]]) {
      expect(other.filter((each, i) => each === data[i]).length).toBeLessThan(5);
    }
    expect([...both.x!.data].filter((each, i) => each === both.y!.data[i]).length).toBeLessThan(5);
  });

  test('for drawn rows there are as many rows as are drawn', () => {
    expect(numbersOf({ ...source, rows: sampled }, [0, 1]).shape).toEqual([6, 37]);
  });
});
