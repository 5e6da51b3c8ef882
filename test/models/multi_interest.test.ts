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

it('learns by all interests with a power, and is served without it', () => {
  const powered = (text: string) => text.replace('cosine(user, item)', 'cosine(user, item, power: 2) / 0.1');
  const mixed = runModel(planOfModel('multi_interest', powered));
  const scores = users.map((user, row) => {
    const shares = softmax(user.map((interest) => 10 * cosine(interest, items[row]!)).map((x) => x * Math.abs(x)));
    const units = user.map((interest) => interest.map((value) => value / Math.hypot(...interest)));
    const vector = mixture(shares, units);
    return items.map((item) => (10 * dot(vector, item)) / Math.hypot(...item));
  });
  expect(mixed.losses.loss).toBeCloseTo(inBatchLoss(scores, 0.05, mixed.logQ, []), 3);
  mixed.vectors[0].forEach((vector, at) => {
    vector.forEach((value, n) => {
      expect(value).toBeCloseTo(10 * ran.vectors[0][at]![n]!, 4);
    });
  });
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
