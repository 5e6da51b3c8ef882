import { describe, expect, it } from 'vitest';
import { stepGraph } from '../../bench/step_graph.ts';
import { makeBuilder } from '../../src/graph/builder.ts';
import { evaluateInDoubles, unitRoundoff } from '../../src/graph/evaluate.ts';
import { type Graph, type OpName, opNames } from '../../src/graph/graph.ts';
import { operationsInBfloat16, useBfloat16 } from '../../src/graph/in_bfloat16.ts';
import { isLeaf, opRowOf } from '../../src/graph/ops/table.ts';
import { printGraph } from '../../src/graph/print_graph.ts';
import { simplify } from '../../src/graph/simplify.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { bfloat16Cases } from './bfloat16_cases.ts';
import { asDefined, inDoubles } from './rounding.ts';
import { batch, named, randomTensor } from './support.ts';

const all = { minOperations: 0 };
const opsIn = ({ nodes }: Graph): OpName[] => nodes.filter(({ type }) => type.dtype === 'bfloat16').map(({ op }) => op);

describe('each op that has a row for bfloat16', () => {
  const own = opNames.filter((op) => !isLeaf(op) && opRowOf(op).bfloat16 !== undefined);

  it('has a case', () => {
    expect(own.filter((op) => !Object.values(bfloat16Cases).some((each) => each.op === op))).toEqual([]);
  });

  it.each(Object.keys(bfloat16Cases))('%s is off by no more than its roundings', (title) => {
    const { op, graph, given } = bfloat16Cases[title]!;
    // Both read the same numbers, which are bfloat16 already; doubles round nothing.
    const exact = evaluateInDoubles(graph, inDoublesOf(given), {}).outputs;
    const found = asDefined(graph, named(given), {}).get('y')!;
    const sizes = evaluateInDoubles(graph, inDoublesOf(given, Math.abs), {}).outputs.y!.data;
    exact.y!.data.forEach((value, i) => {
      const kind = opRowOf(op as never).bfloat16;
      // A sum in float32 is off by a part of the sum of its parts' sizes.
      const inner = kind === 'product' ? 64 * 2 ** -24 * sizes[i]! : 0;
      const allowed = kind === 'carry' ? 0 : unitRoundoff * (Math.abs(value) + inner) + inner;
      expect(Math.abs(found[i]! - value), `[${i}]`).toBeLessThanOrEqual(allowed);
    });
  });
});

const inDoublesOf = (given: Parameters<typeof named>[0], of: (x: number) => number = (x) => x) =>
  Object.fromEntries(
    Object.entries(named(given)).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: dtype === 'float32' ? Float64Array.from(data, of) : data },
    ]),
  );

describe('a layer between two products', () => {
  const build = (): Graph => {
    const b = makeBuilder('layers');
    const x = b.input('x', [batch, 4]);
    const weights = [0, 1].map((at) => b.parameter(`w${at}`, [4, 4], { kind: 'ones' }));
    const bias = b.parameter('bias', [4], { kind: 'zeros' });
    const hidden = b.relu(b.add(b.matMul(x, weights[0]!), bias));
    b.output('y', b.matMul(hidden, weights[1]!));
    b.output('size', b.sum(b.square(hidden), [1]));
    return b.finish();
  };

  it('stays in bfloat16, and what else reads it is wide', () => {
    expect(printGraph(useBfloat16(build(), all))).toBe(
      [
        'graph layers',
        '  input x float32[batch, 4]',
        '  parameter w0 float32[4, 4]',
        '  parameter w1 float32[4, 4]',
        '  parameter bias float32[4]',
        '  %4 bfloat16[batch, 4] = Cast(x, dtype: bfloat16)',
        '  %5 bfloat16[4, 4] = Cast(w0, dtype: bfloat16)',
        '  %6 bfloat16[batch, 4] = MatMul(%4, %5)',
        '  %7 bfloat16[4] = Cast(bias, dtype: bfloat16)',
        '  %8 bfloat16[batch, 4] = Add(%6, %7)',
        '  %9 bfloat16[batch, 4] = Relu(%8)',
        '  %10 bfloat16[4, 4] = Cast(w1, dtype: bfloat16)',
        '  %11 bfloat16[batch, 4] = MatMul(%9, %10)',
        '  %12 float32[batch, 4] = Cast(%9, dtype: float32)',
        '  %13 float32[batch, 4] = Square(%12)',
        '  %14 float32[batch] = Sum(%13, axes: [1])',
        '  %15 float32[batch, 4] = Cast(%11, dtype: float32)',
        '  output y = %15',
        '  output size = %14',
        '',
      ].join('\n'),
    );
  });

  it('is the same layer without its roundings', () => {
    const given = named([randomTensor([3, 4], 1)]);
    const parameters = { w0: randomTensor([4, 4], 2), w1: randomTensor([4, 4], 3), bias: randomTensor([4], 4) };
    const inputs = { x: given.x0! };
    expect(inDoubles(useBfloat16(build(), all), inputs, parameters)).toEqual(inDoubles(build(), inputs, parameters));
  });
});

it('adds up in float32, also what two products give', () => {
  const b = makeBuilder('sum');
  const [x, w] = [b.input('x', [batch, 4]), b.parameter('w', [4, 4], { kind: 'ones' })];
  const sum = b.add(b.matMul(x, w), b.matMul(x, w, { transposeB: true }));
  b.output('y', b.matMul(sum, w));
  const graph = useBfloat16(b.finish(), all);
  expect(graph.nodes.filter(({ op }) => op === 'Add').map(({ type }) => type.dtype)).toEqual(['float32']);
  expect(graph.nodes.filter(({ op }) => op === 'MatMul').map(({ type }) => type.dtype)).toEqual(
    new Array(3).fill('bfloat16'),
  );
});

it('leaves a graph as it is that has no product large enough', () => {
  const b = makeBuilder('small');
  const [x, w] = [b.input('x', [batch, 64]), b.parameter('w', [64, 64], { kind: 'ones' })];
  const thin = b.parameter('thin', [64, 1], { kind: 'ones' });
  b.output('y', b.matMul(x, w));
  b.output('z', b.matMul(x, thin));
  const graph = b.finish();
  expect(useBfloat16(graph, { sizes: { batch: 256 } })).toBe(graph);
  expect(operationsInBfloat16(graph, { sizes: { batch: 256 } })).toBe(0);
  expect(operationsInBfloat16(graph, { sizes: { batch: 1024 } })).toBe(2 * 1024 * 64 * 64);
  const narrow = useBfloat16(graph, { sizes: { batch: 1024 } });
  expect(opsIn(narrow)).toEqual(['Cast', 'Cast', 'MatMul']);
  // A product with a vector takes longer in bfloat16 however many rows it has.
  expect(operationsInBfloat16(graph, { sizes: { batch: 1e9 } })).toBe(2 * 1e9 * 64 * 64);
});

it('verifies, and the passes find nothing to do in it', () => {
  const graph = useBfloat16(stepGraph());
  expect(verifyGraph(graph)).toEqual([]);
  expect(new Set(opsIn(graph))).toEqual(new Set(['Cast', 'MatMul', 'Add', 'Relu', 'Select', 'Constant']));
  expect(simplify(graph).nodes.length).toBe(graph.nodes.length);
});

it('is refused where it would go in or come out', () => {
  const b = makeBuilder('out');
  const x = b.input('x', [2], 'bfloat16');
  b.output('y', x);
  expect(verifyGraph(b.finish())).toEqual(['output "y": %0 is bfloat16', 'Input "x": %0 is bfloat16'].reverse());
});
