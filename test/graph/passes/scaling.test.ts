import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { moveScales } from '../../../src/graph/passes/scaling.ts';
import { batch } from '../support.ts';
import { simplified } from './support.ts';

/** A square of two batches, a thin matrix, a column, a row, a number. */
const shapes = [[batch, batch], [batch, 4], [batch, 1], [1, batch], []];
type Build = (b: Builder, square: Ref, thin: Ref, column: Ref, row: Ref, number: Ref) => Ref | readonly Ref[];
const left = { transposeA: true };
const right = { transposeB: true };

describe('scales leave', () => {
  const cases: readonly (readonly [title: string, build: Build, expected: string])[] = [
    [
      'a square: its rows’ scale to the result of a product',
      (b, q, x, c) => b.matMul(b.mul(q, c), x),
      'Mul(MatMul(a, b), c)',
    ],
    [
      'a square: its rows’ scale to the other operand of a transposed product',
      (b, q, x, c) => b.matMul(b.mul(q, c), x, left),
      'MatMulᵀ(a, Mul(b, c))',
    ],
    [
      'a square: its columns’ scale to the other operand',
      (b, q, x, _, r) => b.matMul(b.mul(q, r), x),
      'MatMul(a, Mul(b, Reshape(d)))',
    ],
    [
      'a square: its columns’ scale to the result of a transposed product',
      (b, q, x, _, r) => b.matMul(b.mul(q, r), x, left),
      'Mul(MatMulᵀ(a, b), Reshape(d))',
    ],
    [
      'a square on the right: its columns’ scale to the result',
      (b, q, x, _, r) => b.matMul(x, b.mul(q, r), left),
      'Mul(MatMulᵀ(b, a), d)',
    ],
    [
      'a square on the right: its rows’ scale to the other operand',
      (b, q, x, c) => b.matMul(x, b.mul(q, c), left),
      'MatMulᵀ(Mul(b, c), a)',
    ],
    [
      'a square that is the product: rows to the left',
      (b, _, x, c) => b.mul(b.matMul(x, x, right), c),
      'MatMul·ᵀ(Mul(b, c), b)',
    ],
    [
      'a square that is the product: columns to the right',
      (b, _, x, __, r) => b.mul(b.matMul(x, x, right), r),
      'MatMul·ᵀ(b, Mul(b, Reshape(d)))',
    ],
    [
      'a square that is the product: numbers to an operand',
      (b, _, x, __, ___, n) => b.mul(b.matMul(x, x, right), n),
      'MatMul·ᵀ(Mul(b, e), b)',
    ],
    [
      'a square that is the product: the sign too',
      (b, _, x) => b.neg(b.matMul(x, x, right)),
      'MatMul·ᵀ(Mul(b, -1), b)',
    ],
    [
      'a square for both of two products',
      (b, q, x, c) => {
        const scaled = b.mul(q, c);
        return [b.matMul(scaled, x), b.matMul(scaled, x, left)];
      },
      'Mul(MatMul(a, b), c); MatMulᵀ(a, Mul(b, c))',
    ],
    ['a sum that they are outside of', (b, q, _, c) => b.sum(b.mul(q, c), [1]), 'Mul(Sum(a), Reshape(c))'],
    ['a mean, kept', (b, q, _, __, r) => b.mean(b.mul(q, r), [0], true), 'Mul(Mean(a), d)'],
    ['a negated sum', (b, q) => b.sum(b.neg(q), [0, 1]), 'Mul(Sum(a), -1)'],
    [
      'a sum that they weigh, which becomes a product',
      (b, q, _, c) => b.sum(b.mul(q, c), [0]),
      'Reshape(MatMulᵀ(c, a))',
    ],
    ['a sum of columns that they weigh', (b, q, _, __, r) => b.sum(b.mul(q, r), [1], true), 'MatMul·ᵀ(a, d)'],
    ['a square, to be multiplied first', (b, q, _, c, __, n) => b.mul(b.mul(q, c), n), 'Mul(a, Mul(c, e))'],
    ['a square, the sign too', (b, q, _, c) => b.neg(b.mul(q, c)), 'Mul(a, Neg(c))'],
    ['a square, to be inverted first', (b, q, _, c) => b.div(q, c), 'Mul(a, Div(1, c))'],
    ['a quotient', (b, q, _, __, ___, n) => b.div(b.mul(q, n), b.exp(q)), 'Mul(Div(a, Exp(a)), e)'],
    ['a sum of two', (b, q, _, c) => b.add(b.mul(q, c), b.mul(b.exp(q), c)), 'Mul(Add(a, Exp(a)), c)'],
    [
      'a difference that a sign made',
      (b, q, _, c) => b.add(b.mul(q, c), b.mul(b.exp(q), b.neg(c))),
      'Mul(Sub(a, Exp(a)), c)',
    ],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () =>
      expect(simplified(moveScales, (b, q, x, c, r, n) => build(b, q!, x!, c!, r!, n!), shapes)).toBe(expected),
    );
  }
});

describe('scales stay', () => {
  const cases: readonly (readonly [title: string, build: Build, expected: string])[] = [
    [
      'where the place is as large',
      (b, _, x, c) => b.matMul(b.mul(x, c), b.constant(1, [4, 4])),
      'MatMul(Mul(b, c), 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1)',
    ],
    [
      'where the scaled matrix is needed besides',
      (b, q, x, c) => {
        const scaled = b.mul(q, c);
        return [scaled, b.matMul(scaled, x)];
      },
      'Mul(a, c); MatMul(Mul(a, c), b)',
    ],
    [
      'where the product is needed besides',
      (b, _, x, __, ___, n) => {
        const product = b.matMul(x, x, right);
        return [product, b.mul(product, n)];
      },
      'MatMul·ᵀ(b, b); Mul(MatMul·ᵀ(b, b), e)',
    ],
    ['where they are no scale', (b, q) => b.matMul(b.mul(q, b.exp(q)), q), 'MatMul(Mul(a, Exp(a)), a)'],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () =>
      expect(simplified(moveScales, (b, q, x, c, r, n) => build(b, q!, x!, c!, r!, n!), shapes)).toBe(expected),
    );
  }
});
