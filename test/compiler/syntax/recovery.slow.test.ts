/**
 * One mistake gives one error, and the first is on its line: single mistakes as hands make them, in every model and every example of the
 * guide. `TOWER_FUZZ=20` makes twenty of each kind in each program.
 */
import { expect, it } from 'vitest';
import { randomOf } from '../../fuzz/edits.ts';
import { mistake, mistakeKinds } from '../../fuzz/mistakes.ts';
import { errorsOf, isNear, programs } from '../../fuzz/programs.ts';

const rounds = Number(process.env.TOWER_FUZZ ?? 1);
const firstSeed = Number(process.env.TOWER_FUZZ_SEED ?? 1);

it('gives one error, on the right line', { timeout: 3600_000 }, () => {
  const counts = new Map(mistakeKinds.map((kind) => [kind, { wrong: 0, one: 0, atPlace: 0 }]));
  const several: string[] = [];
  for (const [index, program] of programs.entries()) {
    for (let round = 0; round < rounds; round++) {
      const random = randomOf(1000 * (firstSeed + round) + index);
      for (const kind of mistakeKinds) {
        const made = mistake(program, kind, random);
        const errors = made ? errorsOf(made.text) : [];
        if (!made || errors.length === 0) continue;
        const count = counts.get(kind)!;
        count.wrong++;
        if (errors.length === 1) count.one++;
        if (isNear(errors[0]!, made.lines)) count.atPlace++;
        if (errors.length > 1)
          several.push(`${kind}, line ${made.lines[0]}: ${errors.map(({ message }) => message).join('; ')}`);
      }
    }
  }
  const all = [...counts.values()];
  const sum = (of: (count: (typeof all)[number]) => number): number =>
    all.reduce((total, count) => total + of(count), 0);
  const wrong = sum((count) => count.wrong);
  const [one, atPlace] = [sum((count) => count.one) / wrong, sum((count) => count.atPlace) / wrong];
  const shares = [...counts].map(([kind, count]) => `${kind}: ${count.one} and ${count.atPlace} of ${count.wrong}`);
  if (process.env.TOWER_FUZZ)
    console.log(`${wrong} texts: one error ${one.toFixed(4)}, right line ${atPlace.toFixed(4)}\n${shares.join('\n')}`);
  expect(one, several.join('\n')).toBeGreaterThanOrEqual(0.9);
  expect(atPlace, shares.join('\n')).toBeGreaterThanOrEqual(0.95);
});
