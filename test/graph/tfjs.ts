/** Runs a graph with tfjs's own ops, so that tfjs's own autodiff can say what its gradients are. */
import type * as TensorFlow from '@tensorflow/tfjs';
import { resolveShape } from '../../src/graph/dims.ts';
import { hostDtype, sizesOfInputs } from '../../src/graph/evaluate.ts';
import type { Graph, Node, OpName, Tensor } from '../../src/graph/graph.ts';

type Tf = typeof import('@tensorflow/tfjs');
type T = TensorFlow.Tensor;
type Run = (tf: Tf, x: T[], node: Node, shape: number[]) => T;

const axes = (node: Node): number[] => [...(node.attributes.axes as readonly number[])];
const keepDims = (node: Node): boolean => node.attributes.keepDims === true;
const product: Run = (tf, [a, b], { attributes }) =>
  tf.matMul(a!, b!, attributes.transposeA === true, attributes.transposeB === true);

/** ScatterUpdate and comparisons are missing: tfjs cannot differentiate what they are part of. */
const runs: Partial<Record<OpName, Run>> = {
  Add: (tf, [a, b]) => tf.add(a!, b!),
  Sub: (tf, [a, b]) => tf.sub(a!, b!),
  Mul: (tf, [a, b]) => tf.mul(a!, b!),
  Div: (tf, [a, b]) => tf.div(a!, b!),
  // the gradients of these three do not reduce to an operand that was broadcast
  Maximum: (tf, [a, b], _, shape) => tf.maximum(tf.broadcastTo(a!, shape), tf.broadcastTo(b!, shape)),
  Minimum: (tf, [a, b], _, shape) => tf.minimum(tf.broadcastTo(a!, shape), tf.broadcastTo(b!, shape)),
  Neg: (tf, [a]) => tf.neg(a!),
  Exp: (tf, [a]) => tf.exp(a!),
  Log: (tf, [a]) => tf.log(a!),
  Sqrt: (tf, [a]) => tf.sqrt(a!),
  Rsqrt: (tf, [a]) => tf.rsqrt(a!),
  Square: (tf, [a]) => tf.square(a!),
  Abs: (tf, [a]) => tf.abs(a!),
  Tanh: (tf, [a]) => tf.tanh(a!),
  Cos: (tf, [a]) => tf.cos(a!),
  Sin: (tf, [a]) => tf.sin(a!),
  Sigmoid: (tf, [a]) => tf.sigmoid(a!),
  Relu: (tf, [a]) => tf.relu(a!),
  Softplus: (tf, [a]) => tf.softplus(a!),
  Cast: (tf, [a], node) => tf.cast(a!, hostDtype(node.type.dtype)),
  Select: (tf, [c, a, b], _, shape) =>
    tf.where(tf.broadcastTo(c!, shape), tf.broadcastTo(a!, shape), tf.broadcastTo(b!, shape)),
  MatMul: product,
  BatchMatMul: product,
  Sum: (tf, [a], node) => tf.sum(a!, axes(node), keepDims(node)),
  Mean: (tf, [a], node) => tf.mean(a!, axes(node), keepDims(node)),
  Max: (tf, [a], node) => tf.max(a!, axes(node), keepDims(node)),
  Softmax: (tf, [a]) => tf.softmax(a!),
  LogSoftmax: (tf, [a]) => tf.logSoftmax(a!),
  Reshape: (tf, [a], _, shape) => tf.reshape(a!, shape),
  Transpose: (tf, [a], node) => tf.transpose(a!, [...(node.attributes.perm as readonly number[])]),
  Concat: (tf, parts, node) => tf.concat(parts, node.attributes.axis as number),
  Slice: (tf, [a], node, shape) => tf.slice(a!, [...(node.attributes.begin as readonly number[])], shape),
  Pad: (tf, [a], { attributes }) => {
    const after = attributes.after as readonly number[];
    return tf.pad(
      a!,
      (attributes.before as readonly number[]).map((before, axis) => [before, after[axis]!]),
    );
  },
  BroadcastTo: (tf, [a], _, shape) => tf.broadcastTo(a!, shape),
  Gather: (tf, [a, indices]) => tf.gather(a!, indices as TensorFlow.Tensor1D),
  SegmentSum: (tf, [a, segments], node) =>
    tf.unsortedSegmentSum(a!, segments as TensorFlow.Tensor1D, (node.attributes.rows as number[])[0]!),
};

/** Whether the whole graph up to its output `loss` can be run and differentiated here. */
export function tfjsCanRun(graph: Graph): boolean {
  const last = graph.outputs.find((output) => output.name === 'loss')!.node;
  return graph.nodes.every(({ op }, id) => id > last || op === 'Input' || op === 'Constant' || runs[op] !== undefined);
}

/** Gradients of output `loss` by the named float32 inputs, by tfjs's autodiff. */
export function tfjsGradients(
  tf: Tf,
  graph: Graph,
  inputs: Readonly<Record<string, Tensor>>,
  by: readonly string[],
): Float32Array[] {
  const sizes = sizesOfInputs(graph, inputs);
  const last = graph.outputs.find((output) => output.name === 'loss')!.node;
  const toTfjs = ({ data, shape, dtype }: Tensor): T => tf.tensor(data, [...shape], dtype);
  return tf.tidy(() => {
    const lossOf = (...given: T[]): T => {
      const values: T[] = [];
      for (const node of graph.nodes.slice(0, last + 1)) {
        const shape = resolveShape(node.type.shape, sizes);
        if (node.op === 'Input') {
          const name = String(node.attributes.name);
          values.push(by.includes(name) ? given[by.indexOf(name)]! : toTfjs(inputs[name]!));
        } else if (node.op === 'Constant') {
          values.push(tf.tensor([...(node.attributes.values as readonly number[])], shape, hostDtype(node.type.dtype)));
        } else {
          values.push(
            runs[node.op]!(
              tf,
              node.inputs.map((input) => values[input]!),
              node,
              shape,
            ),
          );
        }
      }
      return values[last]!;
    };
    return tf
      .grads(lossOf)(by.map((name) => toTfjs(inputs[name]!)))
      .map((gradient) => gradient.dataSync() as Float32Array);
  });
}
