/** The nodes of a written graph in the order in which a run op by op takes them, and the values that it can free after each. */
import type { Graph, Tensor } from '../../graph/graph.ts';
import { checkTensor, type SymbolLengths } from '../check.ts';
import type { OpTime, Tensors } from '../engine.ts';
import type { Owners } from './emitted.ts';
import type { TensorflowNode, TensorflowWriter } from './tensorflow_writer.ts';

/** One op of the run. A value is identified by the index of the node that computes it. */
export interface SingleOp {
  readonly index: number;
  readonly node: TensorflowNode;
  readonly reads: readonly number[];
  /** Values that nothing reads after this op, except constants and placeholders. */
  readonly lastReads: readonly number[];
  /** The graph's node that the op computes. */
  readonly graphNode: number | undefined;
}

export interface SequentialOps {
  readonly ops: readonly SingleOp[];
  /** The constants that an op reads. */
  readonly constants: readonly { readonly index: number; readonly node: TensorflowNode }[];
  /** Returns the index of the value of a graph's node. */
  indexOfNode(id: number): number;
}

const isFedOrConstant = ({ op }: TensorflowNode): boolean => op === 'Placeholder' || op === 'Const';

/** Returns the ops that the outputs and updates of a graph need. Ops that only a fused op replaced are unreachable from the outputs, so they are left out. */
export function sequentialOps(graph: Graph, writer: TensorflowWriter, owners: Owners): SequentialOps {
  const { nodes } = writer;
  const indexOfName = new Map(nodes.map(({ name }, index) => [name, index]));
  const indexOfNode = (id: number): number => indexOfName.get(writer.valueOf(id))!;
  const reads = nodes.map(({ input }) => input.map((name) => indexOfName.get(name)!));
  const isNeeded = nodes.map(() => false);
  for (const { node } of [...graph.outputs, ...graph.updates]) isNeeded[indexOfNode(node)] = true;
  const lastReader = new Map<number, number>();
  for (let index = nodes.length - 1; index >= 0; index--) {
    if (!isNeeded[index]) continue;
    for (const read of reads[index]!) {
      isNeeded[read] = true;
      if (!lastReader.has(read)) lastReader.set(read, index);
    }
  }
  return {
    indexOfNode,
    ops: nodes.flatMap((node, index): SingleOp[] => {
      if (!isNeeded[index] || isFedOrConstant(node)) return [];
      const lastReads = [...new Set(reads[index]!)].filter(
        (read) => lastReader.get(read) === index && !isFedOrConstant(nodes[read]!),
      );
      return [{ index, node, reads: reads[index]!, lastReads, graphNode: owners[index] }];
    }),
    constants: nodes.flatMap((node, index) => (isNeeded[index] && node.op === 'Const' ? [{ index, node }] : [])),
  };
}

/** A runtime that runs one op at a time, on values of its own. */
export interface EagerRuntime<Value> {
  upload(tensor: Tensor): Value;
  /** @param operands undefined for values that the runtime has itself, such as constants of a model */
  execute(op: SingleOp, operands: readonly (Value | undefined)[]): Value;
  free(value: Value): void;
}

/**
 * Runs the ops for each of the inputs with a clock around each, after a warm-up run that is not counted.
 * @param fixedValues values of parameters and constants, by the index of the node that gives them; they are freed at the end
 */
export function timeOneByOne<Value>(
  runtime: EagerRuntime<Value>,
  graph: Graph,
  { ops, indexOfNode }: SequentialOps,
  fixedValues: ReadonlyMap<number, Value>,
  inputs: readonly Tensors[],
): OpTime[][] {
  const run = (tensors: Tensors): OpTime[] => {
    const symbols: SymbolLengths = {};
    const values = new Map<number, Value>();
    const times: OpTime[] = [];
    try {
      for (const input of graph.inputs) {
        values.set(indexOfNode(input.node), runtime.upload(checkTensor(graph, input, tensors[input.name], symbols)));
      }
      const runStart = performance.now();
      for (const op of ops) {
        const operands = op.reads.map((read) => values.get(read) ?? fixedValues.get(read));
        const opStart = performance.now();
        values.set(op.index, runtime.execute(op, operands));
        const milliseconds = performance.now() - opStart;
        times.push({ op: op.node.op, start: opStart - runStart, milliseconds, node: op.graphNode });
        for (const read of op.lastReads) {
          runtime.free(values.get(read)!);
          values.delete(read);
        }
      }
    } finally {
      for (const value of values.values()) runtime.free(value);
    }
    return times;
  };
  try {
    inputs.slice(0, 1).forEach(run);
    return inputs.map(run);
  } finally {
    for (const value of fixedValues.values()) runtime.free(value);
  }
}
