import { expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { dot, inBatchLoss, normalize, type Row } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, runModel } from './support.ts';

const plan = planOfModel('youtube');
const hits = [
  [1, 3],
  [3, 1],
] as const;
const ran = runModel(plan, { hits, binary: false });
const side = (tower: string, names: readonly string[]): readonly Row[] =>
  everyRow.map((row) => normalize(ran.weights.mlp(fieldsOf(ran, row, names).flat(), `${tower}/main/mlp`)));
const users = side('user', ['seed', 'history', 'user_id']);
const items = side('item', ['movie_id', 'genres']);

it('scores by the inner product of normalised outputs', () => {
  users.forEach((user, row) => {
    expectClose(ran.vectors[0][row]!, user);
    expectClose(ran.vectors[1][row]!, items[row]!);
    expect(dot(user, user)).toBeCloseTo(1, 6);
  });
});

it('loses by s/τ − log q, weighed by the reward and divided by the sum of rewards', () => {
  const scores = users.map((user) => items.map((item) => dot(user, item)));
  const [rewards] = ran.input('label/rating');
  expect(ran.losses.loss).toBeCloseTo(inBatchLoss(scores, 0.05, ran.logQ, hits, rewards!), 4);
});

it('shares one table between the seed, the history and the candidates', () => {
  const tables = plan.features
    .filter(({ name }) => ['seed', 'history', 'movie_id'].includes(name))
    .map(({ table }) => table);
  expect(new Set(tables).size).toBe(1);
  expect(tables.length).toBe(3);
});

it('takes log q from the streaming estimator', () => {
  const sources = plan.step.inputs.map(({ source }) => source).filter(({ from }) => from === 'log_q');
  expect(sources).toMatchObject([{ estimator: 'streaming', key: 'movie_id' }]);
});
