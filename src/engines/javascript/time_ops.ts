/** Runs the step op by op in TensorFlow.js, with a clock around each. */
import type * as converter from '@tensorflow/tfjs-converter';
import type * as tfjs from '@tensorflow/tfjs-core';
import { defined } from '../../base/util/defined.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import { checkParameters, checkTensor, type Symbols } from '../check.ts';
import type { Tensors } from '../engine.ts';
import { oneByOne, type SingleOp } from '../formats/one_by_one.ts';
import type { TensorflowNode } from '../formats/tensorflow_writer.ts';
import { stepTfjs, type TfjsArtifacts } from '../formats/tfjs_model.ts';
import type { OpTime, OpTimes } from '../op_times.ts';

const how = 'These are the times of the ops of TensorFlow.js, each called by itself. A call costs some microseconds.';

interface Runtime {
  readonly open: (model: TfjsArtifacts) => Promise<converter.GraphModel>;
  readonly enter: (tensor: Tensor) => tfjs.Tensor;
}

export async function timeJavascriptOps(
  { open, enter }: Runtime,
  graph: Graph,
  parameters: Tensors,
  inputs: readonly Tensors[],
): Promise<OpTimes> {
  checkParameters(graph, parameters);
  const { artifacts, writer, owners } = stepTfjs(graph);
  const { ops, placeOf } = oneByOne(graph, writer, owners);
  const model = await open(apart(artifacts, ops));
  const fixed = new Map(graph.parameters.map(({ name, node }) => [placeOf(node), enter(parameters[name]!)]));

  const run = (given: Tensors): OpTime[] => {
    const symbols: Symbols = {};
    const own = new Map<number, tfjs.Tensor>();
    for (const input of graph.inputs) {
      own.set(placeOf(input.node), enter(checkTensor(graph, input, given[input.name], symbols)));
    }
    const times: OpTime[] = [];
    const began = performance.now();
    for (const { at, node, reads, ends, owner } of ops) {
      const feeds: Record<string, tfjs.Tensor> = {};
      reads.forEach((read, operand) => {
        const value = own.get(read) ?? fixed.get(read);
        if (value) feeds[operandOf(at, operand)] = value;
      });
      const start = performance.now();
      const result = model.execute(feeds, node.name) as tfjs.Tensor;
      const milliseconds = performance.now() - start;
      times.push({ op: node.op, start: start - began, milliseconds, ...defined({ node: owner }) });
      own.set(at, result);
      for (const end of ends) {
        own.get(end)!.dispose();
        own.delete(end);
      }
    }
    for (const tensor of own.values()) tensor.dispose();
    return times;
  };

  try {
    for (const first of inputs.slice(0, 1)) run(first);
    return { how, runs: inputs.map(run) };
  } finally {
    for (const tensor of fixed.values()) tensor.dispose();
    model.dispose();
  }
}

const operandOf = (at: number, operand: number): string => `${at}/${operand}`;

/** A model in which each op reads placeholders of its own, but for constants, which are the model's. */
function apart(artifacts: TfjsArtifacts, ops: readonly SingleOp[]): TfjsArtifacts {
  const { node: all, versions } = artifacts.modelTopology;
  const constants = all.filter(({ op }) => op === 'Const');
  const names = new Set(constants.map(({ name }) => name));
  const nodes = ops.flatMap(({ at, node }): TensorflowNode[] => {
    const input = node.input.map((name, operand) => (names.has(name) ? name : operandOf(at, operand)));
    // A placeholder without a type takes any.
    const given = input
      .filter((name) => !names.has(name))
      .map((name) => ({ name, op: 'Placeholder', input: [], attr: {} }));
    return [...given, { ...node, input }];
  });
  return {
    ...artifacts,
    modelTopology: { node: [...constants, ...nodes], versions },
    signature: { inputs: {}, outputs: {} },
    userDefinedMetadata: { structuredOutputKeys: [] },
  };
}
