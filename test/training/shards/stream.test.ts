import { describe, expect, it } from 'vitest';
import type { Events, TrainingShards } from '../../../src/data/dataset.ts';
import { ShardStream } from '../../../src/training/shards/feed.ts';
import { rowUnits } from '../../../src/training/shards/units.ts';

/** Piles of so many rows, numbered from 0 through all piles. */
function pilesOf(piles: readonly number[], held: number): TrainingShards & { reads: number[] } {
  const starts = piles.map((_, at) => piles.slice(0, at).reduce((sum, rows) => sum + rows, 0));
  const reads: number[] = [];
  return {
    reads,
    folder: '',
    checksum: '',
    layout: { buckets: 1, piles: piles.length, held },
    piles,
    labelSums: new Map(),
    seenOf: () => Promise.reject(new Error('no user is asked for')),
    async read(these, before) {
      reads.push(...these);
      const kept = before ? [...before.rows].map((row) => before.events.ids![row]!) : [];
      const own = these.flatMap((pile) => Array.from({ length: piles[pile]! }, (_, at) => starts[pile]! + at));
      const ids = Int32Array.from([...kept, ...own]);
      return { rows: ids.length, ids, features: new Map(), labels: new Map(), item: ids, user: ids };
    },
  };
}

const rowsIn = ({ piles }: TrainingShards): number => piles.reduce((sum, rows) => sum + rows, 0);

/** The rows of each step of an epoch, by their numbers; from a step on, as a run that goes on there. */
async function epochOf(
  shards: TrainingShards,
  epoch: number,
  { from = 0, size = 64, seed = 1 } = {},
): Promise<number[][]> {
  let events: Events | undefined;
  const stream = new ShardStream(shards, rowUnits(rowsIn(shards), size), seed, (now) => {
    events = now;
  });
  const steps: number[][] = [];
  for (let step = from; step < stream.steps; step++) {
    const rows = await stream.batch(epoch, step);
    expect([...rows]).toEqual([...rows].sort((a, b) => a - b));
    steps.push([...rows].map((row) => events!.ids![row]!).sort((a, b) => a - b));
  }
  return steps;
}

const layouts: readonly [string, readonly number[], number][] = [
  ['piles of 1,000 rows', [1000, 1000, 1000, 1000, 1000], 2],
  ['one pile', [700], 4],
  ['piles that are smaller than a batch', [10, 0, 31, 7, 90, 5, 64, 3], 1],
  ['all piles together', [200, 300, 100], 4],
  ['a single row too many', [64, 65], 1],
];

describe.each(layouts)('%s', (_, piles, held) => {
  const total = piles.reduce((sum, rows) => sum + rows, 0);

  it('has each row once an epoch, in whole batches', async () => {
    for (const epoch of [1, 2, 3]) {
      const steps = await epochOf(pilesOf(piles, held), epoch);
      const rows = steps.flat().sort((a, b) => a - b);
      // A single row is too few for a batch.
      const left = total % 64 === 1 ? 1 : 0;
      expect(new Set(rows).size).toBe(rows.length);
      expect(rows).toHaveLength(total - left);
      expect(steps.slice(0, -1).every(({ length }) => length === 64)).toBe(true);
    }
  });

  it('goes on in the middle of an epoch with the same rows', async () => {
    const whole = await epochOf(pilesOf(piles, held), 2);
    for (const from of [1, Math.floor(whole.length / 2), whole.length - 1]) {
      expect(await epochOf(pilesOf(piles, held), 2, { from })).toEqual(whole.slice(from));
    }
  });

  it('has another order in each epoch, and for each seed', async () => {
    const [one, two, other] = [
      await epochOf(pilesOf(piles, held), 1),
      await epochOf(pilesOf(piles, held), 2),
      await epochOf(pilesOf(piles, held), 1, { seed: 2 }),
    ];
    expect(await epochOf(pilesOf(piles, held), 1)).toEqual(one);
    expect(two).not.toEqual(one);
    expect(other).not.toEqual(one);
  });
});

it('reads each pile once an epoch, and all piles once where they fit together', async () => {
  const shards = pilesOf([1000, 1000, 1000, 1000], 2);
  const stream = new ShardStream(shards, rowUnits(4000, 64), 1, () => {});
  for (let step = 0; step < stream.steps; step++) await stream.batch(1, step);
  // The first two of the next epoch are read ahead.
  expect(shards.reads).toHaveLength(6);
  const one = pilesOf([1000, 1000], 4);
  const streamOfOne = new ShardStream(one, rowUnits(2000, 64), 1, () => {});
  for (const epoch of [1, 2, 3]) for (let step = 0; step < 3; step++) await streamOfOne.batch(epoch, step);
  expect(one.reads).toHaveLength(2);
});
