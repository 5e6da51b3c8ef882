/** A run that was stopped goes on to the same bits, whatever its optimizers keep. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trainModel } from '../../src/training/train_model.ts';
import { planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 6, items: 12, eventsPerUser: 8, heldOut: 2 });

it.each([
  ['momentum', 'dense = sgd(momentum: 0.9, warmup: 3), embeddings = sgd(rate: 0.1, momentum: 0.9, l2: 0.01)'],
  ['lamb', 'dense = lamb(decay: cosine), embeddings = lamb(weight_decay: 0.1)'],
  [
    'overrides',
    'dense = adam(l2: 0.1, warmup: 9), embeddings = adam, overrides = weights(user, rate: 0.1), table(movie_id, rate: 0.2, l2: 0.1)',
  ],
])('%s', async (name, optimizers) => {
  const runOf = (folder: string, other: Partial<Parameters<typeof trainModel>[0]> = {}) =>
    trainModel({
      plan: planOf(`
        model any
        features { user_id : id(dim: 4), movie_id : id(dim: 4) }
        tower user(user_id) keyed by user_id { channel main = user_id -> dense(4) }
        tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
        task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }
        train { batch = 8, epochs = 3, ${optimizers} }`),
      dataset,
      engine: plainEngine,
      folder: join(root, folder),
      origin: { sources: [] },
      tower: '0.0.0',
      ...other,
    });
  await runOf(name);
  const controller = new AbortController();
  const engine = watched(plainEngine, (step) => {
    if (step === 7) controller.abort();
  });
  expect((await runOf(`${name}-stopped`, { engine, signal: controller.signal })).status).toBe('interrupted');
  expect((await runOf(`${name}-stopped`, { resume: true })).status).toBe('epochs');
  for (const file of ['steps.jsonl', 'weights.safetensors']) {
    const [whole, stopped] = [name, `${name}-stopped`].map((each) => readFileSync(join(root, each, file)));
    expect(stopped!.equals(whole!), file).toBe(true);
  }
});
