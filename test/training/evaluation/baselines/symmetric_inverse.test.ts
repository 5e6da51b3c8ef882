import { expect, it } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { symmetricInverse } from '../../../../src/training/evaluation/baselines/symmetric_inverse.ts';

it('times the matrix gives the identity', () => {
  const size = 17;
  const random = makeRandom(3);
  const root = Float64Array.from({ length: size * size }, () => random.next() - 0.5);
  const at = (m: Float64Array, i: number, j: number): number => m[i * size + j]!;
  const product = (a: Float64Array, b: (k: number, j: number) => number, i: number, j: number): number =>
    Array.from({ length: size }, (_, k) => at(a, i, k) * b(k, j)).reduce((x, y) => x + y);
  const matrix = Float64Array.from({ length: size * size }, (_, place) => {
    const [i, j] = [Math.floor(place / size), place % size];
    return product(root, (k, column) => at(root, column, k), i, j) + (i === j ? 1 : 0);
  });
  const inverse = symmetricInverse(matrix, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      expect(product(matrix, (k, column) => at(inverse, k, column), i, j)).toBeCloseTo(i === j ? 1 : 0, 10);
    }
  }
});

it('of a matrix worked out by hand', () => {
  // [[4, 2], [2, 3]] has determinant 8.
  const inverse = [...symmetricInverse(Float64Array.of(4, 2, 2, 3), 2)];
  [3 / 8, -2 / 8, -2 / 8, 4 / 8].forEach((value, at) => {
    expect(inverse[at]).toBeCloseTo(value, 14);
  });
});
