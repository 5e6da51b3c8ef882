/** Six events of four items, one of which is missing in the corpus; features of every type. */
import type { BagColumn, Corpus, Events, IndexedColumn } from '../../../src/data/dataset.ts';
import type { FeaturePlan, GraphPlan, InputPlan, InputSource, RowOptimizerPlan } from '../../../src/graph/plan/plan.ts';
import { makeTable, type Table } from '../../../src/training/embedding/table.ts';
import { type FeederOptions, makeFeeder } from '../../../src/training/feed/feeder.ts';
import { optimizerPlan } from '../embedding/fixtures.ts';

export const eventRows = { kind: 'events' } as const;

export function bags(...lists: readonly (readonly number[])[]): BagColumn {
  const ends = lists.map((_, i) => lists.slice(0, i + 1).reduce((sum, list) => sum + list.length, 0));
  return {
    kind: 'bags',
    starts: Int32Array.from([0, ...ends.slice(0, -1)]),
    ends: Int32Array.from(ends),
    values: Int32Array.from(lists.flat()),
  };
}

const itemColumns = new Map<string, IndexedColumn>([
  ['genres', { column: bags([1, 2], [3], [], [2, 2, 1]) }],
  ['year', { column: { kind: 'numbers', width: 1, values: Float32Array.of(0.1, 0.2, 0.3, 0.4) } }],
  ['picture', { column: { kind: 'numbers', width: 3, values: Float32Array.from({ length: 12 }, (_, i) => i) } }],
]);

/** Items of the events are rows 0, 2, 0, 3, −1, 0 of the corpus; codes of movie_id are one more, the missing one's 5. */
const itemOfEvent = Int32Array.of(0, 2, 0, 3, -1, 0);
/** Item rows as the events' item features see them; row 1 replaces the item that is missing in the corpus. */
const itemRows = Int32Array.of(0, 2, 0, 3, 1, 0);

export const events: Events = {
  rows: 6,
  features: new Map<string, IndexedColumn>([
    ['user_id', { column: { kind: 'codes', values: Int32Array.of(1, 1, 2, 2, 3, 3) } }],
    ['movie_id', { column: { kind: 'codes', values: Int32Array.of(1, 3, 1, 4, 5, 1) } }],
    // Windows on one timeline.
    [
      'history',
      {
        column: {
          kind: 'bags',
          starts: Int32Array.of(0, 0, 2, 2, 4, 4),
          ends: Int32Array.of(0, 1, 2, 3, 4, 5),
          values: Int32Array.of(1, 3, 1, 4, 5, 1),
        },
      },
    ],
    ...[...itemColumns].map(([name, { column }]): [string, IndexedColumn] => [name, { column, index: itemRows }]),
  ]),
  labels: new Map([['liked', Float32Array.of(1, 0, 1, 1, 0, 0)]]),
  item: itemOfEvent,
  user: Int32Array.of(0, 0, 1, 1, 2, 2),
};

export const corpus: Corpus = {
  rows: 4,
  features: new Map<string, IndexedColumn>([
    ['movie_id', { column: { kind: 'codes', values: Int32Array.of(1, 2, 3, 4) } }],
    ...itemColumns,
  ]),
  keys: ['a', 'b', 'c', 'd'],
  trainingCounts: Int32Array.of(3, 0, 1, 1),
};

function feature(name: string, gives: FeaturePlan['gives'], other: Partial<FeaturePlan> = {}): FeaturePlan {
  return {
    name,
    tower: 't',
    gives,
    encoder: { kind: 'hash', buckets: 9 },
    column: name,
    encoderOf: name,
    width: 2,
    ...other,
  };
}

export const features: readonly FeaturePlan[] = [
  feature('user_id', 'code', { table: 'user_id' }),
  feature('movie_id', 'code', { table: 'movie_id' }),
  feature('history', 'bag', { table: 'movie_id', encoderOf: 'movie_id', max: 3 }),
  feature('genres', 'bag', { table: 'genres', max: 4 }),
  feature('year', 'numbers', { width: 1 }),
  feature('picture', 'numbers', { width: 3 }),
];

/** Row r of a table is [r, 10 r]. */
export function makeTables(optimizer: RowOptimizerPlan = optimizerPlan('sgd')): Map<string, Table> {
  return new Map(
    [['user_id', 4] as const, ['movie_id', 6] as const, ['genres', 4] as const].map(([name, rows]) => {
      const table = makeTable({ name, rows, dim: 2, optimizer });
      table.load(Float32Array.from({ length: rows * 2 }, (_, i) => (i >> 1) * (i % 2 ? 10 : 1)));
      return [name, table];
    }),
  );
}

export function planOf(inputs: Readonly<Record<string, InputSource>>): GraphPlan {
  return {
    graph: { name: 'step', nodes: [], inputs: [], parameters: [], outputs: [], updates: [] },
    inputs: Object.entries(inputs).map(([name, source]): InputPlan => ({ name, source })),
  };
}

export function feederOf(inputs: Readonly<Record<string, InputSource>>, other: Partial<FeederOptions> = {}) {
  const options = { events, corpus, features, tables: makeTables(), seed: 1, batch: 4, ...other };
  return makeFeeder({ plan: planOf(inputs), ...options });
}

/** The numbers of one input for these rows. */
export function numbersOf(source: InputSource, rows: readonly number[], step = 1, other: Partial<FeederOptions> = {}) {
  const tensor = feederOf({ x: source }, other).inputs(Int32Array.from(rows), step, { rate: 0.01 }).x!;
  return { shape: tensor.shape, dtype: tensor.dtype, data: [...tensor.data] };
}
