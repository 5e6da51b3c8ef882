import { expect, it } from 'vitest';
import { cosine, dot, inBatchLoss, mixture, type Row, softmax } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, runModel } from './support.ts';

const plan = planOfModel('multi_interest');
const ran = runModel(plan);
const { weights } = ran;
const interests = 4;

/** A = softmax over the history of tanh(X · W₁) · W₂, a column for each interest. */
const users: readonly (readonly Row[])[] = everyRow.map((row) => {
  const at = 'user/main/multi_interest';
  const mask = ran.input('history/mask')[row]!;
  const all = ran.sequence('history', row).filter((_, t) => mask[t] === 1);
  const logits = all.map((x) => weights.times(weights.times(x, `${at}/hidden`).map(Math.tanh), `${at}/queries`));
  return Array.from({ length: interests }, (_, k) =>
    weights.mlp(mixture(softmax(logits.map((each) => each[k]!)), all), 'user/main/mlp'),
  );
});
const items = everyRow.map((row) => weights.mlp(fieldsOf(ran, row, ['movie_id', 'genres']).flat(), 'item/main/mlp'));
const best = users.map((user) => items.map((item) => Math.max(...user.map((interest) => cosine(interest, item)))));

it('learns by the interest that the row’s own item agrees with most', () => {
  const scores = users.map((user, row) => {
    const own = user.map((interest) => cosine(interest, items[row]!));
    const chosen = user[own.indexOf(Math.max(...own))]!;
    return items.map((item) => cosine(chosen, item));
  });
  expect(ran.losses.loss).toBeCloseTo(inBatchLoss(scores, 0.05, ran.logQ, []), 4);
});

it('is served as a vector for each interest: the union of what is nearest to each has the best of all', () => {
  const vectors = ran.vectors[0];
  expect(vectors.length).toBe(everyRow.length * interests);
  everyRow.forEach((row) => {
    items.forEach((_, item) => {
      const each = vectors.slice(row * interests, (row + 1) * interests);
      expect(Math.max(...each.map((vector) => dot(vector, ran.vectors[1][item]!)))).toBeCloseTo(best[row]![item]!, 5);
    });
  });
});
