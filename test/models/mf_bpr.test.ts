import { expect, it } from 'vitest';
import { expectTablesAlone, factorsOf } from './factors.ts';
import { dot, mean } from './reference.ts';
import { everyRow } from './support.ts';

const factors = factorsOf('mf_bpr');
const { ran, users, items, othersOf } = factors;

it('is a table for each side, and an inner product', () => expectTablesAlone(factors, dot));

it('loses by −log σ of how much better the own item scores, in the mean over drawn items that are not the own one', () => {
  const losses = everyRow.map((row) => {
    const own = dot(users[row]!, items[row]!);
    return mean(othersOf(row).map((item) => Math.log1p(Math.exp(dot(users[row]!, item) - own))));
  });
  expect(ran.losses.loss).toBeCloseTo(mean(losses), 5);
});
