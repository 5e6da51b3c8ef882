/** Changed blocks of formulas: no crash, each problem has a code and a place, and what checks lowers. `TOWER_FUZZ=100000` tries more, from `TOWER_FUZZ_SEED`. */
import { expect, it } from 'vitest';
import { formulaModel, judgeFormula } from './formulas.ts';

const total = Number(process.env.TOWER_FUZZ ?? 100);
const firstSeed = Number(process.env.TOWER_FUZZ_SEED ?? 100);

it(`${total} changed blocks of formulas`, { timeout: 24 * 3600_000 }, () => {
  let valid = 0;
  for (let seed = firstSeed; seed < firstSeed + total; seed++) {
    const text = formulaModel(seed);
    const { faults, isValid } = judgeFormula(text);
    expect(faults, `seed ${seed}\n${text}`).toEqual([]);
    if (isValid) valid++;
  }
  expect(valid).toBeGreaterThan(total / 10);
});
