import { expect, it } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { symmetricEigen } from '../../../../src/training/evaluation/baselines/symmetric_inverse.ts';

it.each([1, 2, 17])('gives vectors of length 1 that a matrix %d wide only stretches', (size) => {
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
