import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import { makeBuilder } from '../../src/graph/builder.ts';
import { symbolicDim } from '../../src/graph/dims.ts';
import {
  bfloat16Halves,
  evaluateGraph,
  evaluateInDoubles,
  roundToBfloat16,
  toBfloat16,
  unitRoundoff,
} from '../../src/graph/evaluate.ts';
import { batch, tensor } from './support.ts';

/** From the definition: of all numbers with 8 significant bits the nearest, of two the one whose last bit is 0. */
function nearest(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(value))));
  const place = 2 ** (exponent - 7);
  const below = Math.floor(value / place);
  const rest = value / place - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) * place;
}

const edges = [
  ...[0, 1, 1 + 2 ** -7, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -9, 255, 257, 1 / 3, 2 ** -130],
  ...[2 ** -133, 3 * 2 ** -134, 1e-40, 3e38],
];

it('is the nearest number of 8 significant bits, and of two the even one', () => {
  const drawn = new Float32Array(1000);
  makeRandom(5, 1).fill(drawn, -3, 3);
  for (const value of [...edges, ...edges.map((each) => -each), ...drawn, ...drawn.map((each) => each * 2 ** 40)]) {
    const exact = Math.fround(value);
    expect(toBfloat16(exact), String(exact)).toBe(nearest(exact));
    expect(Math.abs(toBfloat16(exact) - exact)).toBeLessThanOrEqual(
      Math.max(unitRoundoff * Math.abs(exact), 2 ** -134),
    );
  }
});

it('keeps infinities, the sign of 0 and what is no number, and goes over to infinity as float32 does', () => {
  expect(toBfloat16(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(toBfloat16(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  expect(toBfloat16(-0)).toBe(-0);
  expect(toBfloat16(Number.NaN)).toBe(Number.NaN);
  expect(toBfloat16(Math.fround(3.4e38))).toBe(Number.POSITIVE_INFINITY);
});

it('does the same with many numbers, in place', () => {
  const all = Float32Array.from([...edges, Number.NaN, Number.NEGATIVE_INFINITY, -1.7]);
  const expected = Float32Array.from(all, toBfloat16);
  // Not at the beginning of its memory.
  const view = new Float32Array(all.length + 3).subarray(3);
  view.set(all);
  roundToBfloat16(view);
  expect([...view]).toEqual([...expected]);
});

it('writes the upper half of the bits', () => {
  expect([...bfloat16Halves([1, -2, 1 + 2 ** -8 + 2 ** -20, 0])]).toEqual([0x3f80, 0xc000, 0x3f81, 0]);
});

describe('evaluate', () => {
  it('updates read the values from before the run', () => {
    const b = makeBuilder('swap');
    const p = b.parameter('p', [1], { kind: 'zeros' });
    const q = b.parameter('q', [1], { kind: 'zeros' });
    b.update(p, q);
    b.update(q, p);
    b.output('sum', b.add(p, q));
    const { outputs, parameters } = evaluateGraph(b.finish(), {}, { p: tensor([1]), q: tensor([2]) });
    expect([...outputs.sum!.data]).toEqual([3]);
    expect([...parameters.p!.data, ...parameters.q!.data]).toEqual([2, 1]);
  });

  it('rounds each result to float32, and not in doubles', () => {
    const b = makeBuilder('rounding');
    const x = b.input('x', []);
    b.output('y', b.sub(b.add(x, 1), 1));
    const graph = b.finish();
    expect(evaluateGraph(graph, { x: tensor(1e-9) }, {}).outputs.y!.data[0]).toBe(0);
    const x64 = { dtype: 'float32', shape: [], data: new Float64Array([1e-9]) } as const;
    expect(evaluateInDoubles(graph, { x: x64 }, {}).outputs.y!.data[0]).toBeCloseTo(1e-9, 15);
  });

  it('learns symbols from its inputs, multiples too', () => {
    const b = makeBuilder('symbols');
    const x = b.input('x', [symbolicDim('batch', 4)]);
    b.output('y', b.reshape(x, [batch, 4]));
    expect(evaluateGraph(b.finish(), { x: tensor([1, 2, 3, 4, 5, 6, 7, 8]) }, {}).outputs.y!.shape).toEqual([2, 4]);
  });

  it('runs with no hits at all', () => {
    const b = makeBuilder('no hits');
    const x = b.input('x', [batch, batch]);
    const at = b.input('at', [symbolicDim('hits'), 2], 'int32');
    const like = b.reshape(b.slice(at, [0, 0], [-1, 1]), [symbolicDim('hits')]);
    b.output('y', b.scatterUpdate(x, at, b.broadcastTo(b.constant(9), like)));
    const none = { dtype: 'int32', shape: [0, 2], data: new Int32Array(0) } as const;
    expect([...evaluateGraph(b.finish(), { x: tensor([[7]]), at: none }, {}).outputs.y!.data]).toEqual([7]);
  });

  it('refuses inputs that are missing, do not fit, or contradict each other', () => {
    const b = makeBuilder('refusals');
    const x = b.input('x', [batch, 2]);
    b.input('y', [symbolicDim('batch', 2)]);
    b.output('z', b.mul(x, b.parameter('p', [2], { kind: 'ones' })));
    const graph = b.finish();
    const p = tensor([1, 1]);
    const good = tensor([[1, 2]]);
    const y = tensor([1, 2]);
    expect(() => evaluateGraph(graph, { y }, { p })).toThrow('input "x" is not given');
    expect(() => evaluateGraph(graph, { x: tensor([[1]]), y }, { p })).toThrow(
      'input "x" is [batch, 2], but was given [1, 1]',
    );
    expect(() => evaluateGraph(graph, { x: good, y: tensor([1, 2, 3]) }, { p })).toThrow(
      'input "y" is [2·batch], but was given [3]',
    );
    expect(() => evaluateGraph(graph, { x: good, y: tensor([1, 2, 3, 4]) }, { p })).toThrow(
      'input "y" is given [4], but batch is 1 in another input',
    );
    expect(() => evaluateGraph(graph, { x: good, y }, {})).toThrow('"p" is not given');
    expect(() => evaluateGraph(graph, { x: good, y }, { p: tensor([1]) })).toThrow(
      '"p" is float32[2], but was given float32[1]',
    );
    expect(() => evaluateGraph(graph, { x: tensor([[1, 2]], 'int32'), y }, { p })).toThrow(
      '"x" is float32[1,2], but was given int32[1,2]',
    );
  });
});
