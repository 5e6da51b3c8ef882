/** Curves of hand-written logs: a short last batch of an epoch leaves no dip. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readCurves } from '../../../src/app/report/curves.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

/** While it is set, the disk does not give the steps. */
const disk = vi.hoisted(() => ({ fails: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...more) => {
    const handle = await real.open(path, ...more);
    if (disk.fails && String(path).endsWith('steps.jsonl')) {
      handle.read = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' }));
    }
    return handle;
  };
  return { ...real, open };
});

const root = temporaryFolder();
const record = (epoch: number, step: number, rows: number) => ({
  epoch,
  step,
  loss: 1,
  scalars: {},
  rows,
  rates: { dense: 1, embeddings: 1 },
  examplesPerSecond: 1,
  milliseconds: { total: 1, feed: 0, engine: 0, scatter: 0, validation: 0 },
});
const write = (records: readonly object[], losses: readonly number[]): void => {
  const lines = (all: readonly object[]): string => all.map((each) => `${JSON.stringify(each)}\n`).join('');
  writeFileSync(join(root, 'metrics.jsonl'), lines(records));
  writeFileSync(join(root, 'steps.jsonl'), lines(losses.map((loss, at) => ({ step: at + 1, loss }))));
};

it('leaves out the last step of an epoch that has fewer rows, and keeps a full one', async () => {
  write([record(1, 3, 20), record(2, 6, 24)], [5, 4, 1, 3, 2, 1.5]);
  const { steps, shortSteps } = await readCurves(root, 6, 8);
  expect(shortSteps).toBe(1);
  expect(steps.get('loss')!.points).toEqual([
    [1, 5],
    [2, 4],
    [4, 3],
    [5, 2],
    [6, 1.5],
  ]);
});

it('keeps the only step of an epoch, and the steps of an epoch that has not ended', async () => {
  write([record(1, 1, 3)], [5, 4]);
  expect((await readCurves(root, 2, 8)).steps.get('loss')!.points).toHaveLength(2);
});

it('says that the disk does not give the steps', async () => {
  write([record(1, 1, 3)], [5, 4]);
  disk.fails = true;
  const work = readCurves(root, 2, 8).finally(() => {
    disk.fails = false;
  });
  await expect(work).rejects.toMatchObject({ diagnostics: [{ code: 'cannot-read' }] });
});
