import { expect, it } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.ts';
import type { ShardDecision } from '../../../src/data/shards/request.ts';
import { type WorkerGroup, WorkerLost } from '../../../src/engines/group.ts';
import { readTogether, type WorkerRowsRequest } from '../../../src/training/workers/read_together.ts';
import { makeWorkers } from './together.ts';

const inMemory = { parts: {} } as unknown as Dataset;
const inShards = { ...inMemory, shards: { folder: '/disk/tower-shards/0123' } } as unknown as Dataset;
const decision = (rows: ShardDecision['rows']): ShardDecision => ({ rows, memory: 1 });
const gigabyte = 2 ** 30;

const never = (): never => {
  throw new Error('nobody should ask for this');
};

it('the first worker decides for memory, and the others read at the same time', async () => {
  let others = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const asked: WorkerRowsRequest = {
    memory: 8 * gigabyte,
    open: never,
    async read(memory, first) {
      expect(memory).toBe(2 * gigabyte);
      first?.reportDecision(decision('memory'));
      // The first worker reads until all others have read.
      if (!first && ++others === 3) end();
      await ended;
      return inMemory;
    },
  };
  const read = await Promise.all(makeWorkers(4).map(({ group }) => readTogether(group, asked)));
  expect(read).toEqual([inMemory, inMemory, inMemory, inMemory]);
});

it('the others wait for shards however long it takes, and open what the first has', async () => {
  let words = 0;
  const opened: [number, string][] = [];
  const [first, second] = makeWorkers(2);
  const asked: WorkerRowsRequest = {
    memory: 4 * gigabyte,
    async read(_, of) {
      of!.reportDecision(decision('shards'));
      while (words < 5) await new Promise((resolve) => setTimeout(resolve, 1));
      return inShards;
    },
    async open(memory, name) {
      opened.push([memory, name]);
      return inShards;
    },
  };
  const counted = {
    ...second!.group,
    exchange: (...of: Parameters<WorkerGroup['exchange']>) => {
      words++;
      return second!.group.exchange(...of);
    },
  };
  await Promise.all([readTogether(first!.group, asked, 1), readTogether(counted, { ...asked, memory: 5 * gigabyte })]);
  expect(opened).toEqual([[2 * gigabyte, '0123']]);
});

it('a worker that is lost meanwhile ends the reading of the first, which stops what it does', async () => {
  const workers = makeWorkers(2, { rank: 1, exchange: 3 });
  let stopped: unknown;
  const asked: WorkerRowsRequest = {
    memory: gigabyte,
    open: never,
    read: (_, first) =>
      new Promise((_, reject) => {
        first!.signal.addEventListener('abort', () => {
          stopped = first!.signal.reason;
          reject(stopped);
        });
      }),
  };
  const ends = await Promise.allSettled(workers.map(({ group }) => readTogether(group, asked, 1)));
  expect((ends[0] as PromiseRejectedResult).reason).toBeInstanceOf(WorkerLost);
  expect(stopped).toBe((ends[0] as PromiseRejectedResult).reason);
});
