import { expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { cosine, mean, type Row, relu } from './reference.ts';
import { everyRow, fieldsOf, planOfModel, runModel } from './support.ts';

const plan = planOfModel('simplex');
const ran = runModel(plan);
const users = everyRow.map((row) => {
  const [own, history] = fieldsOf(ran, row, ['user_id', 'history']) as [Row, Row];
  const taste = ran.weights.dense(history, 'user/taste/dense');
  return own.map((value, at) => 0.1 * value + 0.9 * taste[at]!);
});
const items = ran.input('movie_id');
const drawn = ran.input('shared_1000_uniform/movie_id');

it('mixes the id of the user and the mapped mean of the history', () => {
  everyRow.forEach((row) => {
    for (const other of everyRow) {
      const [user, item] = [ran.vectors[0][row]!, ran.vectors[1][other]!];
      expect(cosine(user, item)).toBeCloseTo(cosine(users[row]!, items[other]!), 5);
    }
  });
});

it('loses by the cosine contrastive loss over the drawn items', () => {
  const losses = everyRow.map((row) => {
    const negatives = drawn.map((item) => relu(cosine(users[row]!, item) - 0.4));
    return 1 - cosine(users[row]!, items[row]!) + 30 * mean(negatives);
  });
  expectClose([ran.losses.loss!], [mean(losses)], 1e-4);
});

it('shares one table between the history and the items, and leaves out what the user had', () => {
  const tables = plan.features.filter(({ name }) => name !== 'user_id').map(({ table }) => table);
  expect(tables).toEqual(['movie_id', 'movie_id']);
  expect(plan.step.inputs.map(({ source }) => source)).toContainEqual(
    expect.objectContaining({ from: 'accidental_hits', history: 'history' }),
  );
});
