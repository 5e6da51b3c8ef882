import { expect, test } from 'vitest';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { expectClose, feed, planOf, rowsOf } from '../library/support.ts';

const model = (retrieve: string): string => `
  model two
  features { user_id: id(dim: 3), video_id: id(dim: 3) }
  tower user(user_id) keyed by user_id {
    base = user_id -> flatten -> dense(5, tanh)
    channel click = base -> dropout(0.5) -> dense(4)
    channel like  = base -> dense(2)
  }
  tower item(video_id) keyed by video_id {
    channel click = video_id -> flatten -> dense(4)
    channel like  = video_id -> flatten -> dense(2)
  }
  task click { score = cosine(user.click, item.click) / 0.1, loss = softmax }
  task like  { score = dot(user.like, item.like), loss = softmax }
  ${retrieve}
  train { batch = 4, epochs = 1, dense = sgd, embeddings = sgd }
`;

/** Every user with every item, from the two towers alone. */
function scoresOf({ towers }: Plan): number[][] {
  const [queries, items] = towers.map(({ embedded }) => {
    const { outputs } = evaluateGraph(embedded.graph, feed(embedded, 3), initialValues(embedded.graph, 9));
    return rowsOf(outputs.vector!);
  }) as [number[][], number[][]];
  return queries.map((query) => items.map((item) => query.reduce((sum, value, at) => sum + value * item[at]!, 0)));
}

test('the inner product of the two vectors is the weighted sum of the scores', () => {
  const click = scoresOf(planOf(model('retrieve = click')));
  const like = scoresOf(planOf(model('retrieve = like')));
  const both = scoresOf(planOf(model('retrieve = 0.6 * click + 0.3 * like')));
  const apart = scoresOf(planOf(model('retrieve = click - 2 * like')));
  for (let row = 0; row < 3; row++) {
    expectClose(
      both[row]!,
      click[row]!.map((value, at) => 0.6 * value + 0.3 * like[row]![at]!),
      1e-5,
    );
    expectClose(
      apart[row]!,
      click[row]!.map((value, at) => value - 2 * like[row]![at]!),
      1e-5,
    );
    // A cosine over 0.1 stays within ±10.
    expect(click[row]!.every((value) => Math.abs(value) <= 10.0001)).toBe(true);
  }
});

test('a tower reads its own inputs and weights only, without dropout, and each side is as wide as the other', () => {
  const { towers } = planOf(model('retrieve = 0.6 * click + 0.3 * like'));
  const [user, item] = towers;
  expect(user.embedded.inputs.map(({ name }) => name)).toEqual(['user_id']);
  expect(item.embedded.inputs.map(({ name }) => name)).toEqual(['video_id']);
  for (const { name, embedded, width } of towers) {
    expect(width).toBe(6);
    expect(embedded.graph.parameters.every((parameter) => parameter.name.startsWith(`${name}/`))).toBe(true);
    expect(embedded.graph.updates).toEqual([]);
  }
  expect(user.key).toBe('user_id');
});

test('its weights are those that the step trains', () => {
  const { towers, step } = planOf(model('retrieve = 0.6 * click + 0.3 * like'));
  const trained = new Set(step.graph.parameters.map(({ name }) => name));
  for (const { embedded } of towers) for (const { name } of embedded.graph.parameters) expect(trained).toContain(name);
});

test('a sum of scores in one task is that of the scores apart', () => {
  const click = scoresOf(planOf(model('retrieve = click')));
  const like = scoresOf(planOf(model('retrieve = like')));
  const summed = model('').replace(
    'score = cosine(user.click, item.click) / 0.1',
    'score = (0.7 * cosine(user.click, item.click) - 3 * dot(user.like, item.like)) / 0.1',
  );
  const both = scoresOf(planOf(`${summed.replace('train {', 'retrieve = click train {')}`));
  for (let row = 0; row < 3; row++) {
    expectClose(
      both[row]!,
      click[row]!.map((value, at) => 0.7 * value - 30 * like[row]![at]!),
      1e-4,
    );
  }
});

const several = (retrieve: string): string => `
  model several
  features { user_id: id(dim: 3), seen: list(video_id, max: 4, pool: none), video_id: id(dim: 3) }
  tower user(user_id, seen) keyed by user_id {
    channel many = seen -> multi_interest(2) -> dense(3)
    channel one  = user_id -> dense(2)
  }
  tower item(video_id) keyed by video_id { channel many = video_id, channel one = video_id -> dense(2) }
  task many { score = dot(user.many, item.many), loss = softmax }
  task one  { score = dot(user.one, item.one), loss = softmax }
  ${retrieve}
  train { batch = 4, epochs = 1, dense = sgd, embeddings = sgd }
`;

/** Best of each user's vectors for each item, from the two towers alone. */
function bestOf({ towers }: Plan, whole: Plan): number[][] {
  const [queries, items] = towers.map(({ embedded }, side) => {
    // What one plan does not read another may: the numbers are those of the plan that reads all.
    const all = feed(whole.towers[side]!.embedded, 3);
    const inputs = Object.fromEntries(embedded.inputs.map(({ name }) => [name, all[name]!]));
    const { outputs } = evaluateGraph(embedded.graph, inputs, initialValues(embedded.graph, 9));
    return outputs.vector!;
  });
  const [rows, width] = [queries!.shape[0]!, queries!.shape.at(-1)!];
  const count = queries!.data.length / rows / width;
  return Array.from({ length: rows }, (_, row) =>
    rowsOf(items!).map((item) => {
      const each = Array.from({ length: count }, (_, k) => {
        const from = (row * count + k) * width;
        return item.reduce((sum, value, at) => sum + value * queries!.data[from + at]!, 0);
      });
      return Math.max(...each);
    }),
  );
}

test('several interests stay several vectors, and next to them a plain score adds to each', () => {
  const plan = planOf(several('retrieve = 0.5 * many + 2 * one'));
  expect(plan.towers[0]).toMatchObject({ width: 5, interests: 2 });
  expect(plan.towers[1].interests).toBeUndefined();
  const both = bestOf(plan, plan);
  const many = bestOf(planOf(several('retrieve = many')), plan);
  const one = bestOf(planOf(several('retrieve = one')), plan);
  for (let row = 0; row < 3; row++) {
    expectClose(
      both[row]!,
      many[row]!.map((value, at) => 0.5 * value + 2 * one[row]![at]!),
      1e-5,
    );
  }
});

test('a loss gets one vector a row of them', () => {
  const { step } = planOf(several(''));
  const inputs = feed(step, 3, { hits: [[0, 1]] });
  const { outputs } = evaluateGraph(step.graph, inputs, initialValues(step.graph, 9));
  expect(Number.isFinite(outputs['loss:many']!.data[0])).toBe(true);
});
