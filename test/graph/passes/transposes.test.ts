import { describe, expect, it } from 'vitest';
import { foldTransposes } from '../../../src/graph/passes/transposes.ts';
import { batch } from '../support.ts';
import { simplified } from './support.ts';

describe('transposes', () => {
  it('of operands become flags', () => {
    expect(
      simplified(foldTransposes, (b, x, y) => b.matMul(b.transpose(x!, [1, 0]), y!), [
        [batch, 4],
        [batch, 3],
      ]),
    ).toBe('MatMulᵀ(a, b)');
    expect(
      simplified(foldTransposes, (b, x, y) => b.matMul(x!, b.transpose(y!, [1, 0]), { transposeB: true }), [
        [batch, 4],
        [4, 3],
      ]),
    ).toBe('MatMul(a, b)');
  });

  it('of batches of matrices too, but not of the batch', () => {
    expect(simplified(foldTransposes, (b, x) => b.batchMatMul(x!, b.transpose(x!, [0, 2, 1])), [[batch, 3, 4]])).toBe(
      'BatchMatMul·ᵀ(a, a)',
    );
    expect(simplified(foldTransposes, (b, x) => b.batchMatMul(x!, b.transpose(x!, [1, 0, 2])), [[4, 4, 4]])).toBe(
      'BatchMatMul(a, Transpose(a))',
    );
  });

  it('of a product turn it round, when nothing else reads it', () => {
    expect(
      simplified(foldTransposes, (b, x, y) => b.transpose(b.matMul(x!, y!), [1, 0]), [
        [batch, 4],
        [4, 3],
      ]),
    ).toBe('MatMulᵀ·ᵀ(b, a)');
    const both = simplified(
      foldTransposes,
      (b, x, y) => {
        const product = b.matMul(x!, y!);
        return [product, b.transpose(product, [1, 0])];
      },
      [
        [batch, 4],
        [4, 3],
      ],
    );
    expect(both).toBe('MatMul(a, b); Transpose(MatMul(a, b))');
  });
});
