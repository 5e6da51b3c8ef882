/** Epochs over units that are not single rows: lists with their targets, and users with their events. */
import { expect, it } from 'vitest';
import type { Events, ShardUnit } from '../../../src/data/dataset.ts';
import { windowsOf } from '../../../src/data/rows/windows.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { orderOf } from '../../../src/training/feed/order.ts';
import { ShardStream } from '../../../src/training/shards/feed.ts';
import { epochUnits } from '../../../src/training/shards/units.ts';
import { block, bothWays, byId, needs, rowsOf, shardRows } from '../../data/shards/both_ways.ts';

const planOf = (source: unknown): Plan =>
  ({ step: { inputs: [{ source }] }, train: { batch: 32, seed: 5 } }) as unknown as Plan;

const units: readonly [string, ShardUnit, Plan][] = [
  [
    'lists',
    { kind: 'windows', list: 'history' },
    planOf({ from: 'sequence', rows: { kind: 'sequences', feature: 'history' } }),
  ],
  ['users', { kind: 'users' }, planOf({ from: 'user_items' })],
];

it.each(units)(
  '%s: an epoch takes each row of an epoch in memory once, however often it is resumed',
  async (_, unit, plan) => {
    const [memory, shards] = await bothWays(block({ split: { kind: 'leave_one_out' } }), needs, { unit });
    expect(byId(rowsOf(await shardRows(shards), false))).toEqual(byId(rowsOf(memory.parts.train, false)));
    const { epoch, ...counts } = orderOf(plan, memory.parts.train);
    expect(orderOf(plan, shards.parts.train)).toMatchObject(counts);

    /** The rows of each step, by their numbers, from a step of an epoch on. */
    const stepsOf = async (number: number, { from = 0, seed = 5 } = {}): Promise<number[][]> => {
      let events: Events | undefined;
      const stream = new ShardStream(shards.shards!, epochUnits(plan, shards.parts.train), seed, (now) => {
        events = now;
      });
      const steps: number[][] = [];
      for (let step = from; step < stream.steps; step++) {
        const rows = await stream.batch(number, step);
        steps.push(Array.from(rows, (row) => events!.ids![row]!).sort((a, b) => a - b));
      }
      return steps;
    };
    const inMemory = Array.from({ length: counts.steps }, (_, step) => [...epoch(1).batch(step)]).flat();
    const expected = inMemory.map((row) => memory.parts.train.ids![row]!).sort((a, b) => a - b);
    const [one, two, other] = [await stepsOf(1), await stepsOf(2), await stepsOf(1, { seed: 6 })];
    for (const steps of [one, two, other]) expect(steps.flat().sort((a, b) => a - b)).toEqual(expected);
    expect(two).not.toEqual(one);
    expect(other).not.toEqual(one);
    for (const from of [1, Math.floor(two.length / 2), two.length - 1])
      expect(await stepsOf(2, { from })).toEqual(two.slice(from));
  },
);

it('keeps the windows of memory, with their targets', async () => {
  const unit = { kind: 'windows', list: 'history' } as const;
  const [memory, shards] = await bothWays(block({ split: { kind: 'leave_one_out' } }), needs, { unit });
  const windowIds = ({ features, rows, ids }: Events): string[] => {
    const { starts, members } = windowsOf(features.get('history')!, rows);
    return [...starts.slice(1)]
      .map((end, window) =>
        [...members.subarray(starts[window], end)]
          .map((row) => ids![row]!)
          .sort()
          .join(),
      )
      .sort();
  };
  expect(windowIds(await shardRows(shards))).toEqual(windowIds(memory.parts.train));
});
