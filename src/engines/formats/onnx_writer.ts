/** Writes a graph as ONNX nodes. */
import { asBytes } from '../../base/storage/tensor_header.ts';
import type { Dim, Dtype, Graph, Node, OpName, TensorType } from '../../graph/graph.ts';
import { isStatic, symbolSources, typedArray } from './emitted.ts';

/** Lowers one node, given its operands, to ONNX nodes. The output of the last one is named `result`. */
export type OnnxLowering = (node: Node, operands: readonly string[], writer: OnnxWriter, result: string) => void;
export type OnnxTable = Readonly<Record<OpName, OnnxLowering>>;

export type OnnxAttribute = number | string | readonly number[];

export interface OnnxTensorMessage {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

const attributeMessage = (name: string, value: OnnxAttribute): object => {
  if (typeof value === 'number') return { name, type: 'INT', i: value };
  if (typeof value === 'string') return { name, type: 'STRING', s: Buffer.from(value) };
  return { name, type: 'INTS', ints: value };
};

/** onnx.TensorProto.DataType */
const dtypeCodes = { float32: 1, int32: 6, int64: 7, bool: 9, bfloat16: 16 } as const;
export const onnxType = (dtype: Dtype | 'int64'): number => dtypeCodes[dtype];

const dimensionMessage = (dim: Dim): object => {
  if (typeof dim === 'number') return { dimValue: dim };
  return { dimParam: dim.times === 1 ? dim.symbol : `${dim.times}*${dim.symbol}` };
};

export const valueInfo = (name: string, type: TensorType): object => ({
  name,
  type: { tensorType: { elemType: onnxType(type.dtype), shape: { dim: type.shape.map(dimensionMessage) } } },
});

export class OnnxWriter {
  readonly nodes: { readonly name: string }[] = [];
  readonly initializers: OnnxTensorMessage[] = [];
  private readonly constants = new Map<string, string>();
  private readonly lengths = new Map<string, string>();
  private readonly values: string[] = [];
  private nameCount = 0;

  /** `named` has the names that values of the graph must have, by node id; every other value gets a unique name. */
  constructor(
    readonly graph: Graph,
    table: OnnxTable,
    named: ReadonlyMap<number, string>,
  ) {
    for (const { name, node } of graph.inputs) this.values[node] = name;
    graph.nodes.forEach((node, id) => {
      if (node.op === 'Input') return;
      const operands = node.inputs.map((input) => this.values[input]!);
      const resultName = named.get(id) ?? this.uniqueName(node.label ? `${node.label}/${node.op}` : node.op);
      this.values[id] = resultName;
      table[node.op](node, operands, this, resultName);
    });
  }

  valueOf(id: number): string {
    return this.values[id]!;
  }

  typeOf(id: number): TensorType {
    return this.graph.nodes[id]!.type;
  }

  /** @param unreadOutputs number of further outputs of the op, which nothing reads */
  emit(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    result = this.uniqueName(opType),
    unreadOutputs = 0,
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) => attributeMessage(name, value));
    const output = [result, ...Array.from({ length: unreadOutputs }, () => this.uniqueName(opType))];
    const node = { opType, input, output, name: result, attribute };
    this.nodes.push(node);
    return result;
  }

  initializer(name: string, dtype: Dtype | 'int64', dims: readonly number[], data: ArrayBufferView): string {
    this.initializers.push({ name, dims, dataType: onnxType(dtype), rawData: asBytes(data) });
    return name;
  }

  constant(values: readonly number[], shape: readonly number[], dtype: Dtype, name?: string): string {
    return this.initializer(name ?? this.uniqueName('constant'), dtype, shape, typedArray(dtype, values));
  }

  /** Returns an int64 vector, which ONNX needs for shapes, axes and positions. Infinity is the end of an axis. */
  vector(values: readonly number[]): string {
    const key = values.join();
    const knownConstant = this.constants.get(key);
    if (knownConstant) return knownConstant;
    const maxInt = 2n ** 63n - 1n;
    const data = BigInt64Array.from(values, (value) => (value === Number.POSITIVE_INFINITY ? maxInt : BigInt(value)));
    const name = this.initializer(this.uniqueName('constant'), 'int64', [values.length], data);
    this.constants.set(key, name);
    return name;
  }

  /** Returns a shape as an int64 vector, with symbols looked up in the inputs. */
  shape(dims: readonly Dim[]): string {
    if (isStatic(dims)) return this.vector(dims);
    const axisLengths = dims.map((dim) => (typeof dim === 'number' ? this.vector([dim]) : this.length(dim)));
    return axisLengths.length === 1 ? axisLengths[0]! : this.emit('Concat', axisLengths, { axis: 0 });
  }

  private length(dim: { readonly symbol: string; readonly times: number }): string {
    const key = `${dim.symbol}*${dim.times}`;
    const knownLength = this.lengths.get(key);
    if (knownLength) return knownLength;
    const factors = symbolSources(this.graph, dim.symbol).map(({ node, axis, times }) => {
      const axisLength = this.emit('Shape', [this.values[node]!], { start: axis, end: axis + 1 });
      return times === 1 ? axisLength : this.emit('Div', [axisLength, this.vector([times])]);
    });
    if (dim.times !== 1) factors.push(this.vector([dim.times]));
    const length = factors.reduce((product, factor) => this.emit('Mul', [product, factor]));
    this.lengths.set(key, length);
    return length;
  }

  /** Returns the shape of a value at run time. */
  shapeOf(value: string, type: TensorType): string {
    return isStatic(type.shape) ? this.vector(type.shape) : this.emit('Shape', [value]);
  }

  /** Returns a name that no input, parameter or output of the graph can have, because theirs have no `#`. */
  uniqueName(base: string): string {
    this.nameCount += 1;
    return `${base}#${this.nameCount}`;
  }
}
