/** Engines for tests: those that load here, and a word about those that do not. */
import { expect } from 'vitest';
import { checkTensor } from '../../src/engines/check.ts';
import type { Engine, EngineName, Tensors } from '../../src/engines/engine.ts';
import { loadEngine } from '../../src/engines/engines.ts';
import { resolveShape } from '../../src/graph/dims.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { present } from '../skips.ts';

export const names: readonly EngineName[] = ['tensorflow', 'onnx', 'javascript', 'torch'];

// Compiling a step takes longer than all these tests; test/plugins/torch has one that is compiled.
process.env.TOWER_TORCH_COMPILE ??= 'off';

/** The engine, or undefined after saying on the terminal why its tests are skipped. @throws Error where TOWER_HAS names it */
export async function engineOrSkip(name: EngineName): Promise<Engine | undefined> {
  try {
    return await loadEngine(name);
  } catch (error) {
    if (present().has(name)) throw error;
    console.warn(`skipped: the ${name} engine does not load here: ${(error as Error).message}`);
    return undefined;
  }
}

/** 1e-5 relative, and the same absolutely below 1. NaN equals NaN, an infinity itself. */
export function expectSame(actual: Tensor, expected: Tensor, what: string): void {
  expect({ dtype: actual.dtype, shape: actual.shape }, what).toEqual({ dtype: expected.dtype, shape: expected.shape });
  expect(actual.data.constructor.name, what).toBe(expected.data.constructor.name);
  for (let i = 0; i < expected.data.length; i += 1) {
    const [a, e] = [actual.data[i]!, expected.data[i]!];
    if (Object.is(a, e) || a === e) continue;
    if (!(Math.abs(a - e) <= 1e-5 * Math.max(1, Math.abs(e)))) {
      expect.fail(`${what}[${i}] is ${a}, and evaluate says ${e}`);
    }
  }
}

/**
 * Runs the graph `steps` times on the engine and in plain arrays; outputs and parameters must agree after each, and what
 * comes back must have the type that the graph, and with it the checker, says.
 */
export async function expectEngineToAgree(
  engine: Engine,
  graph: Graph,
  inputs: Tensors,
  parameters: Tensors = {},
  steps = 1,
): Promise<void> {
  const program = await engine.prepare(graph, parameters);
  let state: Tensors = parameters;
  const sizes: Record<string, number> = {};
  for (const input of graph.inputs) checkTensor(graph, input, inputs[input.name], sizes);
  for (let step = 0; step < steps; step += 1) {
    const expected = evaluateGraph(graph, inputs, state);
    const outputs = await program.run(inputs);
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(expected.outputs).sort());
    for (const [name, value] of Object.entries(expected.outputs)) expectSame(outputs[name]!, value, name);
    for (const { name, node } of graph.outputs) {
      const { dtype, shape } = graph.nodes[node]!.type;
      const { dtype: given, shape: actual } = outputs[name]!;
      expect({ dtype: given, shape: actual }, `type of ${name}`).toEqual({ dtype, shape: resolveShape(shape, sizes) });
    }
    const after = await program.read();
    for (const [name, value] of Object.entries(expected.parameters)) expectSame(after[name]!, value, name);
    state = expected.parameters;
  }
  await program.close();
}
