import { expect, it } from 'vitest';
import { makeZipf, multiply } from '../../../../src/plugins/sets/synthetic/synthetic_draws.ts';

it.each([1, 2, 3, 50, 1_000])('draws each of %i ranks with its chance', (size) => {
  const zipf = makeZipf(size);
  // Over a grid of columns and coins the alias table gives its chances exactly, up to the width of the grid.
  const coins = 2_000;
  const seen = new Float64Array(size);
  for (let column = 0; column < size; column++) {
    for (let coin = 0; coin < coins; coin++) seen[zipf.draw((column + 0.5) / size, (coin + 0.5) / coins)]! += 1;
  }
  const total = Array.from({ length: size }, (_, rank) => 1 / (rank + 1)).reduce((sum, each) => sum + each);
  for (let rank = 0; rank < size; rank++) {
    expect(zipf.chance(rank)).toBeCloseTo(1 / (rank + 1) / total, 12);
    expect(Math.abs(seen[rank]! / (size * coins) - zipf.chance(rank))).toBeLessThan(1 / coins);
  }
});

it('multiplies without rounding', () => {
  const m = 2 ** 31 - 1;
  for (const [a, b] of [
    [m - 1, m - 1],
    [1_234_567_890, 2_000_000_011],
    [65_536, 65_537],
    [0, 5],
  ] as const) {
    expect(multiply(a, b, m)).toBe(Number((BigInt(a) * BigInt(b)) % BigInt(m)));
  }
});
