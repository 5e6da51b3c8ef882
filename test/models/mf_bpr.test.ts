import { expect, it } from 'vitest';
import { expectClose } from '../library/support.ts';
import { dot, mean } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const plan = planOfModel('mf_bpr');
const hits = [
  [1, 3],
  [4, 1000],
] as const;
const ran = runModel(plan, { hits });
const [users, items] = ['user_id', 'item_id'].map((name) => ran.input(name));

it('is a table for each side, and an inner product', () => {
  expect(plan.step.graph.parameters).toEqual([]);
  everyRow.forEach((row) => {
    expectClose(
      ran.vectors[1].map((item) => dot(ran.vectors[0][row]!, item)),
      items!.map((item) => dot(users![row]!, item)),
    );
  });
});

it('loses by −log σ of how much better the own item scores, in the mean over drawn items that are not the own one', () => {
  const drawn = ran.input('shared_1024_uniform/item_id');
  const losses = everyRow.map((row) => {
    const own = dot(users![row]!, items![row]!);
    const others = drawn.filter((_, at) => !hits.some(([r, c]) => r === row && c === at));
    return mean(others.map((item) => Math.log1p(Math.exp(dot(users![row]!, item) - own))));
  });
  expect(ran.losses.loss).toBeCloseTo(mean(losses), 5);
});
