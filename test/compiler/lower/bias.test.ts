/** Biases and a constant in a score: one more dimension of the vectors, learned by the key, exact wherever a score is. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import type { Corpus, Events, IndexedColumn } from '../../../src/data/dataset.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { labelMeans } from '../../../src/training/training_step.ts';
import { expectClose, feed, floats, planOf, rowsOf } from '../library/support.ts';
import { checkText, found } from '../model/check_text.ts';
import { makeRun } from './tables_at_work.ts';

const head = `
  model rated
  features { user_id : id(dim: 4) movie_id : id(dim: 4) }
  labels { rating : number liked : binary }`;
const towers = `
  tower user(user_id) keyed by user_id { channel main = user_id }
  tower item(movie_id) keyed by movie_id { channel main = movie_id channel fame = movie_id -> dense(1) }`;
const plainTowers = towers.replace('channel fame = movie_id -> dense(1)', '');
const train = 'train { dense = sgd(rate: 0.5), embeddings = sgd(rate: 0.5) }';
const rated = `${head} ${plainTowers}
  task rate { score = dot(user, item) + user.bias + item.bias + mean, loss = mse, label = rating } ${train}`;

interface Trace {
  readonly losses: readonly number[];
  readonly last: Readonly<Record<string, number[][]>>;
}

const fixture = JSON.parse(readFileSync('test/fixtures/biases.json', 'utf8')) as {
  readonly data: Readonly<Record<'user_id' | 'movie_id' | 'rating' | 'liked', number[]>> & {
    readonly first: Readonly<Record<string, number[][]>>;
  };
  readonly cases: Readonly<Record<string, Trace>>;
};

const nameOf: Readonly<Record<string, string>> = { fame: 'item/fame/dense/weights', fame_bias: 'item/fame/dense/bias' };

const codes = (values: readonly number[]): IndexedColumn => ({
  column: { kind: 'codes', values: Int32Array.from(values) },
});

describe('the steps that PyTorch takes', () => {
  const { data, cases } = fixture;
  const events: Events = {
    rows: data.user_id.length,
    features: new Map([
      ['user_id', codes(data.user_id)],
      ['movie_id', codes(data.movie_id)],
    ]),
    labels: new Map((['rating', 'liked'] as const).map((label) => [label, Float32Array.from(data[label])])),
    item: Int32Array.from(data.movie_id, (code) => code - 1),
    user: Int32Array.from(data.user_id, (code) => code - 1),
  };
  const items = data.first.movie_id!.length - 1;
  const corpus: Corpus = {
    rows: items,
    features: new Map([['movie_id', codes(Array.from({ length: items }, (_, at) => at + 1))]]),
    keys: Array.from({ length: items }, (_, at) => `${at}`),
    trainingCounts: new Int32Array(items).fill(1),
  };
  test.each([
    ['mse', rated],
    [
      'softmax',
      `${head} ${plainTowers} task watch { score = dot(user, item) + item.bias, loss = softmax(in_batch) } ${train}`,
    ],
    [
      'bce',
      `${head} ${towers} task like {
        score = 0.7 * dot(user, item) + 2 * item.fame - 0.5, loss = bce, label = liked } ${train}`,
    ],
  ])('%s', (name, text) => {
    const plan = planOf(text);
    const parameters = {
      ...initialValues(plan.step.graph, 1),
      ...labelMeans(plan, events),
      'item/fame/dense/weights': floats([4, 1], data.first.fame!.flat()),
    };
    const run = makeRun(plan, { events, corpus, first: (table) => data.first[table]! }, parameters);
    const { losses, last } = cases[name]!;
    losses.forEach((loss, at) => {
      expectClose([run.step(at + 1).loss!.data[0]!], [loss], 1e-5);
    });
    const values = run.values();
    let compared = 0;
    for (const [key, rows] of Object.entries(last)) {
      const held = values.get(nameOf[key] ?? key);
      if (!held) continue;
      compared++;
      expectClose(held, rows.flat(), 1e-5);
    }
    expect(compared).toBe({ mse: 4, softmax: 3, bce: 4 }[name]);
  });
});

describe('in the towers as they are served', () => {
  it('the inner product is the score, by hand', () => {
    const plan = planOf(rated);
    const inputs = {
      user_id: floats([2, 4], [1, 2, 3, 4, 0, 1, 0, 1]),
      'user.bias': floats([2, 1], [0.25, -1]),
      movie_id: floats([2, 4], [1, 0, 0, 1, 0, 2, 0, 0]),
      'item.bias': floats([2, 1], [0.5, 3]),
    };
    const [query, item] = plan.towers.map(({ embedded: { graph } }) => {
      const own = Object.fromEntries(graph.inputs.map(({ name }) => [name, inputs[name as keyof typeof inputs]]));
      const parameters: Parameters<typeof evaluateGraph>[2] =
        graph.parameters.length > 0 ? { 'score/rate/mean': floats([1], [3.5]) } : {};
      return rowsOf(evaluateGraph(graph, own, parameters).outputs.vector!);
    });
    expect(plan.towers.map(({ embedded }) => embedded.inputs.map(({ name }) => name))).toEqual([
      ['user_id', 'user.bias'],
      ['movie_id', 'item.bias'],
    ]);
    expect(query).toEqual([
      [1, 2, 3, 4, 3.75, 1],
      [0, 1, 0, 1, 2.5, 1],
    ]);
    expect(item).toEqual([
      [1, 0, 0, 1, 1, 0.5],
      [0, 2, 0, 0, 1, 3],
    ]);
  });

  it('a bias of one side alone takes one dimension, a constant too', () => {
    const widthOf = (added: string): number =>
      planOf(`${head} ${plainTowers} task rate { score = dot(user, item) + ${added}, loss = mse, label = rating }`)
        .towers[1].width;
    expect(['item.bias', 'user.bias', 'mean', '3.5', 'user.bias + 3.5', 'user.bias + item.bias'].map(widthOf)).toEqual([
      5, 5, 5, 5, 5, 6,
    ]);
  });

  it('follows the factor of the task, next to the vectors of others', () => {
    const plan = planOf(`${head} ${plainTowers}
      task rate { score = dot(user, item) + item.bias, loss = mse, label = rating }
      task like { score = dot(user, item), loss = bce, label = liked }
      retrieve = 2 * rate + like`);
    const graph = plan.towers[0].embedded.graph;
    const { outputs } = evaluateGraph(graph, { user_id: floats([1, 4], [1, 2, 3, 4]) }, {});
    expect(rowsOf(outputs.vector!)).toEqual([[2, 4, 6, 8, 2, 1, 2, 3, 4]]);
  });

  it('with interests the best is of the sum, and a bias moves all alike', () => {
    const plan = planOf(`model several
      features { user_id : id(dim: 4) seen : list(movie_id, max: 3, pool: none) movie_id : id(dim: 4) }
      tower user(user_id, seen) keyed by user_id { channel main = seen -> multi_interest(2) }
      tower item(movie_id) keyed by movie_id { channel main = movie_id }
      task watch { score = dot(user, item) + item.bias, loss = softmax(in_batch) }`);
    expect(plan.towers.map(({ width, interests }) => [width, interests])).toEqual([
      [5, 2],
      [5, undefined],
    ]);
    const inputs = feed(plan.step, 3);
    expect(
      Number.isFinite(evaluateGraph(plan.step.graph, inputs, initialValues(plan.step.graph, 1)).outputs.loss!.data[0]),
    ).toBe(true);
  });
});

describe('the mean of a label', () => {
  const events = (labels: Readonly<Record<string, number[]>>): Events => ({
    rows: 4,
    features: new Map([
      [
        'seconds',
        { column: { kind: 'numbers', width: 1, values: Float32Array.of(9, 1, 3) }, index: Int32Array.of(1, 2, 1, 0) },
      ],
    ]),
    labels: new Map(Object.entries(labels).map(([name, values]) => [name, Float32Array.from(values)])),
    item: new Int32Array(4),
    user: new Int32Array(4),
  });
  const meanOf = (task: object, labels: Readonly<Record<string, number[]>>): number =>
    labelMeans({ tasks: [{ name: 'rate', loss: 'mse', label: 'rating', mean: 'm', ...task }] }, events(labels)).m!
      .data[0]!;
  const nothing = Number.NaN;
  it.each([
    ['of all', {}, { rating: [1, 2, 3, 4] }, 2.5],
    ['without the missing', {}, { rating: [1, nothing, 3, 5] }, 3],
    ['by a label', { weight: 'times' }, { rating: [1, 2, 3, 4], times: [3, 1, 0, nothing] }, 1.25],
    ['by a feature', { weight: 'seconds' }, { rating: [1, 2, 3, 4] }, (1 + 6 + 3 + 36) / 14],
    ['where another label is 1', { only: 'liked' }, { rating: [1, 2, 3, 4], liked: [1, 0, nothing, 1] }, 2.5],
    ['of none', { only: 'liked' }, { rating: [1, 2, 3, 4], liked: [0, 0, 0, 0] }, 0],
  ])('%s', (_, task, labels, mean) => expect(meanOf(task, labels)).toBeCloseTo(mean, 6));

  it('is asked for where a score adds it', () => {
    expect(planOf(rated).tasks[0]!.mean).toBe('score/rate/mean');
    expect(planOf(rated.replace(' + mean', '')).tasks[0]!.mean).toBeUndefined();
  });
});

describe('mistakes', () => {
  const checked = (score: string, loss: string, more = towers): string[] =>
    found(checkText(`${head} ${more} task rate { score = ${score}, ${loss} }`)).filter(
      (code) => !/^(unread|lone-channel)/.test(code),
    );
  const mse = 'loss = mse, label = rating';
  it.each([
    ['cosine(user.main, item.main) + item.bias', mse, ['bias-with-cosine: item.bias']],
    ['cosine(user.main, item.main) + item.fame', mse, ['bias-with-cosine: item.fame']],
    ['cosine(user.main, item.main) + 3', mse, []],
    ['dot(user, item) + item.main', mse, ['unpaired-channel: main']],
    ['dot(user.main, item.main) + item.main', mse, ['bias-width: item.main']],
    ['dot(user, item) + item.fane', mse, ['unknown-name: fane']],
    ['dot(user, item) + items.bias', mse, ['unknown-name: items']],
    ['dot(user, item) + mean', 'loss = bce, label = liked', ['mean-needs-number: mean']],
    ['dot(user, item) + mean', 'loss = softmax(in_batch)', ['mean-needs-number: mean']],
    ['dot(user, item) + user.bias', 'loss = softmax(in_batch)', ['bias-cancels: user.bias']],
    ['dot(user, item) + 2', 'loss = bpr', ['bias-cancels: 2']],
    ['dot(user, item) + item.bias', 'loss = hinge', []],
    ['item.bias + mean', mse, ['not-a-score: item.bias + mean']],
    ['dot(user, item) + 0 * item.bias', mse, ['not-a-score: item.bias']],
    ['dot(user, item) + item', mse, ['unknown-kind: item']],
    ['dot(user, item) + item.bias * item.bias', mse, ['not-a-score: item.bias * item.bias']],
  ])('%s with %s', (score, loss, codes) => expect(checked(score, loss)).toEqual(codes));

  it('needs a key', () => {
    const keyless = plainTowers.replace(' keyed by movie_id', '');
    expect(checked('dot(user, item) + item.bias', mse, keyless)).toEqual(['bias-key-needed: item.bias']);
  });
  it('a step in the place of the channel', () => {
    const step = plainTowers.replace('channel main = movie_id', 'bias = movie_id -> dense(1) channel main = movie_id');
    expect(checked('dot(user, item) + item.bias', mse, step)).toEqual(['step-not-channel: bias']);
  });
  it('a constant that is called `mean` goes before the word', () => {
    expect(checked('dot(user, item) + mean', 'loss = bce, label = liked', `let mean = 2 ${towers}`)).toEqual([]);
  });
  it('a channel that is called `bias` goes before the number of the key', () => {
    const own = plainTowers.replace(
      'channel main = movie_id',
      'channel main = movie_id channel bias = movie_id -> dense(1)',
    );
    const plan = planOf(`${head} ${own} task rate { score = dot(user, item) + item.bias, ${mse} }`);
    expect(plan.tables.map(({ name }) => name)).toEqual(['user_id', 'movie_id']);
  });
});
