/** Each engine times the ops of a step apart from the program that trains. */
import { beforeAll, describe, expect, it } from 'vitest';
import { randomTensors, stepGraph } from '../../bench/step_graph.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { useBfloat16 } from '../../src/graph/in_bfloat16.ts';
import { isLeaf } from '../../src/graph/ops/table.ts';
import { engineOrSkip, names } from './support.ts';

const graph = stepGraph();
const parameters = randomTensors(graph, 'parameters', {});
const inputs = [0, 1].map((stream) => randomTensors(graph, 'inputs', { batch: 16 }, stream));

it('times a step in bfloat16 on TensorFlow, whose constants are bfloat16 too', async () => {
  const engine = await engineOrSkip('tensorflow');
  if (!engine) return;
  const mixed = useBfloat16(graph, { sizes: { batch: 1024 } });
  expect(mixed.nodes.some(({ type }) => type.dtype === 'bfloat16')).toBe(true);
  const { runs } = await engine.timeOps!(mixed, parameters, inputs.slice(0, 1));
  const timed = new Set(runs[0]!.map(({ node }) => node));
  expect(mixed.nodes.every(({ op }, id) => op !== 'MatMul' || timed.has(id))).toBe(true);
});

describe.each(names)('times of ops on %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it('are of nodes of the graph, in every part of it, the same ones in each run', async () => {
    if (!engine) return;
    const { how, runs } = await engine.timeOps!(graph, parameters, inputs);
    expect(how).toMatch(/\.$/);
    expect(runs).toHaveLength(2);
    const [first, second] = runs as [(typeof runs)[0], (typeof runs)[0]];
    expect(second.map(({ node, op }) => `${node} ${op}`)).toEqual(first.map(({ node, op }) => `${node} ${op}`));
    let before = 0;
    for (const { node, start, milliseconds } of first) {
      if (node !== undefined) expect(isLeaf(graph.nodes[node]!.op)).toBe(false);
      expect(start).toBeGreaterThanOrEqual(before);
      expect(milliseconds).toBeGreaterThanOrEqual(0);
      before = start;
    }
    const products = graph.nodes.flatMap(({ op }, id) => (op === 'MatMul' ? [id] : []));
    const nodes = new Set(first.map(({ node }) => node));
    expect(products.filter((id) => !nodes.has(id))).toEqual([]);
    const labels = new Set(first.flatMap(({ node }) => (node === undefined ? [] : [graph.nodes[node]!.label])));
    for (const label of ['asks/main/mlp', 'gradient/asks/main/mlp', 'loss/watch', 'optimizer']) {
      expect(
        [...labels].some((each) => each.startsWith(label)),
        label,
      ).toBe(true);
    }
  });

  it('leave a program that trains as it is', async () => {
    if (!engine) return;
    const program = await engine.prepare(graph, parameters);
    const before = await program.read();
    await engine.timeOps!(graph, before, inputs.slice(0, 1));
    const after = await program.read();
    for (const [parameter, { data }] of Object.entries(before)) expect(after[parameter]!.data).toEqual(data);
    await program.close();
  });
});
