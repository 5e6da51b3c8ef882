import { describe, expect, test } from 'vitest';
import { evaluateGraph, type NamedTensors } from '../../../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../../../src/graph/graph.ts';
import { differences, expectClose, floats, integers, random, rowsOf } from '../support.ts';
import { type Given, naiveInBatch } from './naive_softmax.ts';
import { type LossCase, lossGraph } from './support.ts';

const rows = 6;
const width = 4;
const hits = [
  [0, 3],
  [3, 0],
  [5, 1],
] as const;

/** Rows of length 1. */
function unit(tensor: Tensor): Tensor {
  const scaled = rowsOf(tensor).flatMap((row) => row.map((value) => value / Math.hypot(...row)));
  return floats(tensor.shape, scaled);
}

const query = unit(random([rows, width], 1));
const item = unit(random([rows, width], 2));
const weight = random([rows], 3, 0.1, 3);
const logQ = random([rows], 4, -12, -1);
const everything: NamedTensors = {
  query,
  item,
  weight,
  'hits/video_id': integers([hits.length, 2], hits.flat()),
  'log_q/video_id': logQ,
};

function inputsOf(graph: Graph, from: NamedTensors = everything): NamedTensors {
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, from[name]!]));
}

const cases: readonly { readonly name: string; readonly loss: LossCase; readonly naive: Partial<Given> }[] = [
  { name: 'a cosine without a temperature', loss: { kind: 'softmax', width, bound: 1 }, naive: { temperature: 1 } },
  {
    name: 'a temperature',
    loss: { kind: 'softmax', width, bound: 1, arguments: { temperature: 0.05 } },
    naive: { temperature: 0.05 },
  },
  {
    name: 'a scale, the reciprocal of a temperature',
    loss: { kind: 'softmax', width, bound: 1, arguments: { scale: 10 } },
    naive: { temperature: 0.1 },
  },
  {
    name: 'log q: subtracted, after the temperature, by column',
    loss: { kind: 'softmax', width, bound: 1, arguments: { temperature: 0.05, correction: 'frequency' } },
    naive: { temperature: 0.05, logQ: [...logQ.data] },
  },
  {
    name: 'weights by row',
    loss: { kind: 'softmax', width, bound: 1, weighted: true, arguments: { temperature: 0.2 } },
    naive: { temperature: 0.2, weight: [...weight.data] },
  },
  {
    name: 'an unbounded score, which needs the maximum',
    loss: { kind: 'softmax', width, weighted: true, arguments: { temperature: 0.1, correction: 'frequency' } },
    naive: { temperature: 0.1, weight: [...weight.data], logQ: [...logQ.data] },
  },
  {
    name: 'a temperature so low that the maximum is needed',
    loss: { kind: 'softmax', width, bound: 1, arguments: { temperature: 0.002, correction: 'frequency' } },
    naive: { temperature: 0.002, logQ: [...logQ.data] },
  },
];

describe.each(cases)('softmax over the batch with $name', ({ loss, naive }) => {
  const { graph, raw } = lossGraph(loss);
  const expected = naiveInBatch({ query: rowsOf(query), item: rowsOf(item), temperature: 1, hits, ...naive });

  test('agrees with the definition in plain loops, before and after simplification', () => {
    for (const each of [raw, graph]) {
      expectClose(evaluateGraph(each, inputsOf(each), {}).outputs.loss!.data, [expected], 2e-6 * Math.max(1, expected));
    }
  });

  test('has the gradients of its value', () => {
    const inputs = inputsOf(graph);
    const { outputs } = evaluateGraph(graph, inputs, {});
    for (const [name, slopes] of differences(raw, inputsOf(raw), {}, ['query', 'item'])) {
      const largest = Math.max(...slopes.map(Math.abs));
      expectClose(outputs[`gradient:${name}`]!.data, slopes, 2e-5 * Math.max(1, largest));
    }
  });
});

describe('softmax over the batch', () => {
  const temperature = 0.05;
  const { graph } = lossGraph({
    kind: 'softmax',
    width,
    bound: 1,
    arguments: { temperature, correction: 'frequency' },
  });
  const lossOf = (given: NamedTensors): number =>
    evaluateGraph(graph, inputsOf(graph, { ...everything, ...given }), {}).outputs.loss!.data[0]!;

  test('a popular item weighs less as a negative: log q is subtracted, not added', () => {
    const equal = new Array<number>(rows).fill(-5);
    const popular = [...equal];
    popular[1] = -1;
    const none = integers([0, 2], []);
    const gradientOf = (logQ: number[]): number => {
      const inputs = inputsOf(graph, { ...everything, 'hits/video_id': none, 'log_q/video_id': floats([rows], logQ) });
      // How hard row 0 is pushed away from item 1: the gradient of its loss alone by item 1.
      const alone = lossGraph({
        kind: 'softmax',
        width,
        bound: 1,
        weighted: true,
        arguments: { temperature, correction: 'frequency' },
      }).graph;
      const weights = floats([rows], [1, 0, 0, 0, 0, 0]);
      const { outputs } = evaluateGraph(alone, { ...inputs, weight: weights }, {});
      return Math.hypot(...rowsOf(outputs['gradient:item']!)[1]!);
    };
    expect(gradientOf(popular)).toBeLessThan(gradientOf(equal));
  });

  test('a constant added to log q changes nothing', () => {
    const moved = floats(
      [rows],
      [...logQ.data].map((value) => value - 7),
    );
    expect(lossOf({ 'log_q/video_id': moved })).toBeCloseTo(lossOf({}), 5);
  });

  test('log q is not divided by the temperature', () => {
    const divided = naiveInBatch({
      query: rowsOf(query),
      item: rowsOf(item),
      temperature,
      hits,
      logQ: [...logQ.data].map((value) => value / temperature),
    });
    expect(Math.abs(lossOf({}) - divided)).toBeGreaterThan(0.1);
  });

  test('a masked column has no part in the loss nor in the gradient', () => {
    const same = floats([3, width], [...rowsOf(query)[0]!, ...rowsOf(query)[1]!, ...rowsOf(query)[2]!]);
    const items = floats([3, width], [...rowsOf(item)[0]!, ...rowsOf(item)[0]!, ...rowsOf(item)[1]!]);
    const masked = integers([2, 2], [0, 1, 1, 0]);
    const inputs = { query: same, item: items, 'hits/video_id': masked, 'log_q/video_id': floats([3], [-2, -2, -3]) };
    const one = {
      kind: 'softmax',
      width,
      bound: 1,
      weighted: true,
      arguments: { temperature, correction: 'frequency' },
    };
    const weight = floats([3], [1, 0, 0]);
    const { outputs } = evaluateGraph(lossGraph(one).graph, { ...inputs, weight }, {});
    expect(rowsOf(outputs['gradient:item']!)[1]!.every((value) => value === 0)).toBe(true);
  });

  test('a row whose negatives are all masked loses nothing', () => {
    const all = Array.from({ length: rows }, (_, column) => [0, column] as const).slice(1);
    const one = { kind: 'softmax', width, bound: 1, weighted: true, arguments: { temperature: 0.05 } };
    const inputs = {
      query,
      item,
      weight: floats([rows], [1, 0, 0, 0, 0, 0]),
      'hits/video_id': integers([5, 2], all.flat()),
    };
    const { outputs } = evaluateGraph(lossGraph(one).graph, inputs, {});
    expectClose(outputs.loss!.data, [0], 1e-5);
    expectClose(outputs['gradient:query']!.data, new Array(rows * width).fill(0), 1e-4);
  });

  test('weights that are all 0 give a loss of 0 and no gradient', () => {
    const one = lossGraph({ kind: 'softmax', width, bound: 1, weighted: true }).graph;
    const inputs = inputsOf(one, { ...everything, weight: floats([rows], new Array(rows).fill(0)) });
    const { outputs } = evaluateGraph(one, inputs, {});
    expect(outputs.loss!.data[0]).toBe(0);
    expect(outputs['gradient:item']!.data.every((value) => value === 0)).toBe(true);
  });

  test('accidental_hits: keep asks for no hits and masks none', () => {
    const kept = lossGraph({ kind: 'softmax', width, bound: 1, arguments: { accidental_hits: 'keep' } }).graph;
    expect(kept.inputs.map(({ name }) => name)).toEqual(['query', 'item']);
    const expected = naiveInBatch({ query: rowsOf(query), item: rowsOf(item), temperature: 1 });
    expectClose(evaluateGraph(kept, { query, item }, {}).outputs.loss!.data, [expected], 1e-6);
  });

  test('with all pairs at the bound or at its opposite no sum over- or underflows', () => {
    const many = 64;
    const one = lossGraph({ kind: 'softmax', width: 1, bound: 1, arguments: { scale: 75, accidental_hits: 'keep' } });
    const ones = floats([many, 1], new Array(many).fill(1));
    const opposite = floats([many, 1], new Array(many).fill(-1));
    for (const item of [ones, opposite]) {
      const { outputs } = evaluateGraph(one.graph, { query: ones, item }, {});
      expectClose(outputs.loss!.data, [Math.log(many)], 2e-5);
      expect(outputs['gradient:query']!.data.every(Number.isFinite)).toBe(true);
    }
    // Half agree, half oppose: a row that agrees with its own loses ln 32, the others 150 more.
    const mixed = floats(
      [many, 1],
      Array.from({ length: many }, (_, at) => (at % 2 ? -1 : 1)),
    );
    const { outputs } = evaluateGraph(one.graph, { query: ones, item: mixed }, {});
    expectClose(outputs.loss!.data, [Math.log(many / 2) + 75], 1e-5);
    // Each row is drawn to its own item and pushed from the mean of those that agree: (own − 1) · 75 / 64.
    const drawn = Array.from({ length: many }, (_, at) => (at % 2 ? 150 / many : 0));
    expectClose(outputs['gradient:query']!.data, drawn, 1e-5);
  });

  test('the loss of a batch is not one inner product over all of it', () => {
    const doubled = floats(item.shape, [...item.data.slice(0, width), ...item.data.slice(width).map(() => 0)]);
    const one = lossGraph({
      kind: 'softmax',
      width,
      bound: 1,
      weighted: true,
      arguments: { accidental_hits: 'keep' },
    }).graph;
    const weight = floats([rows], [1, 0, 0, 0, 0, 0]);
    const expected = naiveInBatch({
      query: rowsOf(query),
      item: rowsOf(doubled),
      temperature: 1,
      weight: [...weight.data],
    });
    expectClose(evaluateGraph(one, { query, item: doubled, weight }, {}).outputs.loss!.data, [expected], 1e-6);
  });

  test('one product, one exp and one scatter are as large as batch × batch; two products read them', () => {
    const large = (graph: Graph) =>
      graph.nodes
        .filter(({ type }) => type.shape.filter((dim) => typeof dim !== 'number').length === 2)
        .map(({ op }) => op);
    expect(large(graph)).toEqual(['MatMul', 'Exp', 'ScatterUpdate']);
    const readers = graph.nodes.filter(
      ({ op, inputs }) => op === 'MatMul' && inputs.some((input) => graph.nodes[input]!.op === 'ScatterUpdate'),
    );
    // The mean item with the row sums next to it; and the mean query, its matrix on the right as it is.
    expect(readers.map(({ type }) => type.shape.map((dim) => (typeof dim === 'number' ? dim : dim.symbol)))).toEqual([
      ['batch', width + 1],
      [width, 'batch'],
    ]);
    expect(readers[1]!.attributes).toEqual({ transposeA: true, transposeB: false });
    const unbounded = lossGraph({ kind: 'softmax', width }).graph;
    expect(large(unbounded)).toEqual(['MatMul', 'ScatterUpdate', 'Sub', 'Exp']);
  });
});
