import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { loadEngine } from '../../../../src/engines/engines.ts';
import {
  addTo,
  evenTile,
  invertedRows,
  invertStrips,
  makeStrips,
  symmetricInverse,
} from '../../../../src/training/evaluation/baselines/symmetric_inverse.ts';
import { engineProduct, plainProduct } from '../../../../src/training/scoring/matrix_product.ts';

function matrixOf(size: number): Float64Array {
  const random = makeRandom(size);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = random.next() + (i === j ? size / 2 : 0);
  }
  return matrix;
}

describe('the inverse by tiles', () => {
  it.each([
    { size: 3, tile: 8 },
    { size: 8, tile: 8 },
    { size: 29, tile: 8 },
    { size: 140, tile: 256 },
    { size: 281, tile: 140 },
  ])('is that of the whole: $size by tiles of $tile', async ({ size, tile }) => {
    const matrix = matrixOf(size);
    const strips = makeStrips(size, tile);
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) addTo(strips, i, j, matrix[i * size + j]!);
    await invertStrips(strips, plainProduct);
    const expected = symmetricInverse(matrix, size);
    const rowOf = invertedRows(strips);
    for (let row = 0; row < size; row++) {
      expect(rowOf(row)).toHaveLength(size);
      rowOf(row).forEach((value, column) => {
        const wanted = expected[row * size + column]!;
        if (Math.abs(value - wanted) > 1e-6) throw new Error(`${value} and ${wanted} at ${row}, ${column}`);
      });
    }
  });

  it('holds half of the matrix, and leaves nothing of it next to the inverse', async () => {
    const strips = makeStrips(29, 8);
    expect(strips.strips.map(({ length }) => length)).toEqual([8 * 8, 8 * 16, 8 * 24, 5 * 29]);
    for (let i = 0; i < 29; i++) addTo(strips, i, i, 2);
    await invertStrips(strips, plainProduct);
    expect([...invertedRows(strips)(28)]).toEqual([...new Array(28).fill(0), 0.5]);
    expect(strips.strips).toEqual([]);
  });
});

it.each([
  [1, 1000, 1],
  [1000, 1000, 1000],
  [1001, 1000, 501],
  [11_924, 1000, 994],
])('tiles of %d rows, at most %d each, have %d', (size, most, tile) => {
  expect(evenTile(size, most)).toBe(tile);
});

it('an engine subtracts the product that plain code subtracts', async () => {
  const random = makeRandom(5);
  const make = (rows: number, columns: number) => {
    const data = new Float32Array(rows * columns);
    random.fill(data, -1, 1);
    return { rows, columns, data };
  };
  const [start, a, b] = [make(3, 5), make(3, 4), make(5, 4)];
  const product = await engineProduct(await loadEngine('onnx'));
  const [expected, found] = [await plainProduct.subtract(start, a, b), await product.subtract(start, a, b)];
  await product.close();
  found.forEach((value, at) => {
    expect(value).toBeCloseTo(expected[at]!, 6);
  });
});
