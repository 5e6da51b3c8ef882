import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { foldBiases, foldTransposes } from '../../../src/graph/passes/transposes.ts';
import { batch } from '../support.ts';
import { simplified } from './support.ts';

const shapes = [[batch, 4], [batch, 1], [batch]];
type Build = (b: Builder, x: Ref, column: Ref, line: Ref) => Ref;
const square = (b: Builder, x: Ref): Ref => b.matMul(x, x, { transposeB: true });
const ones = 'BroadcastTo(1, Slice(a))';

describe('a bias of a big product becomes part of it', () => {
  const cases: readonly (readonly [title: string, build: Build, expected: string])[] = [
    ['a row added', (b, x, _, r) => b.add(square(b, x), r), `MatMul·ᵀ(Concat(a, ${ones}), Concat(a, Reshape(c)))`],
    [
      'a row taken away',
      (b, x, _, r) => b.sub(square(b, x), r),
      `MatMul·ᵀ(Concat(a, ${ones}), Concat(a, Reshape(Neg(c))))`,
    ],
    ['a column, on the other side', (b, x, c) => b.add(c, square(b, x)), `MatMul·ᵀ(Concat(a, b), Concat(a, ${ones}))`],
    [
      'a column of a product of transposes',
      (b, x, c) => b.add(b.matMul(b.transpose(x, [1, 0]), x, { transposeA: true, transposeB: true }), c),
      `MatMulᵀ·ᵀ(Concat(Transpose(a), Reshape(b)), Concat(a, ${ones}))`,
    ],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () => expect(simplified(foldBiases, (b, x, c, r) => build(b, x!, c!, r!), shapes)).toBe(expected));
  }

  it('but not of a dense layer, whose operands are as large', () => {
    expect(simplified(foldBiases, (b, x, w, r) => b.add(b.matMul(x!, w!), r!), [[batch, 64], [64, 128], [128]])).toBe(
      'Add(MatMul(a, b), c)',
    );
  });

  it('nor where the product is needed besides', () => {
    const both = simplified(foldBiases, (b, x, _, r) => [square(b, x!), b.add(square(b, x!), r!)], shapes);
    expect(both).toBe('MatMul·ᵀ(a, a); Add(MatMul·ᵀ(a, a), c)');
  });
});

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
