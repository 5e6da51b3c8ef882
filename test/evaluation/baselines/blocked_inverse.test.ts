import { describe, expect, it } from 'vitest';
import { loadEngine } from '../../../src/engine/engines.ts';
import { addTo, fullMatrix, invertStrips, makeStrips } from '../../../src/evaluation/baselines/blocked_inverse.ts';
import { symmetricInverse } from '../../../src/evaluation/baselines/symmetric_inverse.ts';
import { makeRandom } from '../../../src/random/random.ts';
import { engineProduct } from '../../../src/scoring/engine_product.ts';
import { plainProduct } from '../../../src/scoring/plain_product.ts';

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
  ])('is that of the whole: $size by tiles of $tile', async ({ size, tile }) => {
    const matrix = matrixOf(size);
    const strips = makeStrips(size, tile);
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) addTo(strips, i, j, matrix[i * size + j]!);
    await invertStrips(strips, plainProduct);
    const expected = symmetricInverse(matrix, size);
    fullMatrix(strips).forEach((value, at) => {
      if (Math.abs(value - expected[at]!) > 1e-6) throw new Error(`${value} and ${expected[at]} at ${at}`);
    });
  });
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
