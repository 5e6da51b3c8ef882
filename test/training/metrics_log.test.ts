import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensors } from '../../src/engines/engine.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { makeStepSums, openMetricsLog, readMetricsLog } from '../../src/training/metrics_log.ts';
import { planOf } from '../compiler/library/support.ts';
import { temporaryFolder } from './temporary_folder.ts';

/** Means of losses over an epoch whose batches hold few rows of a task, or none. */
const planWith = (tasks: string) =>
  planOf(`
    model sums
    features { user_id : id(dim: 4), movie_id : id(dim: 4), watched : number }
    labels { liked: binary, shown: binary, rating: number }
    tower user(user_id) keyed by user_id { channel main = user_id -> dense(4) }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
    ${tasks}
    train { batch = 2, epochs = 1 }
  `);
const view = 'task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }';
const like = (more = '') => `task like { score = cosine(user, item) / 0.1, loss = bce, label = liked ${more} }`;

const tensor = (...data: number[]): Tensor => ({
  dtype: 'float32',
  shape: [data.length],
  data: Float32Array.from(data),
});
const scalars = (values: Record<string, number>): Tensors =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tensor(value)]));
const at = { epoch: 1, step: 1 };

describe('the mean of a loss over an epoch', () => {
  it('leaves out batches that hold no row of the task', () => {
    const sums = makeStepSums(planWith(`${view}\n${like()}`));
    const known = 'label_known/liked';
    sums.add({ [known]: tensor(1, 1) }, scalars({ loss: 5, 'loss:view': 1, 'loss:like': 4 }), 2, at);
    sums.add({ [known]: tensor(0, 0) }, scalars({ loss: 3, 'loss:view': 3, 'loss:like': 0 }), 2, at);
    sums.add({ [known]: tensor(0, 1) }, scalars({ loss: 8, 'loss:view': 1, 'loss:like': 7 }), 2, at);
    // (2 · 4 + 0 + 1 · 7) ÷ 3 rows, and (5 + 3 + 8) ÷ 3 steps of as many rows.
    expect(sums.means()).toEqual({ 'loss:view': 5 / 3, 'loss:like': 5 });
    expect([sums.loss(), sums.rows]).toEqual([16 / 3, 6]);
  });

  it('is weighted by what the rows count for', () => {
    const sums = makeStepSums(planWith(`${view}\n${like(', only = shown, weight = rating')}`));
    const step = (shown: Tensor, rating: Tensor, loss: number): void =>
      sums.add(
        { 'label_known/liked': tensor(1, 1), 'label/shown': shown, 'label/rating': rating },
        scalars({ loss, 'loss:view': 0, 'loss:like': loss }),
        2,
        at,
      );
    step(tensor(1, 0), tensor(0.5, 3), 2);
    step(tensor(1, 1), tensor(1, 2.5), 6);
    expect(sums.means()['loss:like']).toBe((0.5 * 2 + 3.5 * 6) / 4);
  });

  it('is absent for a task that had no row, and the loss of an only task is its own', () => {
    const sums = makeStepSums(planWith(like()));
    sums.add({ 'label_known/liked': tensor(0, 0) }, scalars({ loss: 0, 'loss:like': 0 }), 2, at);
    expect([sums.loss(), sums.means()]).toEqual([0, {}]);
    sums.add({ 'label_known/liked': tensor(1, 0) }, scalars({ loss: 4, 'loss:like': 4 }), 2, at);
    expect([sums.loss(), sums.means()]).toEqual([4, { 'loss:like': 4 }]);
  });

  it('goes on from a checkpoint, bit for bit', () => {
    const plan = planWith(`${view}\n${like()}`);
    const add = (sums: ReturnType<typeof makeStepSums>, i: number): void =>
      sums.add(
        { 'label_known/liked': tensor(i % 3 === 0 ? 1 : 0, 0) },
        scalars({ loss: i / 7, 'loss:view': i / 3, 'loss:like': i / 11 }),
        2,
        at,
      );
    const [whole, first] = [makeStepSums(plan), makeStepSums(plan)];
    for (let i = 0; i < 10; i++) add(whole, i);
    for (let i = 0; i < 4; i++) add(first, i);
    const second = makeStepSums(plan, JSON.parse(JSON.stringify({ sums: first.sums(), rows: first.rows })));
    for (let i = 4; i < 10; i++) add(second, i);
    expect(second.sums()).toEqual(whole.sums());
    expect(second.means()).toEqual(whole.means());
  });
});

const checksum = (text: string) => ({
  sha256: createHash('sha256').update(text).digest('hex'),
  bytes: Buffer.byteLength(text),
});

describe('metrics.jsonl', () => {
  const folder = temporaryFolder();

  it('has a line for each record', async () => {
    const log = await openMetricsLog(folder);
    await log.append({ epoch: 1, loss: 0.5 });
    await log.append({ epoch: 2, loss: 0.25 });
    await log.close();
    expect(readFileSync(log.path, 'utf8')).toBe('{"epoch":1,"loss":0.5}\n{"epoch":2,"loss":0.25}\n');
    expect(log.checksum()).toEqual(checksum(readFileSync(log.path, 'utf8')));
  });

  it('loses the lines after the checkpoint when the run is resumed', async () => {
    const log = await openMetricsLog(folder, checksum('{"epoch":1,"loss":0.5}\n'));
    await log.append({ epoch: 2, loss: 0.125 });
    await log.close();
    expect(await readMetricsLog(folder)).toEqual([
      { epoch: 1, loss: 0.5 },
      { epoch: 2, loss: 0.125 },
    ]);
  });

  it.each([
    ['is missing', undefined, 'is missing'],
    ['is shorter than it was', '{"epoch":1', 'it has 10 bytes, and had 23 at the checkpoint'],
    ['was changed', '{"epoch":1,"loss":0.6}\n', 'it differs from its state at the checkpoint'],
  ])('is not filled up where it %s', async (_, text, reason) => {
    const path = join(folder, 'metrics.jsonl');
    rmSync(path, { force: true });
    if (text !== undefined) writeFileSync(path, text);
    await expect(openMetricsLog(folder, checksum('{"epoch":1,"loss":0.5}\n'))).rejects.toThrow(reason);
  });
});
