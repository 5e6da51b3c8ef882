import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { writeDurably } from '../../../src/base/storage/durable.ts';
import type { StoredTensor } from '../../../src/base/storage/tensor_header.ts';
import {
  checkpointFile,
  type Progress,
  readCheckpoint,
  writeCheckpoint,
} from '../../../src/training/artifact/checkpoint.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const folder = temporaryFolder();

const progress: Progress = {
  epoch: 3,
  stepOfEpoch: 2,
  step: 17,
  sums: { loss: 0.1 + 0.2, 'loss:watch': 1e-300 },
  rows: 40,
  best: { epoch: 2, value: 1 / 3, sha256: 'ab'.repeat(32), bytes: 96 },
  metrics: { sha256: 'cd'.repeat(32), bytes: 211 },
  steps: { sha256: 'ef'.repeat(32), bytes: 512 },
};
const tensors: StoredTensor[] = [
  { name: 'table/movie_id', shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) },
  { name: 'parameter/user/main/weights', shape: [1], data: new Float32Array([0.25]) },
];

const diskFull = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

describe('a checkpoint', () => {
  it('gives back the numbers bit for bit', async () => {
    await writeCheckpoint(folder, progress, tensors);
    const back = await readCheckpoint(folder);
    expect(back.progress).toEqual(progress);
    expect(back.tensors.get('table/movie_id')!.data).toEqual(tensors[0]!.data);
    expect(back.tensors.get('parameter/user/main/weights')!.data).toEqual(tensors[1]!.data);
  });

  it('stays whole when the disk fills up half-way through the next one', async () => {
    const here = join(folder, 'full');
    mkdirSync(here);
    await writeCheckpoint(here, progress, tensors);
    const before = readFileSync(join(here, checkpointFile));
    const failing = writeDurably(
      join(here, checkpointFile),
      async (sink) => {
        await sink.write(new Uint8Array(1000));
        throw diskFull();
      },
      'the checkpoint before this one',
    );
    await expect(failing).rejects.toBeInstanceOf(Failure);
    const error = (await failing.catch((each: unknown) => each)) as Failure;
    expect(error.diagnostics[0]).toMatchObject({
      code: 'cannot-write',
      message: `cannot write ${join(here, checkpointFile)}: the disk is full`,
      hint: 'free some space, or choose another folder; the checkpoint before this one is unchanged',
    });
    expect(readFileSync(join(here, checkpointFile)).equals(before)).toBe(true);
    expect(readdirSync(here)).toEqual([checkpointFile]);
  });

  it('is not hidden by a bug of ours: errors that are not the system’s pass through', async () => {
    const failing = writeDurably(join(folder, 'bug'), async () => {
      throw new TypeError('ours');
    });
    await expect(failing).rejects.toThrow(TypeError);
    expect(readdirSync(folder)).not.toContain('bug');
    expect(readdirSync(folder)).not.toContain('.bug.partial');
  });

  it('is refused where its folder is a file', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, '');
    await expect(writeCheckpoint(path, progress, tensors)).rejects.toThrow('part of its path is not a folder');
  });

  it.skipIf(process.getuid?.() === 0)(
    'is refused in a folder that may not be written (root may: skipped)',
    async () => {
      const here = join(folder, 'locked');
      mkdirSync(here);
      await writeCheckpoint(here, progress, tensors);
      chmodSync(here, 0o500);
      await expect(writeCheckpoint(here, { ...progress, epoch: 4 }, tensors)).rejects.toThrow('it may not be accessed');
      chmodSync(here, 0o700);
      expect((await readCheckpoint(here)).progress.epoch).toBe(3);
    },
  );

  const small = join(folder, 'small');
  mkdirSync(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', small]).status === 0;
  it.skipIf(!mounted)('stays whole on a disk that is really full (skipped where none can be mounted)', async () => {
    try {
      await writeCheckpoint(small, progress, tensors);
      const large: StoredTensor = { name: 'large', shape: [100_000], data: new Float32Array(100_000) };
      await expect(writeCheckpoint(small, { ...progress, epoch: 4 }, [large])).rejects.toThrow('the disk is full');
      expect((await readCheckpoint(small)).progress.epoch).toBe(3);
      expect(readdirSync(small)).toEqual([checkpointFile]);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('of something else is refused', async () => {
    const here = join(folder, 'other');
    mkdirSync(here);
    writeFileSync(join(here, checkpointFile), Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]));
    await expect(readCheckpoint(here)).rejects.toThrow('it has no checksum');
  });
});
