import { describe, expect, test } from 'vitest';
import { spanText } from '../../../src/base/text/source.ts';
import { printValueType } from '../../../src/compiler/library/values.ts';
import type { Arrow } from '../../../src/compiler/lower/flow.ts';
import { checkShapes, lower } from '../../../src/compiler/lower/lower.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { differences, expectClose, feed, modelOf, planOf, smallModel } from '../library/support.ts';

/** Models whose steps go through every part of lowering. */
const models: Readonly<Record<string, string>> = {
  'in-batch softmax with log q': smallModel({
    user: 'profile -> senet(reduction: 1) -> flatten -> mlp(5, 4, activation: tanh)',
    task: 'loss = softmax(in_batch, temperature: 0.2, correction: frequency)',
  }),
  'a weight, a factor, an unbounded score': smallModel({
    labels: 'labels { seconds: number }',
    score: 'dot(user, item) / 0.5',
    task: 'loss = softmax, weight = seconds',
  }),
  'drawn negatives, dropped numbers': smallModel({
    item: 'video -> flatten -> dropout(0.3) -> dense(4, tanh)',
    task: 'loss = softmax(negatives: sampled(3), scale: 4)',
  }),
  'tasks of two kinds, weighed': smallModel({
    labels: 'labels { clicked: binary, stars: number }',
    task: 'loss = bce(scale: 3), label = clicked',
    more: 'task rate { score = dot(user, item), loss = mse, label = stars } objective = 0.3 * click + 2 * rate',
  }),
  'tasks of two kinds, weighed by their uncertainty': smallModel({
    labels: 'labels { clicked: binary, stars: number }',
    task: 'loss = bce(scale: 3), label = clicked',
    more: 'task rate { score = dot(user, item), loss = mse, label = stars } objective = uncertainty(click, rate)',
  }),
  'a sequence, layer_norm': smallModel({
    features: 'list(video_id, max: 4, pool: none)',
    user: 'tried -> mean -> layer_norm -> dense(4)',
  }),
  'numbers, a shared block, several channels': `
    model several
    features {
      user_id : id(dim: 3)
      age     : number(standardize, dim: 2)
      face    : vector(4)
      video_id : id(dim: 3)
      seconds  : number(log)
      seed     : like(video_id)
    }
    group profile = user_id, age, face, seed
    group video = video_id, seconds
    shared block body = dense(4, tanh)
    tower user(profile) keyed by user_id {
      base = profile -> flatten -> dense(3)
      channel near = base -> body
      channel far  = base -> body -> dense(2)
    }
    tower item(video) keyed by video_id {
      base = video -> flatten -> dense(3)
      channel near = base -> body
      channel far  = base -> dense(2, sigmoid)
    }
    task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.5) }
    train { batch = 8, epochs = 1, dense = sgd(rate: 0.5), embeddings = sgd }
  `,
};

describe.each(Object.entries(models))('a step with %s', (_, text) => {
  const { step } = planOf(text);
  const before = initialValues(step.graph, 5);
  const hits = step.inputs.some(({ name }) => name.startsWith('hits/sampled'))
    ? [[0, 2] as const]
    : [[1, 2] as const, [2, 1] as const];
  const inputs = feed(step, 4, { hits, binary: false });
  const { outputs, parameters } = evaluateGraph(step.graph, inputs, before);
  const embeddings = step.inputs
    .filter(({ source }) => source.from === 'embedding' || source.from === 'sequence')
    .map(({ name }) => name);

  test('gives each embedding the gradient of the loss', () => {
    expect(embeddings.length).toBeGreaterThan(0);
    for (const [name, slopes] of differences(step.graph, inputs, before, embeddings)) {
      expectClose(outputs[`gradient:${name}`]!.data, slopes, 2e-5);
    }
  });

  test('moves each weight against the gradient of the loss, times the rate it is fed', () => {
    const weights = step.graph.parameters.map(({ name }) => name);
    expect(weights.length).toBeGreaterThan(1);
    for (const [name, slopes] of differences(step.graph, inputs, before, weights)) {
      const expected = [...before[name]!.data].map((value, at) => value - 0.5 * slopes[at]!);
      expectClose(parameters[name]!.data, expected, 2e-5);
    }
  });
});

test('a single feature flows as a vector, and may be a channel as it is', () => {
  const { towers } = planOf(
    smallModel({ user: 'profile -> flatten -> dense(3)', item: 'video_id -> dropout(0.1)', features: 'id(dim: 3)' })
      .replace('video = video_id, about', 'video = video_id')
      .replace(/\n.*about .*\n/, '\n')
      .replace('item(video)', 'item(video_id)')
      .replace(/\n.*group video.*\n/, '\n'),
  );
  expect(towers.map(({ width }) => width)).toEqual([3, 3]);
});

describe('the objective', () => {
  test('is the weighted sum of the losses, each of which is an output', () => {
    const { step } = planOf(models['tasks of two kinds, weighed']!);
    const { outputs } = evaluateGraph(step.graph, feed(step, 4), initialValues(step.graph, 5));
    const [click, rate] = [outputs['loss:click']!.data[0]!, outputs['loss:rate']!.data[0]!];
    expectClose(outputs.loss!.data, [0.3 * click + 2 * rate], 1e-6);
  });
});

describe('a shared block', () => {
  test('has one set of weights, under its own name', () => {
    const { step } = planOf(models['numbers, a shared block, several channels']!);
    const names = step.graph.parameters.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('shared/'))).toEqual([
      'shared/body/dense/weights',
      'shared/body/dense/bias',
    ]);
    expect(names).toContain('user/far/dense/weights');
    expect(names).toContain('features/age/projection');
  });
});

describe('a block that is not shared', () => {
  test('has weights of its own for every use, and so has every step of one flow', () => {
    const { step } = planOf(
      smallModel({
        more: 'block deep = flatten -> dense(4, relu) -> dense(4)',
        user: 'profile -> deep -> deep',
        item: 'video -> deep',
      }),
    );
    expect(step.graph.parameters.map(({ name }) => name).filter((name) => name.endsWith('weights'))).toEqual([
      'user/main/deep/dense/weights',
      'user/main/deep/dense_2/weights',
      'user/main/deep_2/dense/weights',
      'user/main/deep_2/dense_2/weights',
      'item/main/deep/dense/weights',
      'item/main/deep/dense_2/weights',
    ]);
  });
});

describe('the optimizer of dense weights', () => {
  test('keeps one flat slot for all of them, with its first value', () => {
    const { step } = planOf(smallModel({ dense: 'adagrad(initial: 0.25)' }));
    const weights = step.graph.parameters.filter(({ trainable }) => trainable);
    const sizes = weights.map(({ node }) =>
      (step.graph.nodes[node]!.type.shape as number[]).reduce((p, n) => p * n, 1),
    );
    const slot = step.graph.parameters.find(({ trainable }) => !trainable)!;
    expect(slot.name).toBe('optimizer/accumulator');
    expect(slot.initial).toEqual({ kind: 'constant', value: 0.25 });
    expect(step.graph.nodes[slot.node]!.type.shape).toEqual([sizes.reduce((sum, size) => sum + size, 0)]);
  });

  test('is planned with its rate and schedule, next to that of the tables', () => {
    const { train } = planOf(
      smallModel({
        dense: 'adam(rate: 2e-3, warmup: 10, decay: cosine)',
        embeddings: 'adagrad(rate: 0.1, per: row)',
        stop: 'recall(50, patience: 3)',
      }),
    );
    expect(train.dense).toEqual({ rate: 2e-3, schedule: { warmup: 10, decay: 'cosine' } });
    expect(train.embeddings).toMatchObject({
      kind: 'row_adagrad',
      rate: 0.1,
      schedule: { warmup: 0, decay: 'constant' },
    });
    expect(train.stop).toEqual({ metric: 'recall', k: 50, patience: 3 });
  });
});

describe('features', () => {
  test('share the table of what they are like or are lists of, and have their own otherwise', () => {
    const { features, tables } = planOf(smallModel({ features: 'list(video_id, max: 7)' }));
    expect(tables.map(({ name, dim, encoderOf }) => [name, dim, encoderOf])).toEqual([
      ['user_id', 3, 'user_id'],
      ['video_id', 3, 'video_id'],
      ['about', 3, 'about'],
    ]);
    expect(features.find(({ name }) => name === 'tried')).toEqual({
      name: 'tried',
      skipsUnseen: true,
      keeps: 'latest',
      tower: 'user',
      gives: 'bag',
      encoder: { kind: 'vocabulary', minimumCount: 1 },
      column: 'tried',
      encoderOf: 'video_id',
      max: 7,
      table: 'video_id',
      width: 3,
    });
  });

  test('that are keys only have no table and no width', () => {
    const text = smallModel({})
      .replace('user_id  : id(dim: 3)', 'user_id  : id(dim: 0)')
      .replace('profile = user_id, tried', 'profile = tried');
    const { features, tables, step } = planOf(text);
    expect(features.find(({ name }) => name === 'user_id')).toMatchObject({ tower: 'user', width: 0 });
    expect(features.find(({ name }) => name === 'user_id')).not.toHaveProperty('table');
    expect(tables.map(({ name }) => name)).not.toContain('user_id');
    expect(step.inputs.map(({ name }) => name)).not.toContain('user_id');
  });

  test('of drawn items have inputs of their own, with the same weights behind them', () => {
    const { step } = planOf(models['drawn negatives, dropped numbers']!);
    const drawn = { kind: 'sampled', perRow: 3, by: 'uniform' };
    const named = Object.fromEntries(step.inputs.map(({ name, source }) => [name, source]));
    expect(named['sampled_3_uniform/video_id']).toEqual({
      from: 'embedding',
      feature: 'video_id',
      pool: 'none',
      rows: drawn,
    });
    expect(named['hits/sampled_3_uniform/video_id']).toEqual({ from: 'accidental_hits', key: 'video_id', rows: drawn });
    expect(Object.values(named).filter(({ from }) => from === 'noise')).toEqual([
      { from: 'noise', width: 6 },
      { from: 'noise', width: 6, rows: drawn },
    ]);
    expect(step.graph.parameters.filter(({ name }) => name.startsWith('item/')).length).toBe(2);
  });

  test('can weigh rows when they are one plain number', () => {
    const { step } = planOf(
      smallModel({
        features: 'number(log)',
        user: 'profile -> flatten -> dense(4)',
        task: 'loss = softmax, weight = tried',
      }),
    );
    expect(step.inputs.filter(({ name }) => name === 'tried').length).toBe(1);
  });
});

describe('log q', () => {
  test.each(['frequency', 'streaming'])('by %s is an input, of the key of the item tower', (estimator) => {
    const { step } = planOf(
      smallModel({ task: `loss = softmax(in_batch, temperature: 0.1, correction: ${estimator})` }),
    );
    // By frequency each item of a batch has one column; a stream counts every event.
    const [name, rows] =
      estimator === 'frequency' ? ['log_q/distinct/video_id', 'distinct'] : ['log_q/streaming/video_id', 'events'];
    expect(step.inputs.filter(({ source }) => source.from === 'log_q')).toEqual([
      { name, source: { from: 'log_q', key: 'video_id', estimator, rows: { kind: rows } } },
    ]);
  });
});

describe('arrows', () => {
  const text = smallModel({ user: 'profile -> senet -> flatten -> mlp(8, 4) -> normalize' });
  const carried = (arrows: readonly Arrow[]): string[] =>
    arrows.map(({ span, type }) => `${spanText(span)}: ${printValueType(type)}`);

  test('say what each source and step gives', () => {
    expect(carried(lower(modelOf(text)).output!.arrows)).toEqual([
      'profile: fields[2 × 3]',
      'senet: fields[2 × 3]',
      'flatten: vector[6]',
      'mlp(8, 4): vector[4]',
      'normalize: vector[4]',
      'video: fields[2 × 3]',
      'flatten: vector[6]',
      'dense(4): vector[4]',
    ]);
  });

  test('are the same without a plan', () => {
    expect(carried(checkShapes(modelOf(text)).output!.arrows)).toEqual(carried(lower(modelOf(text)).output!.arrows));
  });

  test('of drawn items are not reported twice', () => {
    const drawn = text.replace('softmax(in_batch, temperature: 0.2)', 'softmax(negatives: sampled(3))');
    expect(carried(lower(modelOf(drawn)).output!.arrows).length).toBe(8);
  });
});

test('lowering the same model twice gives the same plan', () => {
  for (const text of Object.values(models)) expect(JSON.stringify(planOf(text))).toBe(JSON.stringify(planOf(text)));
});

test.each([20, 12, 60])('a shared block takes lists of any length in both towers: 20 and %i', (most) => {
  const text = `
    model lengths
    features {
      user_id  : id(dim: 0)
      seen     : list(video_id, max: 20, pool: none)
      video_id : id(dim: 4)
      tags     : list(category(dim: 4), max: ${most}, pool: none)
    }
    shared block encoder = transformer(layers: 1, heads: 1) -> mean
    tower user(user_id, seen) keyed by user_id   { channel main = seen -> encoder }
    tower item(video_id, tags) keyed by video_id { channel main = tags -> encoder }
    task click { score = dot(user, item), loss = softmax(in_batch) }
    train { batch = 128, epochs = 1, dense = adam, embeddings = adagrad }`;
  expect(planOf(text).towers.map(({ parts = [] }) => parts.map(({ length }) => length))).toEqual([[8], []]);
});
