import { expect, it } from 'vitest';
import { expectClose } from '../library/support.ts';
import { cosine, dot, logSumExp, mean } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const plan = planOfModel('mf_bsl');
const hits = [
  [1, 3],
  [4, 1000],
] as const;
const ran = runModel(plan, { hits });
const [users, items] = ['user_id', 'item_id'].map((name) => ran.input(name));

it('is a table for each side, and a cosine', () => {
  expect(plan.step.graph.parameters).toEqual([]);
  everyRow.forEach((row) => {
    expectClose(
      ran.vectors[1].map((item) => dot(ran.vectors[0][row]!, item)),
      items!.map((item) => cosine(users![row]!, item)),
    );
  });
});

it('loses by the log of the sum over drawn items, times the weight, less the row’s own; an item that is the own one does not count', () => {
  const drawn = ran.input('shared_1024_uniform/item_id');
  const noise = plan.step.inputs.find(({ source }) => source.from === 'noise')!.name;
  const kept = users!.map((user, row) => user.map((x, at) => (ran.input(noise)[row]![at]! >= 0.1 ? x / 0.9 : 0)));
  const losses = everyRow.map((row) => {
    const own = cosine(kept[row]!, items![row]!) / 0.08;
    const others = drawn
      .filter((_, at) => !hits.some(([r, c]) => r === row && c === at))
      .map((item) => cosine(kept[row]!, item) / 0.08);
    return 1.22 * logSumExp(others) - own;
  });
  expect(ran.losses.loss).toBeCloseTo(mean(losses), 4);
});
