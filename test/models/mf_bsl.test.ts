import { expect, it } from 'vitest';
import { expectTablesAlone, factorsOf } from './factors.ts';
import { cosine, logSumExp, mean } from './reference.ts';
import { everyRow } from './support.ts';

const factors = factorsOf('mf_bsl');
const { plan, ran, users, items, othersOf } = factors;

it('is a table for each side, and a cosine', () => expectTablesAlone(factors, cosine));

it('loses by the log of the sum over drawn items, less the row’s own; an item that is the own one does not count', () => {
  const noise = plan.step.inputs.find(({ source }) => source.from === 'noise')!.name;
  const kept = users.map((user, row) => user.map((x, at) => (ran.input(noise)[row]![at]! >= 0.1 ? x / 0.9 : 0)));
  const losses = everyRow.map((row) => {
    const own = cosine(kept[row]!, items[row]!) / 0.08;
    const others = othersOf(row).map((item) => cosine(kept[row]!, item) / 0.08);
    return logSumExp(others) - own;
  });
  expect(ran.losses.loss).toBeCloseTo(mean(losses), 4);
});
