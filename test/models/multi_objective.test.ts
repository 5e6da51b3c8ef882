import { describe, expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { bceLoss, cosine, dot, inBatchLoss, type Row, relu } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, type Ran, runModel } from './support.ts';

/** Every user with every item, from the vectors that are served. */
const retrieved = ({ vectors: [users, items] }: Ran): number[][] =>
  users.map((user) => items.map((item) => dot(user, item)));

describe('multi_objective', () => {
  const ran = runModel(planOfModel('multi_objective'));
  const { weights } = ran;
  const side = (tower: string, names: readonly string[]): readonly { view: Row; like: Row }[] =>
    everyRow.map((row) => {
      const fields = weights.senet(fieldsOf(ran, row, names), `${tower}/shared/senet`).flat();
      const shared = weights.dense(fields, `${tower}/shared/dense`, '', relu);
      return { view: weights.mlp(shared, `${tower}/view/mlp`), like: weights.mlp(shared, `${tower}/like/mlp`) };
    });
  const users = side('user', ['user_id', 'history', 'recent']);
  const items = side('item', ['movie_id', 'genres']);
  const view = users.map((user) => items.map((item) => cosine(user.view, item.view) / 0.05));
  const like = users.map((user) => items.map((item) => cosine(user.like, item.like) / 0.2));

  it('retrieves by one inner product, which is the weighted sum of the tasks’ scores', () => {
    retrieved(ran).forEach((row, at) => {
      expectClose(
        row,
        row.map((_, item) => 0.9 * view[at]![item]! + 0.1 * like[at]![item]!),
      );
    });
  });

  it('minimises 1.0 · view + 0.5 · like, each by its own score, label and loss', () => {
    const [labels] = ran.input('label/liked');
    const viewLoss = inBatchLoss(view, 1, ran.logQ, []);
    const likeLoss = bceLoss(
      like.map((row, at) => row[at]!),
      labels!,
    );
    expect(ran.losses['loss:view']).toBeCloseTo(viewLoss, 4);
    expect(ran.losses['loss:like']).toBeCloseTo(likeLoss, 5);
    expect(ran.losses.loss).toBeCloseTo(viewLoss + 0.5 * likeLoss, 4);
  });
});

describe('restaurant_objectives', () => {
  const plan = planOfModel('restaurant_objectives');
  const ran = runModel(plan);
  const { weights } = ran;
  const tasks = ['overall', 'food', 'service'] as const;
  const labels = { overall: 'liked', food: 'liked_food', service: 'liked_service' };
  const side = (tower: string): readonly Record<(typeof tasks)[number], Row>[] => {
    const names = plan.towers.find(({ name }) => name === tower)!.features;
    return everyRow.map((row) => {
      const fields = weights.senet(fieldsOf(ran, row, names), `${tower}/shared/trunk/senet`).flat();
      const shared = weights.dense(fields, `${tower}/shared/trunk/dense`, '', relu);
      const [overall, food, service] = tasks.map((task) => weights.mlp(shared, `${tower}/${task}/head/mlp`));
      return { overall: overall!, food: food!, service: service! };
    });
  };
  const users = side('user');
  const items = side('item');
  const scores = Object.fromEntries(
    tasks.map((task) => [task, users.map((user) => items.map((item) => cosine(user[task], item[task]) / 0.3))]),
  );

  it('retrieves by one inner product, which is the weighted sum of three scores', () => {
    const shares = { overall: 0.6, food: 0.2, service: 0.2 };
    retrieved(ran).forEach((row, at) => {
      expectClose(
        row,
        row.map((_, item) => tasks.reduce((sum, task) => sum + shares[task] * scores[task]![at]![item]!, 0)),
      );
    });
  });

  it('begins with weights that are equal: log variances of 0', () => {
    const losses = tasks.map((task) =>
      bceLoss(
        scores[task]!.map((row, at) => row[at]!),
        ran.input(`label/${labels[task]}`)[0]!,
      ),
    );
    tasks.forEach((task, at) => {
      expect(ran.losses[`loss:${task}`]).toBeCloseTo(losses[at]!, 5);
    });
    const total = losses.reduce((a, b) => a + b, 0);
    // Kendall et al. 2018: Σ exp(−s) L + s, up to halves that do not move the minimum.
    expect([total, total / 2].some((value) => Math.abs(value - ran.losses.loss!) < 1e-4)).toBe(true);
  });
});
