/** Tables that PyTorch holds learn what tables of the host learn, whatever the row optimizer and the kind of look-up. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSafetensors } from '../../src/base/storage/safetensors.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import { torchEngine } from '../../src/engines/torch/torch.ts';
import { torchSettings } from '../../src/engines/torch/worker.ts';
import { load } from '../../src/training/artifact/load.ts';
import { readLog } from '../../src/training/metrics_log.ts';
import { replayStep } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train.ts';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { engineOrSkip } from '../engines/support.ts';
import { makeDataset } from './fixtures.ts';
import { runOptions } from './run_options.ts';
import { temporaryFolder } from './temporary_folder.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 10, items: 20, eventsPerUser: 12, heldOut: 2 });
const loads = (await engineOrSkip('torch')) !== undefined;
// More threads would wait for each other in these small steps.
const engineWith = (holdsTables: boolean) => torchEngine({ ...torchSettings(), threads: 1, holdsTables });
const [host, torch] = loads ? [await engineWith(false), await engineWith(true)] : [];

/** One row that may be dropped, a mean and a sum of bags, two widths, and a frozen table. */
const pooled = `
  features {
    user_id  : id(dim: 4, drop: 0.2)
    history  : list(movie_id, max: 5, pool: mean)
    movie_id : id(dim: 4)
    genres   : list(category(dim: 3), max: 4, pool: sum)
  }
  group profile = user_id, history
  group movie   = movie_id, genres
  tower user(profile) keyed by user_id { channel main = profile -> flatten -> mlp(6, 4) }
  tower item(movie) keyed by movie_id { channel main = movie -> flatten -> mlp(6, 4) }
  task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }`;

/** Lists with room for more elements than they have. */
const inSequence = `
  features { user_id : id(dim: 0), history : list(movie_id, max: 16, pool: none), movie_id : id(dim: 4) }
  tower user(history) keyed by user_id {
    channel main = history -> positions -> transformer(layers: 1, heads: 2) -> last
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task next { score = dot(user, item), loss = softmax(in_batch, temperature: 0.2) }`;

const checkedModel = (features: string, train: string) => {
  const text = `model any\n${features}\ntrain { batch = 10, epochs = 5, dense = sgd(rate: 0.1), ${train} }`;
  const { lowered, diagnostics } = compileSource(makeSource('model.tower', text));
  const wrong = diagnostics.filter(({ severity }) => severity === 'error');
  if (!lowered || wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join());
  return lowered;
};

const optionsOf = (name: string, features: string, train: string, more: Partial<TrainOptions>): TrainOptions => {
  const { plan, norms } = checkedModel(features, train);
  return runOptions(root, name, { plan, dataset }, { norms, ...more });
};

async function expectSameRun(one: string, other: string): Promise<void> {
  const [expected, found] = await Promise.all([one, other].map((name) => readLog(join(root, name), 'steps.jsonl')));
  expect(found!.length).toBe(50);
  expected!.forEach((line, at) => {
    expect(Object.keys(found![at]!)).toEqual(Object.keys(line));
    for (const [name, value] of Object.entries(line)) {
      const limit = 1e-5 * Math.max(1, Math.abs(value as number));
      expect(Math.abs((found![at]![name] as number) - (value as number)), `${name} of step ${at + 1}`).toBeLessThan(
        limit,
      );
    }
  });
  const weights = await Promise.all(
    [one, other].map((name) => readSafetensors(join(root, name, 'weights.safetensors'))),
  );
  for (const [name, { data }] of weights[0]!.tensors) {
    const others = weights[1]!.tensors.get(name)!.data;
    data.forEach((value, at) => {
      expect(Math.abs(value - others[at]!), `${name}[${at}]`).toBeLessThan(1e-5);
    });
  }
}

it.skipIf(!torch).each([
  ['sgd', 'embeddings = sgd(rate: 0.1)', pooled],
  ['momentum', 'embeddings = sgd(rate: 0.05, momentum: 0.9, l2: 0.01)', pooled],
  ['adagrad', 'embeddings = adagrad(rate: 0.05)', pooled],
  ['adagrad in sequence', 'embeddings = adagrad(rate: 0.05)', inSequence],
  ['row-wise adagrad', 'embeddings = adagrad(rate: 0.05, per: row)', pooled],
  ['adam', 'embeddings = adamw(rate: 1e-3, weight_decay: 0.1, decay: linear)', pooled],
  ['adam in sequence', 'embeddings = adam(rate: 1e-3)', inSequence],
  ['lamb', 'embeddings = lamb(rate: 0.01, weight_decay: 0.1)', pooled],
  [
    'rates of tables',
    'embeddings = adagrad(rate: 0.05, warmup: 9), overrides = table(movie_id, rate: 0.2), table(genres, l2: 0.1)',
    pooled,
  ],
])('%s: 50 steps are those of host tables', async (name, train, features) => {
  await trainModel(optionsOf(`${name} on the host`, features, train, { engine: host! }));
  await trainModel(optionsOf(name, features, train, { engine: torch! }));
  await expectSameRun(`${name} on the host`, name);
});

it.skipIf(!torch)(
  'a run that was stopped goes on to the same bits, and a step taken again is that of the run',
  async () => {
    const [train, name] = ['embeddings = adam(rate: 1e-3)', 'adam whole'];
    await trainModel(optionsOf(name, pooled, train, { engine: torch! }));
    const stop = new AbortController();
    const stopped = await trainModel(
      optionsOf('adam stopped', pooled, train, {
        engine: torch!,
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === 'epoch') stop.abort();
        },
      }),
    );
    expect(stopped.status).toBe('interrupted');
    await trainModel(optionsOf('adam stopped', pooled, train, { engine: torch!, resume: true }));
    for (const file of ['steps.jsonl', 'weights.safetensors']) {
      const [whole, resumed] = [name, 'adam stopped'].map((each) => readFileSync(join(root, each, file)));
      expect(resumed!.equals(whole!), file).toBe(true);
    }
    const trained = await load(join(root, name));
    const out = join(root, 'step');
    const { taken } = await replayStep({ trained, dataset, engine: torch!, step: 7, out });
    expect(taken!.agrees).toBe(true);
    const { tensors } = await readSafetensors(join(out, 'tensors.safetensors'));
    const { tensors: before } = await readSafetensors(join(out, 'before.safetensors'));
    const rows = before.get('table/user_id')!;
    const [first] = [...tensors].find(([each]) => each.startsWith('input/') && each.includes('user_id'))!;
    const read = tensors.get(first)!.data.slice(0, 4);
    const all = Array.from({ length: rows.shape[0]! }, (_, row) => rows.data.slice(4 * row, 4 * row + 4).join());
    expect(all).toContain(read.join());
  },
);
