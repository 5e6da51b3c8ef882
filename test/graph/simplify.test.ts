import { describe, expect, it } from 'vitest';
import { makeBuilder } from '../../src/graph/builder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { symbolicDim } from '../../src/graph/dims.ts';
import { type DoubleTensors, evaluateGraph, evaluateInDoubles } from '../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { printGraph } from '../../src/graph/print_graph.ts';
import { passes, simplify } from '../../src/graph/simplify.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import fc from '../fast_check.ts';
import { randomGraph, randomInputs } from './random_graph.ts';
import { batch, expectClose, randomTensor, tensor } from './support.ts';

/**
 * In-batch softmax of two towers' vectors as the loss library writes it: scores ÷ temperature − log q, accidental hits
 * masked, exp → row sum → log, rows weighted.
 */
function inBatchSoftmax({ hits }: { hits: boolean }): Graph {
  const b = makeBuilder('softmax');
  const user = b.input('user', [batch, 4]);
  const item = b.input('item', [batch, 4]);
  const weight = b.input('weight', [batch]);
  const logQ = b.reshape(b.input('log_q', [batch]), [1, batch]);
  const scores = b.div(b.matMul(user, item, { transposeB: true }), 0.5);
  let logits = b.sub(scores, logQ);
  if (hits) {
    const at = b.input('hits', [symbolicDim('hits'), 2], 'int32');
    const like = b.reshape(b.slice(at, [0, 0], [-1, 1]), [symbolicDim('hits')]);
    logits = b.scatterUpdate(logits, at, b.broadcastTo(b.constant(-1e9), like));
  }
  const partition = b.log(b.sum(b.exp(logits), [1]));
  const own = b.sub(b.div(b.sum(b.mul(user, item), [1]), 0.5), b.reshape(logQ, [batch]));
  const loss = b.div(b.sum(b.mul(weight, b.sub(partition, own)), [0]), b.sum(weight, [0]));
  b.output('loss', loss);
  const [byUser, byItem] = differentiate(b, loss, [user, item]);
  b.output('gradient:user', byUser!);
  b.output('gradient:item', byItem!);
  return b.finish();
}

const softmaxInputs: Record<string, Tensor> = {
  user: randomTensor([3, 4], 1),
  item: randomTensor([3, 4], 2),
  weight: randomTensor([3], 3, 0.5, 2),
  log_q: randomTensor([3], 4, -3, -1),
  hits: tensor(
    [
      [0, 2],
      [2, 1],
    ],
    'int32',
  ),
};

/** Ops that read or write a batch × batch matrix. */
function passesOverSquare(graph: Graph): string[] {
  const isSquare = (id: number): boolean =>
    graph.nodes[id]!.type.shape.filter((dim) => typeof dim !== 'number').length === 2;
  return graph.nodes.flatMap((node, id) => (isSquare(id) || node.inputs.some(isSquare) ? [node.op] : []));
}

function expectSameValues(before: Graph, after: Graph, inputs: Record<string, Tensor>): void {
  const expected = evaluateGraph(before, inputs, {}).outputs;
  const actual = evaluateGraph(after, inputs, {}).outputs;
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) expectClose(actual[name]!.data, value.data);
}

describe('a step of in-batch softmax', () => {
  it('passes over batch × batch only for: product, exp, row sum, two products', () => {
    const graph = inBatchSoftmax({ hits: false });
    const simple = simplify(graph);
    expect(verifyGraph(simple)).toEqual([]);
    expect(passesOverSquare(simple), printGraph(simple)).toEqual(['MatMul', 'Exp', 'Sum', 'MatMul', 'MatMul']);
    expectSameValues(graph, simple, softmaxInputs);
  });

  it('masks accidental hits with one more', () => {
    const graph = inBatchSoftmax({ hits: true });
    const simple = simplify(graph);
    expect(passesOverSquare(simple), printGraph(simple)).toEqual([
      'MatMul',
      'ScatterUpdate',
      'Exp',
      'Sum',
      'MatMul',
      'MatMul',
    ]);
    expectSameValues(graph, simple, softmaxInputs);
  });
});

/** Outputs in double precision: what a pass may change is rounding alone. */
function outputsOf(graph: Graph): DoubleTensors {
  const given = Object.fromEntries(
    graph.inputs.map(({ name }) => {
      const value = randomInputs[name]!;
      return [name, { ...value, data: value.dtype === 'float32' ? Float64Array.from(value.data) : value.data }];
    }),
  );
  return evaluateInDoubles(graph, given, {}).outputs;
}

function expectEquivalent(before: Graph, after: Graph): void {
  expect(verifyGraph(after)).toEqual([]);
  expect(after.inputs.map(({ name }) => name)).toEqual(before.inputs.map(({ name }) => name));
  const [expected, actual] = [outputsOf(before), outputsOf(after)];
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(actual[name]!.shape).toEqual(shape);
    const scale = Math.max(1, ...data.map(Math.abs));
    if (!Number.isFinite(scale)) continue;
    data.forEach((value, i) => {
      expect(Math.abs(actual[name]!.data[i]! - value), `${name}[${i}]`).toBeLessThan(1e-5 * scale);
    });
  }
}

describe('on any graph', () => {
  for (const { name, run } of passes) {
    it(`the pass "${name}" keeps every output, and the graph valid`, () => {
      fc.assert(
        fc.property(randomGraph, (graph) => expectEquivalent(graph, run(graph))),
        { numRuns: 40 },
      );
    });
  }

  it('all passes together do, and come to an end', () => {
    fc.assert(
      fc.property(randomGraph, (graph) => {
        const simple = simplify(graph);
        expectEquivalent(graph, simple);
        expect(simplify(simple)).toBe(simple);
      }),
      { numRuns: 150 },
    );
  });

  it('every pass finds something to do in some of them', () => {
    const active = new Set<string>();
    for (const graph of fc.sample(randomGraph, { numRuns: 200, seed: 4 })) simplify(graph, (pass) => active.add(pass));
    expect(passes.map(({ name }) => name).filter((name) => !active.has(name))).toEqual([]);
  });
});
