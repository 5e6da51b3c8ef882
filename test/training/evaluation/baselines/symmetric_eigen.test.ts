import { expect, it } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { symmetricEigen } from '../../../../src/training/evaluation/baselines/symmetric_eigen.ts';

it.each([1, 2, 3, 17, 64])('gives vectors of length 1 that a matrix %d wide only stretches', (size) => {
  const random = makeRandom(size);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = random.next() - 0.5;
  }
  const { values, vectors } = symmetricEigen(matrix, size);
  for (let k = 0; k < size; k++) {
    let length = 0;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += matrix[i * size + j]! * vectors[j * size + k]!;
      expect(sum).toBeCloseTo(values[k]! * vectors[i * size + k]!, 12);
      length += vectors[i * size + k]! ** 2;
    }
    expect(length).toBeCloseTo(1, 12);
  }
});

it('of a matrix worked out by hand', () => {
  // [[2, 1], [1, 2]] stretches (1, 1) by 3 and (1, −1) by 1; the entry above the diagonal is not read.
  const { values } = symmetricEigen(Float64Array.of(2, 99, 1, 2), 2);
  const sorted = [...values].sort();
  expect(sorted[0]).toBeCloseTo(1, 14);
  expect(sorted[1]).toBeCloseTo(3, 14);
});

it.each([
  ['zeros', () => 0, [0, 0, 0]],
  ['the unit matrix', (i: number, j: number) => (i === j ? 1 : 0), [1, 1, 1]],
  ['ones, of rank 1', () => 1, [0, 0, 3]],
  ['numbers far below the others', (i: number, j: number) => (i + j === 0 ? 1 : 1e-160), [0, 0, 1]],
])('of %s', (_, entry, expected) => {
  const matrix = Float64Array.from({ length: 9 }, (_, at) => entry(Math.floor(at / 3), at % 3));
  const sorted = [...symmetricEigen(matrix, 3).values].sort((a, b) => a - b);
  for (const [at, value] of expected.entries()) expect(sorted[at]).toBeCloseTo(value, 12);
});
