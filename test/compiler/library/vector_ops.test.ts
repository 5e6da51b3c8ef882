import { expect, test } from 'vitest';
import { unitLength } from '../../../src/compiler/library/vector_ops.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { differentiate } from '../../../src/graph/differentiate.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { batch, expectClose, floats } from './support.ts';

function normalized(x: readonly number[], cotangent: readonly number[]) {
  const builder = makeBuilder('unit');
  const input = builder.input('x', [batch, 2]);
  const unit = unitLength(builder, input);
  const total = builder.sum(builder.mul(unit, builder.input('cotangent', [batch, 2])), [0, 1]);
  builder.output('unit', unit);
  builder.output('gradient', differentiate(builder, total, [input])[0]!);
  const rows = x.length / 2;
  const { outputs } = evaluateGraph(
    builder.finish(),
    { x: floats([rows, 2], x), cotangent: floats([rows, 2], cotangent) },
    {},
  );
  return { unit: outputs.unit!.data, gradient: outputs.gradient!.data };
}

test('rows of any length become rows of length 1; the gradient is what is left across them, over that length', () => {
  const { unit, gradient } = normalized([3, -4, 3e-5, 4e-5], [1, 0, 0, 1]);
  expectClose(unit, [0.6, -0.8, 0.6, 0.8], 1e-6);
  // (c − u (u · c)) ÷ ‖x‖
  expectClose(gradient, [0.64 / 5, 0.48 / 5, -0.48 / 5e-5, 0.36 / 5e-5], 1e-5);
});

test('a row of zeros stays one, and its gradient is no larger than what comes in', () => {
  const { unit, gradient } = normalized([0, 0, 3, -4], [0.25, -0.5, 1, 0]);
  expect([...unit.slice(0, 2)]).toEqual([0, 0]);
  expect([...gradient.slice(0, 2)]).toEqual([0.25, -0.5]);
});
