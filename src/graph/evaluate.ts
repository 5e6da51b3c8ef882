/** Runs a graph in plain arrays. It is slow and simple, and the reference for every engine. */
import { bindShape, countElements, GraphTypeError, resolveShape, type Sizes } from './dims.ts';
import type { Dtype, Graph, HostDtype, Tensor } from './graph.ts';
import type { NodeValues } from './ops/row.ts';
import { isLeaf, opRowOf } from './ops/table.ts';

/** Rounding changes a number by at most this share of it, unless the number is below the range. */
export const unitRoundoff = 2 ** -8;

const scratchFloat = new Float32Array(1);
const floatBits = new Uint32Array(scratchFloat.buffer);

/** Returns the nearest bfloat16, the even one of two: a float32 whose lower half is zero. */
export function toBfloat16(value: number): number {
  scratchFloat[0] = value;
  // A carry could destroy the mantissa of a NaN.
  if (Number.isNaN(value)) return value;
  floatBits[0] = roundBits(floatBits[0]!);
  return scratchFloat[0]!;
}

export function roundToBfloat16(data: Float32Array): void {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < words.length; i += 1) if (!Number.isNaN(data[i])) words[i] = roundBits(words[i]!);
}

/** Returns the upper halves of the rounded numbers, which engines and files store. */
export function bfloat16Halves(values: readonly number[]): Uint16Array {
  return Uint16Array.from(values, (value) => {
    scratchFloat[0] = toBfloat16(value);
    return floatBits[0]! >>> 16;
  });
}

/** Adds half of the last retained place, less one bit if that place is even, so that a tie is rounded down to it. */
const roundBits = (word: number): number => ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0;

/** Rounds the values of a node if its dtype is bfloat16 and they are not stored in doubles. */
export function roundIfBfloat16({ dtype, data }: NodeValues): void {
  if (dtype === 'bfloat16' && data instanceof Float32Array) roundToBfloat16(data);
}

/** Returns the dtype of an input or output of a graph. `verify` makes sure that it is not bfloat16. */
export function hostDtype(dtype: Dtype): HostDtype {
  if (dtype === 'bfloat16') throw new Error('invariant: no bfloat16 goes into a graph or comes out');
  return dtype;
}

export type NamedTensors = Readonly<Record<string, Tensor>>;
/** Tensors whose float32 values are stored in doubles. */
export type DoubleTensors = Readonly<Record<string, NodeValues>>;

/**
 * Returns the values of the outputs, and of all parameters after the updates. Each op's result is rounded to its dtype. Throws GraphTypeError if a value is
 * missing or does not have its declared shape, or if an index is out of range.
 */
export function evaluateGraph(
  graph: Graph,
  inputs: NamedTensors,
  parameters: NamedTensors,
): { readonly outputs: NamedTensors; readonly parameters: NamedTensors } {
  return evaluateWith(graph, inputs, parameters, arrayTypes) as { outputs: NamedTensors; parameters: NamedTensors };
}

/** Evaluates in double precision, bfloat16 included, for finite differences. */
export function evaluateInDoubles(
  graph: Graph,
  inputs: DoubleTensors,
  parameters: DoubleTensors,
): { readonly outputs: DoubleTensors; readonly parameters: DoubleTensors } {
  return evaluateWith(graph, inputs, parameters, { ...arrayTypes, float32: Float64Array, bfloat16: Float64Array });
}

export function sizesOfInputs(
  graph: Graph,
  inputs: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): Sizes {
  const sizes: Record<string, number> = {};
  for (const { name, node } of graph.inputs) {
    const inputTensor = inputs[name];
    if (inputTensor === undefined) throw new GraphTypeError(`input "${name}" is not given`);
    bindShape(name, graph.nodes[node]!.type.shape, inputTensor.shape, sizes);
  }
  return sizes;
}

const arrayTypes: ArrayTypes = { float32: Float32Array, bfloat16: Float32Array, int32: Int32Array, bool: Uint8Array };

type ArrayTypes = Readonly<Record<Dtype, new (length: number) => NodeValues['data']>>;

export function emptyValues(dtype: Dtype, shape: readonly number[], types = arrayTypes): NodeValues {
  return { dtype, shape, data: new types[dtype](countElements(shape)) };
}

function evaluateWith(graph: Graph, inputs: DoubleTensors, parameters: DoubleTensors, types: ArrayTypes) {
  const sizes = sizesOfInputs(graph, inputs);
  const values: NodeValues[] = [];
  for (const node of graph.nodes) {
    const shape = resolveShape(node.type.shape, sizes);
    const { dtype } = node.type;
    if (isLeaf(node.op)) {
      const name = String(node.attributes.name);
      const data =
        node.op === 'Constant'
          ? (node.attributes.values as readonly number[])
          : checkedData(node.op === 'Input' ? inputs : parameters, name, { dtype, shape });
      values.push({ dtype, shape, data: toTypedArray(data, types[dtype], countElements(shape)) });
      continue;
    }
    const output = emptyValues(dtype, shape, types);
    const operands = node.inputs.map((input) => values[input]!);
    opRowOf(node.op).evaluate(operands, output, node.attributes);
    roundIfBfloat16(output);
    values.push(output);
  }
  const updatedParameters: Record<string, NodeValues> = {};
  for (const { name, node } of graph.parameters) updatedParameters[name] = values[node]!;
  for (const { parameter, node } of graph.updates) updatedParameters[parameter] = values[node]!;
  const outputs: Record<string, NodeValues> = {};
  for (const { name, node } of graph.outputs) outputs[name] = values[node]!;
  return { outputs, parameters: updatedParameters };
}

/** Returns the data itself if it has the right type: no op writes to its operands, and a table may have gigabytes. */
function toTypedArray(
  data: NodeValues['data'] | readonly number[],
  ArrayType: ArrayTypes[Dtype],
  length: number,
): NodeValues['data'] {
  if (data instanceof ArrayType) return data;
  const typedCopy = new ArrayType(length);
  typedCopy.set(data);
  return typedCopy;
}

function checkedData(tensors: DoubleTensors, name: string, expected: Omit<NodeValues, 'data'>): NodeValues['data'] {
  const tensor = tensors[name];
  if (tensor === undefined) throw new GraphTypeError(`"${name}" is not given`);
  if (tensor.dtype !== expected.dtype || tensor.shape.join() !== expected.shape.join()) {
    throw new GraphTypeError(
      `"${name}" is ${expected.dtype}[${expected.shape}], but was given ${tensor.dtype}[${tensor.shape}]`,
    );
  }
  if (tensor.data.length !== countElements(expected.shape)) {
    throw new GraphTypeError(`"${name}" has ${tensor.data.length} elements for [${expected.shape}]`);
  }
  return tensor.data;
}
