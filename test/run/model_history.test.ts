import { expect, test } from 'vitest';
import type { BagColumn, Corpus, Events, IndexedColumn } from '../../src/data/dataset.ts';
import type { FeaturePlan, Plan } from '../../src/lower/plan.ts';
import { modelHistory } from '../../src/run/model_history.ts';
import { makePlan } from './fixture_plan.ts';

const plan = makePlan();
const ints = (...values: number[]): Int32Array => Int32Array.from(values);

/** Items with codes 3, 2 and the unseen's, 0; two events. */
const corpus = { rows: 3, features: new Map([['movie_id', codes(3, 2, 0)]]) } as unknown as Corpus;

function codes(...values: number[]): IndexedColumn {
  return { column: { kind: 'codes', values: ints(...values) } };
}

function bags(starts: number[], ends: number[], values: number[]): IndexedColumn {
  return { column: { kind: 'bags', starts: ints(...starts), ends: ints(...ends), values: ints(...values) } };
}

/** A plan whose asking tower reads these of items, in this order. */
function reading(...told: readonly { name: string; gives: FeaturePlan['gives'] }[]): Plan {
  const [query, item] = plan.towers;
  const list = plan.features.find(({ name }) => name === 'history')!;
  return {
    ...plan,
    features: [
      ...plan.features.filter(({ name }) => name !== 'history'),
      ...told.map((each): FeaturePlan => ({ ...list, ...each })),
    ],
    towers: [{ ...query, features: ['user_id', ...told.map(({ name }) => name)] }, item],
  };
}

function rowsOf(read: Plan, features: Readonly<Record<string, IndexedColumn>>): number[][] {
  const events = { rows: 2, features: new Map(Object.entries(features)) } as unknown as Events;
  const { bags: of, index } = modelHistory(read, events, corpus)!;
  const bag = (at: number, { starts, ends, values }: BagColumn): number[] => [
    ...values.subarray(starts[at]!, ends[at]!),
  ];
  return [0, 1].map((row) => bag(index ? index[row]! : row, of));
}

test('of one list its items as rows of the corpus; the unseen is nobody, also where one item has its code', () => {
  const history = bags([0, 2], [2, 4], [2, 3, 0, 9]);
  expect(rowsOf(reading({ name: 'history', gives: 'bag' }), { history })).toEqual([
    [1, 0],
    [-1, -1],
  ]);
});

test('of several lists and single items all of them, each once', () => {
  const read = reading(
    { name: 'recent', gives: 'bag' },
    { name: 'history', gives: 'bag' },
    { name: 'seed', gives: 'code' },
  );
  const recent = { ...bags([0, 1], [1, 1], [2]), index: ints(1, 0) };
  const features = { recent, history: bags([0, 2], [2, 3], [2, 3, 3]), seed: codes(0, 2) };
  expect(rowsOf(read, features)).toEqual([
    [1, 0, -1],
    [1, 0],
  ]);
});

test('where it reads nothing of items, there is none', () => {
  expect(modelHistory(reading(), { rows: 2, features: new Map() } as unknown as Events, corpus)).toBeUndefined();
});
