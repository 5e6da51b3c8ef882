/** A run with clipped gradients: their length is logged at every step, and a run that was stopped goes on to the same bits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { load } from '../../src/training/artifact/load.ts';
import { readLog } from '../../src/training/metrics_log.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 6, items: 12, eventsPerUser: 8, heldOut: 2 });

const runOf = (name: string, clip: string, other: Partial<Parameters<typeof trainModel>[0]> = {}) =>
  trainModel({
    plan: planOf(`
      model clipped
      features { user_id : id(dim: 4), movie_id : id(dim: 4) }
      tower user(user_id) keyed by user_id { channel main = user_id -> dense(4) }
      tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
      task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }
      train { batch = 8, epochs = 3, dense = adam(rate: 0.01), embeddings = adagrad ${clip} }`),
    dataset,
    engine: plainEngine,
    folder: join(root, name),
    origin: { sources: [] },
    tower: '0.0.0',
    ...other,
  });

const bytesOf = (name: string, file: string): Buffer => readFileSync(join(root, name, file));

it('goes on after it was stopped, bit for bit, and logs the length before it is cut', async () => {
  const clip = ', clip = 0.2';
  const { records } = await runOf('whole', clip);
  const steps = await readLog(join(root, 'whole'), 'steps.jsonl');
  expect(Object.keys(steps[0]!)).toEqual(['step', 'loss', 'loss:view', 'gradient_norm']);
  expect(steps.some((step) => (step.gradient_norm as number) > 0.2)).toBe(true);
  expect(records[0]!.scalars.gradient_norm).toBeGreaterThan(0);
  expect((await load(join(root, 'whole'))).plan.train.clip).toBe(0.2);

  const controller = new AbortController();
  const engine = watched(plainEngine, (step) => {
    if (step === 7) controller.abort();
  });
  expect((await runOf('stopped', clip, { engine, signal: controller.signal })).status).toBe('interrupted');
  await expect(runOf('stopped', ', clip = 0.1', { resume: true })).rejects.toThrow();
  expect((await runOf('stopped', clip, { resume: true })).status).toBe('epochs');
  for (const file of ['steps.jsonl', 'weights.safetensors']) {
    expect(bytesOf('stopped', file).equals(bytesOf('whole', file)), file).toBe(true);
  }
});

it('differs from a run without, and one that cuts nothing does not differ from it', async () => {
  await runOf('plain', '');
  await runOf('loose', ', clip = 1e6');
  expect(bytesOf('loose', 'weights.safetensors').equals(bytesOf('plain', 'weights.safetensors'))).toBe(true);
  expect(bytesOf('whole', 'weights.safetensors').equals(bytesOf('plain', 'weights.safetensors'))).toBe(false);
});
