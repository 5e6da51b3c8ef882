/** Workers whose training rows are in shards: the first writes them, all read them, and the run is that of one process over the same shards. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { rowsOfWorker } from '../../../src/app/api/workers.ts';
import { type Failure, failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { openSharedShards } from '../../../src/data/shards/read_shards.ts';
import type { ShardRequest } from '../../../src/data/shards/request.ts';
import { amongWorkers, type WorkerGroup } from '../../../src/engines/group.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { eventsText } from '../../data/shards/both_ways.ts';
import { smallData, smallModel } from '../small_model.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { optionsIn } from './options_in.ts';
import { Killed, makeWorkers } from './together.ts';
import { expectSameWeights, lossesIn, outcomes, trainTogether, weightsOf } from './trained_together.ts';

const root = temporaryFolder();
const model = join(root, 'small.tower');
const data = join(root, 'data.tower');
const shardSizes = { atOnce: 150, buckets: 4, piles: 5, held: 2 };
let plan: Plan;
/** Of one process. */
let alone: Dataset;

beforeAll(async () => {
  writeFileSync(join(root, 'events.csv'), eventsText(500));
  writeFileSync(data, smallData());
  writeFileSync(model, smallModel({ more: ', drop: 0.1' }));
  alone = await rowsIn('alone');
});

interface Way {
  /** Folder of shards. */
  readonly shards?: string;
  readonly when?: ShardRequest['when'];
  /** `train` of the model. */
  readonly events?: string;
}

/** The rows of a run, as a process reads them: one of several in a group. */
async function rowsIn(name: string, group?: WorkerGroup, { shards, when = 'always' }: Way = {}): Promise<Dataset> {
  const checked = await checkAndLower(model, { data });
  plan = checked.lowered.plan;
  const folder = join(root, name, 'run');
  const read = (request: ShardRequest, signal?: AbortSignal): Promise<Dataset> =>
    readDataset(checked.data!.description, plan, { shards: request, ...(signal ? { signal } : {}) });
  const request = { out: folder, memory: '2G', shardSizes, ...(shards === undefined ? {} : { shards }) };
  if (group) return rowsOfWorker(group, { plan, request, when, read });
  return read({ memory: 2 ** 30, folder: join(root, name, 'tower-shards'), when, sizes: shardSizes });
}

const optionsOf = (name: string, dataset: Dataset, more: Partial<TrainOptions> = {}): TrainOptions => ({
  ...optionsIn(join(root, name, 'run'), plan, dataset),
  ...more,
});

it('the first worker writes, and all have the same rows; the next time they are there', async () => {
  for (const time of ['first', 'second']) {
    const workers = makeWorkers(3);
    const datasets = await Promise.all(workers.map(({ group }) => rowsIn('together', group)));
    const checksums = new Set(datasets.map(({ shards }) => shards!.checksum));
    expect(checksums, time).toEqual(new Set([alone.shards!.checksum]));
    expect(new Set(datasets.map(({ shards }) => shards!.folder)).size).toBe(1);
    expect(readdirSync(join(root, 'together', 'tower-shards'))).toHaveLength(1);
  }
});

it('rows that fit in memory are in the memory of each worker', async () => {
  const datasets = await Promise.all(
    makeWorkers(2).map(({ group }) => rowsIn('in-memory', group, { when: 'as-needed' })),
  );
  for (const { shards, parts } of datasets) {
    expect(shards).toBeUndefined();
    expect(parts.train.rows).toBe(alone.parts.train.rows);
  }
  expect(existsSync(join(root, 'in-memory', 'tower-shards'))).toBe(false);
});

it('two workers are one, and the tables that they share have the same bits', async () => {
  const one = optionsOf('one', alone);
  await trainModel(one);
  const two = optionsOf('two', alone);
  await trainTogether(two, 2);
  await expectSameWeights(one, two);
  const [expected, found] = [await lossesIn(one), await lossesIn(two)];
  expected.forEach((loss, epoch) => {
    expect(found[epoch]).toBeCloseTo(loss, 5);
  });
  const sharded = optionsOf('two-sharded', alone, { sharesTables: true });
  await trainTogether(sharded, 2);
  expect(await weightsOf(sharded)).toEqual(await weightsOf(two));
  expect(await lossesIn(sharded)).toEqual(found);
});

it.each(['replicated', 'sharded'])('with %s tables, kills in an epoch cost no bit', async (layout) => {
  const more = { sharesTables: layout === 'sharded' };
  const whole = optionsOf(`whole-${layout}`, alone, more);
  await trainTogether(whole, 2);
  const random = makeRandom(6);
  const killed = optionsOf(`killed-${layout}`, alone, more);
  let resumed = 0;
  for (let kills = 0; kills < 4; kills++) {
    const kill = { rank: random.integer(2), exchange: 1 + random.integer(more.sharesTables ? 90 : 24) };
    const isBegun = existsSync(join(killed.folder, 'run.json'));
    resumed += Number(existsSync(join(killed.folder, 'checkpoint.safetensors')));
    const ends = await outcomes({ ...killed, resume: isBegun }, makeWorkers(2, kill));
    const reasons = ends.map((end) => (end as PromiseRejectedResult).reason);
    if (ends.some(({ status }) => status === 'rejected')) expect(reasons[kill.rank]).toBeInstanceOf(Killed);
  }
  await trainTogether({ ...killed, resume: true }, 2);
  expect(await weightsOf(killed)).toEqual(await weightsOf(whole));
  expect(await lossesIn(killed)).toEqual(await lossesIn(whole));
  expect(resumed).toBeGreaterThan(0);
  // One worker goes on with what two have left.
  await trainModel({ ...killed, resume: true, plan: { ...plan, train: { ...plan.train, epochs: 4 } } });
});

describe('files that are not as they should be', () => {
  const reasonOf = (end: PromiseSettledResult<unknown>): Failure => (end as PromiseRejectedResult).reason;
  const codeOf = (end: PromiseSettledResult<unknown>): string => reasonOf(end).diagnostics[0]!.code;

  it('a folder that another worker does not see is named to all', async () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere);
    const ends = await Promise.allSettled(
      makeWorkers(2).map(({ group }) =>
        amongWorkers(group, async () => {
          await rowsIn('unseen', group, group.rank === 1 ? { shards: elsewhere } : {});
          await group.exchange(new Uint8Array(0));
        }),
      ),
    );
    expect(ends.map(codeOf)).toEqual(['worker-lost', 'shards-missing']);
    expect(reasonOf(ends[1]!).message).toContain(`are not in ${elsewhere}`);
    expect(reasonOf(ends[0]!).message).toMatch(
      /^worker 1 on here ended: .*shards that the first worker reads are not in/,
    );
  });

  it('a damaged or missing file ends the opening with its name', async () => {
    await rowsIn('damaged');
    const [folder] = readdirSync(join(root, 'damaged', 'tower-shards'));
    const pile = join(root, 'damaged', 'tower-shards', folder!, 'rows-0.bin');
    rmSync(pile);
    const ends = await Promise.allSettled(
      makeWorkers(2).map(({ group }) => amongWorkers(group, () => rowsIn('damaged', group))),
    );
    expect(ends.map(codeOf)).toEqual(['shards-damaged', 'worker-lost']);
    for (const end of ends) expect(reasonOf(end).message).toContain(`shard ${pile} is damaged: it does not exist`);
  });

  it('workers that did not write a file check it when they read it', async () => {
    await rowsIn('changed');
    const folder = join(root, 'changed', 'tower-shards');
    const [name] = readdirSync(folder);
    const path = join(folder, name!, 'rows-0.bin');
    // These bytes are of the first pile.
    writeFileSync(path, readFileSync(path).fill(0, 100, 110));
    const { shards } = await openSharedShards({ folder, memory: 2 ** 30 }, name!);
    expect((await shards!.read([1])).rows).toBe(shards!.piles[1]);
    await expect(shards!.read([0])).rejects.toThrow(`shard ${path} is damaged`);
  });

  it.each([0, 1])(
    'where worker %i finds damage in an epoch, all stop with its name, and the run can go on',
    async (rank) => {
      const options = optionsOf(`damage-${rank}`, alone);
      const lost = failure('shards-damaged', {
        path: 'rows-1.bin',
        folder: 'tower-shards/x',
        reason: 'it does not exist',
      });
      let reads = 0;
      const broken: Dataset = {
        ...alone,
        shards: {
          ...alone.shards!,
          read: async (...of) => (reads++ < 4 ? alone.shards!.read(...of) : Promise.reject(lost)),
        },
      };
      const given = rank === 0 ? { ...options, dataset: broken } : options;
      const ends = await outcomes(given, makeWorkers(2), { dataset: rank === 1 ? broken : alone });
      expect(reasonOf(ends[rank]!)).toBe(lost);
      expect(reasonOf(ends[1 - rank]!).message).toMatch(
        new RegExp(`^worker ${rank} on here ended: .*shard rows-1.bin is damaged: it does not exist`),
      );
      await trainTogether({ ...options, resume: true }, 2);
      const whole = optionsOf('two', alone);
      expect(await weightsOf(options)).toEqual(await weightsOf(whole));
    },
  );

  it('workers with other shards, or with rows in memory, do not begin', async () => {
    const others = { ...alone, shards: { ...alone.shards!, checksum: 'of other files' } };
    const inMemory = await rowsIn('memory', undefined, { when: 'never' });
    for (const dataset of [others, inMemory]) {
      const options = optionsOf('differs', alone);
      const ends = await outcomes(options, makeWorkers(2), { dataset });
      for (const end of ends) {
        expect(reasonOf(end).message).toMatch(
          /worker 1 is about to train something else .*: the checksum of shards differs/,
        );
      }
      expect(existsSync(options.folder)).toBe(false);
    }
  });
});
