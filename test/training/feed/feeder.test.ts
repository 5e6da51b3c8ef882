import { describe, expect, test } from 'vitest';
import type { Tensors } from '../../../src/engines/engine.ts';
import { makeRowFeeder } from '../../../src/training/feed/feeder.ts';
import { optimizerPlan, sameBits } from '../embedding/fixtures.ts';
import { bags, corpus, eventRows, features, feederOf, makeTables, planOf } from './fixtures.ts';

const inputs = {
  user: { from: 'embedding', feature: 'user_id', pool: 'none', rows: eventRows },
  history: { from: 'embedding', feature: 'history', pool: 'mean', rows: eventRows },
  sequence: { from: 'sequence', feature: 'history', rows: eventRows },
  movie: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: eventRows },
  negatives: {
    from: 'embedding',
    feature: 'movie_id',
    pool: 'none',
    rows: { kind: 'sampled', perRow: 2, by: 'frequency' },
  },
} as const;

const gradient = (...data: readonly number[]): Tensors[string] => ({
  dtype: 'float32',
  shape: [data.length],
  data: Float32Array.from(data),
});

describe('apply', () => {
  test('gradients of two inputs on one table move each row once', () => {
    const tables = makeTables();
    const { user, movie, history } = inputs;
    const feeder = feederOf({ user, movie, history }, { tables });
    // Event 5: user 3, movie 1, history [5]; event 3: user 2, movie 4, history [1].
    feeder.inputs(Int32Array.of(5, 3), 1, { rate: 1 });
    feeder.apply(
      {
        'gradient:user': gradient(1, 0, 0, 1),
        'gradient:movie': gradient(1, 2, 3, 4),
        'gradient:history': gradient(5, 6, 7, 8),
      },
      0.5,
    );
    // Rate 0.1 × 0.5. Movie 1 gets (1, 2) + (7, 8), movie 4 (3, 4), movie 5 (5, 6).
    const moved = (name: string): number[] => [...tables.get(name)!.values()].map((each) => +each.toFixed(5));
    expect(moved('movie_id')).toEqual([0, 0, 0.6, 9.5, 2, 20, 3, 30, 3.85, 39.8, 4.75, 49.7]);
    expect(moved('user_id')).toEqual([0, 0, 1, 10, 2, 19.95, 2.95, 30]);
  });

  test('a gradient that the step does not give is our bug, and says which', () => {
    const feeder = feederOf({ user: inputs.user });
    feeder.inputs(Int32Array.of(0), 1, { rate: 1 });
    expect(() => feeder.apply({})).toThrow('no gradient of input user');
  });
});

test('draws within a feature are of the items of the batch, for all inputs that read them', () => {
  const codes = { kind: 'codes', values: Int32Array.of(1, 2, 2, 1) } as const;
  const divided = {
    ...corpus,
    trainingCounts: Int32Array.of(1, 1, 1, 1),
    features: new Map([...corpus.features, ['market', { column: codes }]]),
  };
  const rows = { kind: 'sampled', perRow: 2, by: 'uniform', within: 'market' } as const;
  const source = { from: 'embedding', feature: 'movie_id', pool: 'none', rows } as const;
  const feeder = feederOf({ negatives: source }, { corpus: divided });
  // Items 0 and 3 share a market, and so do 1 and 2.
  const { negatives } = feeder.inputs(Int32Array.of(0, 1, 3), 1, { rate: 1 });
  expect([...feeder.rowsOf(rows)]).toEqual([3, 3, 1, 1, 0, 0]);
  expect([...negatives!.data].filter((_, at) => at % 2 === 0)).toEqual([4, 4, 2, 2, 1, 1]);
});

test('a run is its seed and its rows: resumed in the middle it ends in the same bits', () => {
  const plan = optimizerPlan('adagrad');
  const train = (tables: ReturnType<typeof makeTables>, from: number, to: number): void => {
    const feeder = feederOf(inputs, { tables });
    for (let step = from; step <= to; step++) {
      const rows = Int32Array.from({ length: 1 + (step % 4) }, (_, i) => (step * 5 + i) % 6);
      const given = feeder.inputs(rows, step, { rate: 1 });
      // A loss of ½ Σ x²: the gradient is x itself.
      const outputs = Object.fromEntries(
        Object.entries(given).map(([name, tensor]) => [`gradient:${name}`, { ...tensor, data: tensor.data.slice() }]),
      );
      feeder.apply(outputs as Tensors);
    }
    feeder.close();
  };
  const whole = makeTables(plan);
  train(whole, 1, 40);
  const parts = makeTables(plan);
  train(parts, 1, 17);
  train(parts, 18, 40);
  for (const [name, table] of whole) {
    expect(sameBits(parts.get(name)!.values(), table.values())).toBe(true);
    expect(table.values().every(Number.isFinite)).toBe(true);
  }
  expect(sameBits(whole.get('movie_id')!.values(), makeTables(plan).get('movie_id')!.values())).toBe(false);
});

test('batches that outgrow each other still read right numbers', () => {
  const feeder = feederOf(inputs);
  for (const count of [1, 600, 3, 5000]) {
    const rows = Int32Array.from({ length: count }, (_, i) => (i * 5) % 6);
    const { user, movie } = feeder.inputs(rows, 1, { rate: 1 });
    const users = [1, 1, 2, 2, 3, 3];
    const movies = [1, 3, 1, 4, 5, 1];
    const expected = (codes: readonly number[]): Float32Array =>
      Float32Array.from([...rows].flatMap((row) => [codes[row]!, 10 * codes[row]!]));
    expect(sameBits(user!.data as Float32Array, expected(users))).toBe(true);
    expect(sameBits(movie!.data as Float32Array, expected(movies))).toBe(true);
  }
});

describe('makeRowFeeder', () => {
  test('feeds a tower from the corpus’ own columns, and gives its memory back', () => {
    const tables = makeTables();
    const plan = planOf({
      movie: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: eventRows },
      genres: { from: 'embedding', feature: 'genres', pool: 'mean', rows: eventRows },
      year: { from: 'numbers', feature: 'year', rows: eventRows },
    });
    const feeder = makeRowFeeder({ plan, columns: corpus.features, features, tables });
    const { movie, genres, year } = feeder.inputs(Int32Array.of(3, 0));
    expect(movie!.data).toEqual(Float32Array.of(4, 40, 1, 10));
    expect(genres!.data).toEqual(Float32Array.of(5 / 3, 50 / 3, 1.5, 15));
    expect(year!.data).toEqual(Float32Array.of(0.4, 0.1));
    feeder.close();
  });

  test('feeds one query that is in no data set', () => {
    const columns = new Map([
      ['user_id', { column: { kind: 'codes', values: Int32Array.of(0) } }],
      ['history', { column: bags([4, 4]) }],
    ] as const);
    const { user, history } = inputs;
    const feeder = makeRowFeeder({ plan: planOf({ user, history }), columns, features, tables: makeTables() });
    const given = feeder.inputs(Int32Array.of(0));
    expect([...given.user!.data, ...given.history!.data]).toEqual([0, 0, 4, 40]);
  });
});
