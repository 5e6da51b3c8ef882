import { expect, test } from 'vitest';
import type { BagColumn, Events, IndexedBags } from '../../../src/data/dataset.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { itemsGivenBy, uniteBags } from '../../../src/training/evaluation/contestants.ts';
import { makePlan } from '../fixture_plan.ts';

const ints = (...values: number[]): Int32Array => Int32Array.from(values);

function bags(starts: number[], ends: number[], values: number[]): IndexedBags {
  return { bags: { kind: 'bags', starts: ints(...starts), ends: ints(...ends), values: ints(...values) } };
}

/** A plan whose asking tower reads these, in this order. */
function reading(...features: readonly string[]): Plan {
  const plan = makePlan();
  const [query, item] = plan.towers;
  return { ...plan, towers: [{ ...query, features }, item] };
}

function rowsOf(read: Plan, lists: Readonly<Record<string, IndexedBags>>): number[][] | undefined {
  const events = { rows: 2, givenItems: new Map(Object.entries(lists)) } as unknown as Events;
  const history = uniteBags(itemsGivenBy(read, events), events);
  if (history === undefined) return undefined;
  const bag = (at: number, { starts, ends, values }: BagColumn): number[] => [
    ...values.subarray(starts[at]!, ends[at]!),
  ];
  return [0, 1].map((row) => bag(history.index ? history.index[row]! : row, history.bags));
}

test('of one list its items, as they are', () => {
  const history = { ...bags([0, 2], [2, 4], [1, 0, -1, -1]), index: ints(1, 0) };
  expect(rowsOf(reading('user_id', 'history'), { history })).toEqual([
    [-1, -1],
    [1, 0],
  ]);
});

test('of several lists and single items all of them, each once; not what another model reads', () => {
  const lists = {
    recent: { ...bags([0, 1], [1, 1], [1]), index: ints(1, 0) },
    history: bags([0, 2], [2, 3], [1, 0, 0]),
    seed: bags([0, 1], [1, 2], [-1, 1]),
    other: bags([0, 0], [1, 1], [7]),
  };
  expect(rowsOf(reading('user_id', 'recent', 'history', 'seed'), lists)).toEqual([
    [1, 0, -1],
    [1, 0],
  ]);
});

test('where it reads nothing of items, there is none', () => {
  expect(rowsOf(reading('user_id'), { other: bags([0, 0], [1, 1], [7]) })).toBeUndefined();
  expect(uniteBags(itemsGivenBy(reading('user_id'), {} as Events), {} as Events)).toBeUndefined();
});
