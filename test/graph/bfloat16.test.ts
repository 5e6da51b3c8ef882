import { expect, it } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import { bfloat16Halves, roundToBfloat16, toBfloat16, unitRoundoff } from '../../src/graph/bfloat16.ts';

/** From the definition: of all numbers with 8 significant bits the nearest, of two the one whose last bit is 0. */
function nearest(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(value))));
  const place = 2 ** (exponent - 7);
  const below = Math.floor(value / place);
  const rest = value / place - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) * place;
}

const edges = [
  ...[0, 1, 1 + 2 ** -7, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -9, 255, 257, 1 / 3, 2 ** -130],
  ...[2 ** -133, 3 * 2 ** -134, 1e-40, 3e38],
];

it('is the nearest number of 8 significant bits, and of two the even one', () => {
  const drawn = new Float32Array(1000);
  makeRandom(5, 1).fill(drawn, -3, 3);
  for (const value of [...edges, ...edges.map((each) => -each), ...drawn, ...drawn.map((each) => each * 2 ** 40)]) {
    const exact = Math.fround(value);
    expect(toBfloat16(exact), String(exact)).toBe(nearest(exact));
    expect(Math.abs(toBfloat16(exact) - exact)).toBeLessThanOrEqual(
      Math.max(unitRoundoff * Math.abs(exact), 2 ** -134),
    );
  }
});

it('keeps infinities, the sign of 0 and what is no number, and goes over to infinity as float32 does', () => {
  expect(toBfloat16(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(toBfloat16(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(toBfloat16(-0)).toBe(-0);
  expect(toBfloat16(Number.NaN)).toBe(Number.NaN);
  expect(toBfloat16(Math.fround(3.4e38))).toBe(Number.POSITIVE_INFINITY);
});

it('does the same with many numbers, in place', () => {
  const all = Float32Array.from([...edges, Number.NaN, Number.NEGATIVE_INFINITY, -1.7]);
  const expected = Float32Array.from(all, toBfloat16);
  // Not at the beginning of its memory.
  const view = new Float32Array(all.length + 3).subarray(3);
  view.set(all);
  roundToBfloat16(view);
  expect([...view]).toEqual([...expected]);
});

it('writes the upper half of the bits', () => {
  expect([...bfloat16Halves([1, -2, 1 + 2 ** -8 + 2 ** -20, 0])]).toEqual([0x3f80, 0xc000, 0x3f81, 0]);
});
