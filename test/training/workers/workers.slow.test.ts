/**
 * A training of two workers gives the weights of one worker with the same batches, to rounding: each kind of loss, each way to draw
 * negatives, each correction. The workers are trainers in this process, over graphs in plain arrays.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Failure, failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import type { InputPlan, Plan } from '../../../src/graph/plan/plan.ts';
import { follow } from '../../../src/training/follow.ts';
import { readMetricsLog } from '../../../src/training/metrics_log.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { chooseLayout, type TableLayout, unsharedTables } from '../../../src/training/workers/read_together.ts';
import { makeDataset } from '../fixtures.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { optionsIn } from './options_in.ts';
import { Killed, makeWorkers, type Worker } from './together.ts';
import { expectSameWeights, lossesIn, outcomes, trainTogether, weightsOf } from './trained_together.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 8, items: 20, eventsPerUser: 8, heldOut: 2 });

const settings = (more = '') => `train { batch = 14, epochs = 1, validate = every(9) ${more} }`;

function planOf(text: string): Plan {
  const { lowered, diagnostics } = compileSource(makeSource('model.tower', `model made_up\n${text}`));
  const wrong = diagnostics.filter(({ severity }) => severity === 'error');
  if (!lowered || wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join());
  return lowered.plan;
}

const towers = (query: string, item: string): string => `
  labels { liked: binary }
  features {
    user_id  : id(dim: 4, drop: 0.2)
    history  : list(movie_id, max: 5)
    movie_id : id(dim: 4)
    genres   : list(category(dim: 4), max: 4)
    year     : number(standardize)
  }
  group profile = user_id, history
  group movie   = movie_id, genres, year
  tower user(profile) keyed by user_id { channel main = profile -> ${query} }
  tower item(movie) keyed by movie_id { channel main = movie -> ${item} }`;

const plain = towers('flatten -> mlp(6, 4)', 'flatten -> mlp(6, 4)');
const task = (loss: string, of = plain): string =>
  `${of}\ntask watch { score = cosine(user, item), loss = ${loss} }\n${settings()}`;
/** Two parts of a batch, by the length of the list. */
const lists = (more: string, dropout = ''): string => `
  features {
    user_id  : id(dim: 0)
    history  : list(movie_id, max: 16, pool: none)
    movie_id : id(dim: 4)
  }
  tower user(history) keyed by user_id {
    channel main = history -> positions -> transformer(layers: 1, heads: 2${dropout}) -> last
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task next { score = dot(user, item), loss = softmax(all, temperature: 0.1) }
  train { batch = 200, epochs = 3, validate = every(9) ${more} }`;

/** Two views of each list next to the loss. */
const contrasted = (views: string, more: string): string =>
  lists(more, ', dropout: 0.3').replace(
    '  train {',
    `  task alike { score = cosine(user, item), loss = contrast(${views}, temperature: 0.2) }
  objective = next + 0.5 * alike
  retrieve  = next
  train {`,
  );

const through = (pool: string, query: string, more = ''): string => `
  features {
    user_id  : id(dim: ${pool === 'none' ? 0 : 4})
    history  : list(movie_id, max: 16, pool: ${pool}, through: item)
    movie_id : id(dim: 4, drop: 0.2)
    genres   : list(category(dim: 4), max: 4)
  }
  group asked = ${pool === 'none' ? 'history' : 'user_id, history'}
  group movie = movie_id, genres
  tower user(asked) keyed by user_id { channel main = asked -> ${query} }
  tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dropout(0.2) -> mlp(4) }
  task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
  ${settings(more)}`;

const models: Readonly<Record<string, string>> = {
  'in-batch softmax': task('softmax(in_batch, temperature: 0.1, correction: frequency)'),
  'a streaming correction': task('softmax(in_batch, temperature: 0.1, correction: streaming)'),
  'symmetric softmax': task('softmax(in_batch, symmetric, temperature: learned(0.1))'),
  'seen items': task('softmax(in_batch, mask: history, hardest: 4, temperature: 0.1)'),
  'softmax over all items': task('softmax(all, temperature: 0.1)'),
  'shared negatives': task('softmax(in_batch, negatives: sampled(6, shared), temperature: 0.1)'),
  'negatives of each row': task('bpr(negatives: sampled(3))'),
  'mined negatives': task('softmax(negatives: mined(2, best: 5), temperature: 0.1)'),
  'a queue': task('softmax(in_batch, queue: batches(2), temperature: 0.1)'),
  'alignment and uniformity': task('directau'),
  'statistics of the batch, and dropout': task(
    'softmax(in_batch, temperature: 0.1)',
    towers('flatten -> batch_norm -> dropout(0.3) -> mlp(6, 4)', 'flatten -> mlp(6, 4)'),
  ),
  'tasks of some rows each': `${plain}
    task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1), only = liked }
    task like { score = cosine(user, item) / 0.3, loss = bce, label = liked }
    retrieve = watch
    ${settings()}`,
  'rows of tables with moments': `${task('bpr(negatives: sampled(1))').replace(settings(), settings(', embeddings = adam(rate: 0.01)'))}`,
  'a graph of users and items': `
    features { user_id : id(dim: 4), movie_id : id(dim: 4) }
    tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = dot(user, item), loss = bpr(negatives: sampled(1)) }
    ${settings(', graph = lightgcn(layers: 2)')}`,
  'a batch in parts': lists(''),
  'a loss at each position': lists(', targets = positions'),
  'a loss at a position before': lists(', targets = positions(ahead: 4)'),
  'a batch in parts with dropout': lists('', ', dropout: 0.3'),
  'a loss at each position with dropout': lists(', targets = positions', ', dropout: 0.3'),
  'views of a sequence, at each position, in parts': contrasted('same_item, crop: 0.6', ', targets = positions'),
  'views of an event, in parts': contrasted('mask: 0.3, reorder: 0.6', ''),
  'whole rows of users, in parts': lists(', targets = users')
    .replace('transformer(layers: 1, heads: 2) -> last', 'dropout(0.3, elements) -> mean(power: 0.5) -> gaussian(4)')
    .replace('batch = 200', 'batch = 16')
    .replace('max: 16', 'max: 200'),
  'such rows, in parts': lists(', targets = users')
    .replace(
      'transformer(layers: 1, heads: 2) -> last',
      'dropout(0.3, elements) -> mean -> gaussian(4, kl: per_item(0.05))',
    )
    .replace('batch = 200', 'batch = 16')
    .replace('max: 16', 'max: 200'),
  'whole rows of users, through the item tower': through('sum', 'flatten -> mlp(6, 4)', ', targets = users').replace(
    'softmax(in_batch, temperature: 0.1)',
    'mse(all, diagonal: 0.5, unit)',
  ),
  'ids that are dropped next to a list in parts': `
    features {
      user_id  : id(dim: 4, drop: 0.3)
      history  : list(movie_id, max: 16, pool: none)
      movie_id : id(dim: 4)
    }
    tower user(user_id, history) keyed by user_id {
      order = history -> positions -> transformer(layers: 1, heads: 2) -> last
      channel main = concat(order, user_id) -> dropout(0.2) -> dense(4)
    }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task next { score = dot(user, item), loss = softmax(in_batch, temperature: 0.1) }
    ${settings()}`,
  'a length of the whole gradient': task('softmax(in_batch, temperature: 0.1)').replace(
    settings(),
    settings(', clip = 0.05'),
  ),
  'such a length, of all items and negatives': `${task('softmax(all, temperature: 0.1)').replace(settings(), settings(', clip = 0.05'))}`,
  'such a length, of negatives of each row': `${task('bpr(negatives: sampled(3))').replace(settings(), settings(', clip = 0.05'))}`,
  'such a length, of a batch in parts': lists(', clip = 0.05'),
  'such a length, of a loss at each position': lists(', targets = positions, clip = 0.05'),
  'a list through the item tower': through('mean', 'flatten -> mlp(6, 4)'),
  'such a list in sequence, in parts': through('none', 'positions -> transformer(layers: 1, heads: 2) -> last'),
  'such a list, with a length of the gradient': through('mean', 'flatten -> mlp(6, 4)', ', clip = 0.05'),
  'weights of tasks by their gradients': `${plain}
    task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1), only = liked }
    task like { score = cosine(user, item) / 0.3, loss = bce, label = liked }
    objective = pareto(watch, like)
    retrieve = watch
    ${settings()}`,
};

const optionsOf = (name: string, plan: Plan, of: Dataset = dataset): TrainOptions =>
  optionsIn(join(root, name), plan, of);

for (const [name, text] of Object.entries(models)) {
  it(`${name}: two workers are one`, async () => {
    const plan = planOf(text);
    const [alone, together] = [optionsOf(`${name}-1`, plan), optionsOf(`${name}-2`, plan)];
    await trainModel(alone);
    await trainTogether(together, 2);
    await expectSameWeights(alone, together);
    const [expected, found] = [await lossesIn(alone), await lossesIn(together)];
    expected.forEach((loss, epoch) => {
      expect(found[epoch]).toBeCloseTo(loss, 5);
    });
    if (unsharedTables(plan) !== undefined) return;
    // Rows that workers share are added up in the same order.
    const sharded = { ...optionsOf(`${name}-sharded`, plan), sharesTables: true };
    await trainTogether(sharded, 2);
    expect(await weightsOf(sharded)).toEqual(await weightsOf(together));
    const [own, shared] = await Promise.all([together, sharded].map(({ folder }) => readMetricsLog(folder)));
    expect(shared!.at(-1)!.validation).toBeDefined();
    expect(shared!.map(({ validation }) => validation)).toEqual(own!.map(({ validation }) => validation));
  });
}

it('refuses a part of a model that workers cannot share, before the run begins', async () => {
  const plan = planOf(task('directau'));
  const pieces = { name: 'pieces', source: { from: 'piece_rows' } } as unknown as InputPlan;
  const options = optionsOf('refused', { ...plan, step: { ...plan.step, inputs: [...plan.step.inputs, pieces] } });
  await expect(trainTogether(options, 2)).rejects.toThrow(/several workers cannot share a matrix of scores/);
  expect(existsSync(options.folder)).toBe(false);
});

it('workers agree on how they hold tables, and refuse what needs them whole', async () => {
  const [first, second] = makeWorkers(2);
  const plan = planOf(task('directau'));
  const choose = (worker: Worker | undefined, asked?: TableLayout) =>
    chooseLayout(worker!.group, { plan, dataset, requestedLayout: asked });
  const sizes = { bytes: expect.any(Number), isAsked: false };
  const chosen = await Promise.all([choose(first), choose(second)]);
  expect(chosen).toEqual([first, second].map(() => ({ layout: 'replicated', ...sizes })));
  const differing = await Promise.allSettled([choose(first, 'sharded'), choose(second)]);
  for (const each of differing) expect(String((each as PromiseRejectedResult).reason)).toMatch(/worker 1 .*--tables/);
  const graph = planOf(models['a graph of users and items']!);
  const refused = chooseLayout(first!.group, { plan: graph, dataset, requestedLayout: 'sharded' });
  await expect(refused).rejects.toThrow(/cannot share tables that `graph` connects/);
});

it('refuses workers that would train different things', async () => {
  const plan = planOf(task('directau'));
  const [first, second] = makeWorkers(2);
  const other = { ...optionsOf('differs', { ...plan, train: { ...plan.train, seed: 2 } }), ...second! };
  const working = [trainModel({ ...optionsOf('differs', plan), ...first! }), follow(other)];
  for (const { status, ...result } of await Promise.allSettled(working)) {
    expect(status).toBe('rejected');
    expect(String((result as PromiseRejectedResult).reason)).toMatch(
      /worker 1 is about to train something else than worker 0: seed differs/,
    );
  }
  expect(existsSync(join(root, 'differs', 'manifest.json'))).toBe(false);
});

it.each(['replicated', 'sharded'])(
  'a run of %s tables goes on with any number of workers: two, one, three',
  async (layout) => {
    const sharesTables = layout === 'sharded';
    const text = task('softmax(in_batch, temperature: 0.1, correction: streaming)');
    const plan = (epochs: number): Plan => planOf(text.replace('epochs = 1', `epochs = ${epochs}`));
    const alone = optionsOf(`whole-${layout}`, plan(3));
    await trainModel(alone);
    const inTurns = { ...optionsOf(`in-turns-${layout}`, plan(3)), sharesTables };
    // The second worker is asked to stop: all stop after the first step, in the middle of an epoch.
    const stop = new AbortController();
    stop.abort();
    const [first, second] = makeWorkers(2);
    const [result] = await Promise.all([
      trainModel({ ...inTurns, ...first! }),
      follow({ ...inTurns, ...second!, signal: stop.signal }),
    ]);
    expect(result.status).toBe('interrupted');
    expect(result.manifest!.training.steps).toBe(1);
    await trainModel({ ...inTurns, resume: true, until: () => 1, plan: plan(2) });
    await trainTogether({ ...inTurns, resume: true }, 3);
    await expectSameWeights(alone, inTurns);
  },
);

it.each(['replicated', 'sharded'])(
  'a run of %s tables whose workers are killed at random goes on to the same bits',
  async (layout) => {
    const text = task('softmax(in_batch, temperature: 0.1, correction: streaming)');
    const plan = planOf(text.replace('epochs = 1', 'epochs = 3'));
    const given = { sharesTables: layout === 'sharded' };
    const whole = { ...optionsOf(`undisturbed-${layout}`, plan), ...given };
    await trainTogether(whole, 2);
    const random = makeRandom(5);
    let resumed = 0;
    for (let round = 0; round < 2; round++) {
      const options = { ...optionsOf(`killed-${layout}-${round}`, plan), ...given };
      for (let kills = 0; kills < 3; kills++) {
        const kill = { rank: random.integer(2), exchange: 1 + random.integer(given.sharesTables ? 90 : 12) };
        const isBegun = existsSync(join(options.folder, 'run.json'));
        if (existsSync(join(options.folder, 'checkpoint.safetensors'))) resumed++;
        const ends = await outcomes({ ...options, resume: isBegun }, makeWorkers(2, kill));
        if (ends.every(({ status }) => status === 'fulfilled')) continue;
        const reasons = ends.map((end) => (end as PromiseRejectedResult).reason);
        expect(reasons[kill.rank]).toBeInstanceOf(Killed);
        expect(String(reasons[1 - kill.rank])).toMatch(new RegExp(`worker ${kill.rank} on here is gone \\(`));
      }
      await trainTogether({ ...options, resume: existsSync(join(options.folder, 'run.json')) }, 2);
      const [expected, found] = await Promise.all([weightsOf(whole), weightsOf(options)]);
      expect(found).toEqual(expected);
      expect(await lossesIn(options)).toEqual(await lossesIn(whole));
    }
    expect(resumed).toBeGreaterThan(0);
  },
);

it('negatives that the first worker has mined for shared tables stay over a kill in the epoch', async () => {
  const plan = planOf(models['mined negatives']!.replace('epochs = 1', 'epochs = 3'));
  const whole = optionsOf('mined-whole', plan);
  await trainTogether(whole, 2);
  const killed = { ...optionsOf('mined-killed', plan), sharesTables: true };
  const kill = { rank: 1, exchange: 80 };
  const ends = await outcomes(killed, makeWorkers(2, kill));
  expect((ends[1] as PromiseRejectedResult).reason).toBeInstanceOf(Killed);
  expect(existsSync(join(killed.folder, 'checkpoint.safetensors'))).toBe(true);
  await trainTogether({ ...killed, resume: true }, 3);
  await expectSameWeights(whole, killed);
});

it('a full disk under the first worker is its message, and the reason of the others', async () => {
  const options = optionsOf('full', planOf(task('directau')));
  const [first, second] = makeWorkers(2);
  const full = failure('cannot-write', { path: options.folder, reason: 'the disk is full' });
  const engine: Engine = {
    ...first!.engine,
    prepare: async (...given) => ({ ...(await first!.engine.prepare(...given)), read: () => Promise.reject(full) }),
  };
  const [one, other] = await outcomes(options, [{ ...first!, engine }, second!]);
  expect((one as PromiseRejectedResult).reason).toBe(full);
  const { diagnostics } = (other as PromiseRejectedResult).reason as Failure;
  expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
    ['worker-lost', expect.stringMatching(/^worker 0 on here ended: .*the disk is full.* \(after step \d+; closed\)$/)],
  ]);
});
