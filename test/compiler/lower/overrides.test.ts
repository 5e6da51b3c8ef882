/** `overrides`: settings of an optimizer for one table or one tower. */
import { describe, expect, test } from 'vitest';
import { initialValues } from '../../../src/graph/initial.ts';
import { expectClose, planOf } from '../library/support.ts';
import { checkText, found, model } from '../model/check_text.ts';
import { makeRun, randomBatch } from './tables_at_work.ts';

const text = (train: string): string => `
  model any
  features {
    user_id : id(dim: 3), history : list(movie_id, max: 4)
    movie_id : id(dim: 3), tags : list(category(dim: 3), max: 3)
  }
  labels { click: binary }
  group profile = user_id, history
  group movie = movie_id, tags
  tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(3) }
  tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dense(3) }
  task click { score = dot(user, item) * 8, loss = bce, label = click }
  train { batch = 16, epochs = 1, ${train} }`;

/** What one step changes, by table and weight. */
function changes(train: string): ReadonlyMap<string, readonly number[]> {
  const plan = planOf(text(train));
  const run = makeRun(plan, randomBatch(4), initialValues(plan.step.graph, 2));
  const before = run.values();
  run.step(1);
  return new Map(
    [...run.values()].map(([name, after]) => [name, after.map((each, at) => each - before.get(name)![at]!)]),
  );
}

const plain = 'dense = sgd(rate: 0.5), embeddings = sgd(rate: 0.25)';

describe('a rate of its own', () => {
  test.each([
    ['table(movie_id, rate: 0.05)', 'movie_id', 0.05 / 0.25],
    ['weights(user, rate: 0.1)', 'user/main/dense/weights', 0.1 / 0.5],
    ['weights(item, rate: 1), table(tags, rate: 0.5)', 'tags', 2],
  ])('%s', (overrides, name, factor) => {
    const [usual, own] = [changes(plain), changes(`${plain}, overrides = ${overrides}`)];
    expectClose(
      own.get(name)!,
      usual.get(name)!.map((each) => each * factor),
      1e-6,
    );
    const others = [...usual.keys()].filter((each) => !overrides.includes(each.split('/')[0]!));
    expect(others.length).toBeGreaterThan(0);
    for (const each of others) expect(own.get(each), each).toEqual(usual.get(each));
  });

  test('follows the schedule of the optimizer, and is fed by itself', () => {
    const { step } = planOf(text('dense = sgd(rate: 0.5, warmup: 4), overrides = weights(user, rate: 0.1)'));
    const rates = step.inputs.filter(({ source }) => source.from === 'rate');
    expect(rates).toEqual([
      { name: 'train/rate/user', source: { from: 'rate', optimizer: 'dense', own: 0.1 } },
      { name: 'train/rate', source: { from: 'rate', optimizer: 'dense' } },
    ]);
  });
});

test('the l2 of a tower and of a table', () => {
  const [usual, own] = [
    changes(plain),
    changes(`${plain}, overrides = weights(user, l2: 0.2), table(movie_id, l2: 0.4)`),
  ];
  const first = planOf(text(plain));
  const weights = initialValues(first.step.graph, 2)['user/main/dense/weights']!.data;
  expectClose(
    own.get('user/main/dense/weights')!,
    usual.get('user/main/dense/weights')!.map((each, at) => each - 0.5 * 0.2 * weights[at]!),
    1e-6,
  );
  const plan = planOf(text(plain));
  const table = makeRun(plan, randomBatch(4), initialValues(plan.step.graph, 2)).values().get('movie_id')!;
  own.get('movie_id')!.forEach((each, at) => {
    const before = usual.get('movie_id')![at]!;
    // A row that no look-up reads keeps its values, also under l2.
    if (before !== 0) expect(each).toBeCloseTo(before - 0.25 * 0.4 * table[at]!, 6);
    else expect(each).toBe(0);
  });
});

test('weights with settings of their own have slots of their own', () => {
  const { step } = planOf(text('dense = adam, overrides = weights(user, l2: 0.1)'));
  const slots = step.graph.parameters.filter(({ trainable }) => !trainable).map(({ name }) => name);
  expect(slots).toEqual(['optimizer/user/mean', 'optimizer/user/square', 'optimizer/mean', 'optimizer/square']);
});

describe('what is wrong', () => {
  test.each([
    ['table(movie, rate: 1)', ['unknown-name: movie']],
    ['weights(usr, rate: 1)', ['unknown-name: usr']],
    ['table(movie_id)', ['arguments-conflict: table(movie_id)']],
    ['table(movie_id, rate: 0)', ['out-of-range: 0']],
    ['table(movie_id, weight_decay: 0.1)', ['arguments-conflict: table(movie_id, weight_decay: 0.1)']],
    ['weights(user, rate: 0.1), weights(user, l2: 1)', ['arguments-conflict: weights(user, l2: 1)']],
    ['group(user, rate: 1)', ['unknown-kind: group']],
    ['table(movie_id, rate: 1), weights(user, l2: 1e-5)', []],
  ])('%s', (overrides, codes) => {
    expect(found(checkText(model({ after: `train { overrides = ${overrides} }` })))).toEqual(codes);
  });

  test('a tower without weights of its own', () => {
    const refused = checkText(
      model({
        item: 'movie_id -> flatten',
        user: 'user_id -> dense(4)',
        after: 'train { overrides = weights(item, rate: 0.1) }',
      }),
    );
    expect(refused.diagnostics.map(({ message }) => message)).toEqual([
      '`weights` names `item`, which has no weights but those of tables: use `table(…)`',
    ]);
  });

  test('a table that is shared is overridden by the name of its own feature', () => {
    const checked = checkText(text('overrides = table(history, rate: 1)'));
    expect(checked.diagnostics.map(({ message }) => message).join()).toContain('it shares that of `movie_id`');
  });
});
