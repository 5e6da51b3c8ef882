import { expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeRowSums } from '../../../src/training/evaluation/baselines/ials.ts';

const random = makeRandom(3);
const numbers = (length: number): Float64Array => Float64Array.from({ length }, () => random.next() - 0.5);

test.each([1, 3, 8, 17, 64])('sums of rows %i wide have the bits of plain loops', (width) => {
  const rows = 70;
  const sums = makeRowSums();
  for (const data of [numbers(rows * width), numbers(rows * width)]) {
    sums.load(data, width);

    const list = Int32Array.from({ length: 45 }, () => random.integer(rows));
    const [target, expected] = [numbers(width * width), new Float64Array(width * width)];
    expected.set(target);
    for (const row of list) {
      for (let i = 0; i < width; i++) {
        for (let j = 0; j <= i; j++) expected[i * width + j]! += data[row * width + i]! * data[row * width + j]!;
      }
    }
    sums.addOuters(list, target);
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) expect(target[i * width + j]).toBe(expected[i * width + j]);
    }

    const weights = numbers(33);
    const combined = new Float64Array(width);
    sums.combine(weights, combined);
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let k = 0; k < 33; k++) sum += weights[k]! * data[k * width + column]!;
      expect(combined[column]).toBe(sum);
    }
  }
});

test('no rows add nothing, and no weights give zeros', () => {
  const sums = makeRowSums();
  sums.load(numbers(6), 3);
  const target = numbers(9);
  const before = target.slice();
  sums.addOuters(new Int32Array(), target);
  expect(target).toEqual(before);
  const combined = numbers(3);
  sums.combine(new Float64Array(), combined);
  expect([...combined]).toEqual([0, 0, 0]);
});

test.each([1, 3, 8, 17, 64])('of rows %i wide it solves the normal equations, for fewer rows and for more', (width) => {
  const rows = 90;
  const sums = makeRowSums();
  const data = numbers(rows * width);
  const diagonal = numbers(width).map((number) => number + 0.6);
  const solution = new Float64Array(width);
  for (const length of [0, 1, 2, width - 1, width, 70]) {
    sums.load(data, width);
    const list = Int32Array.from({ length }, () => random.integer(rows));
    sums.solve(list, diagonal, solution);
    for (let i = 0; i < width; i++) {
      let left = diagonal[i]! * solution[i]!;
      let right = 0;
      for (const row of list) {
        const product = solution.reduce((sum, value, j) => sum + value * data[row * width + j]!, 0);
        left += data[row * width + i]! * product;
        right += data[row * width + i]!;
      }
      expect(left).toBeCloseTo(right, 9);
    }
  }
});
