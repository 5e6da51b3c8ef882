/** Writes a graph as TensorFlow's nodes, which SavedModel stores as protocol buffers and tfjs's model.json as JSON. */
import { asBytes } from '../../base/storage/tensor_header.ts';
import type { Dim, Dtype, Graph, Node, OpName, TensorType } from '../../graph/graph.ts';
import type { Tensors } from '../engine.ts';
import { isStatic, type NamedNode, symbolSources, typedArray } from './emitted.ts';

export interface TensorflowShape {
  readonly dim: readonly { readonly size: number }[];
}

export interface TensorflowAttribute {
  readonly type?: string;
  readonly b?: boolean;
  readonly i?: number;
  readonly f?: number;
  readonly s?: Uint8Array;
  readonly shape?: TensorflowShape;
  readonly tensor?: Omit<SignatureEntry, 'name'> & { readonly tensorContent: Uint8Array };
}

export interface TensorflowNode {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, TensorflowAttribute>>;
}

/** Lowers one node of the graph, given its operands, to TensorFlow nodes; returns the name of the node that holds its value. */
export type TensorflowLowering = (node: Node, operands: readonly string[], writer: TensorflowWriter) => string;
export type TensorflowTable = Readonly<Record<OpName, TensorflowLowering>>;

export const dataType = (dtype: Dtype): string =>
  ({ float32: 'DT_FLOAT', bfloat16: 'DT_BFLOAT16', int32: 'DT_INT32', bool: 'DT_BOOL' })[dtype];

/** Returns a shape with −1 for symbolic lengths. */
export const tensorflowShape = (shape: readonly Dim[]): TensorflowShape => ({
  dim: shape.map((dim) => ({ size: typeof dim === 'number' ? dim : -1 })),
});

interface SignatureEntry {
  readonly name: string;
  readonly dtype: string;
  readonly tensorShape: TensorflowShape;
}

export type SignatureEntries = Readonly<Record<string, SignatureEntry>>;

const signatureEntry = (node: string, type: TensorType): SignatureEntry => ({
  name: `${node}:0`,
  dtype: dataType(type.dtype),
  tensorShape: tensorflowShape(type.shape),
});

export class TensorflowWriter {
  readonly nodes: TensorflowNode[] = [];
  private readonly names = new Set<string>();
  /** The next number to try, by name. Counting from the start for each node would take quadratic time. */
  private readonly counts = new Map<string, number>();
  private readonly constants = new Map<string, string>();
  private readonly lengths = new Map<string, string>();
  private readonly values: string[] = [];
  private prefix = '';

  constructor(
    readonly graph: Graph,
    table: TensorflowTable,
  ) {
    for (const { node, name } of graph.inputs) this.values[node] = this.placeholder(name, graph.nodes[node]!.type);
    graph.nodes.forEach((node, id) => {
      if (node.op === 'Input') return;
      this.prefix = node.label;
      const operands = node.inputs.map((input) => this.values[input]!);
      this.values[id] = table[node.op](node, operands, this);
    });
    this.prefix = '';
  }

  /** Returns the name of the TensorFlow node that holds a value of the graph. */
  valueOf(id: number): string {
    return this.values[id]!;
  }

  typeOf(id: number): TensorType {
    return this.graph.nodes[id]!.type;
  }

  /** Returns attribute `T` of an op: the type of the first operand. */
  operandType(node: Node): TensorflowAttribute {
    return { type: dataType(this.typeOf(node.inputs[0]!).dtype) };
  }

  /** Adds a node under a unique name, and returns that name. */
  emit(
    op: string,
    input: readonly string[],
    attr: TensorflowNode['attr'] = {},
    name = this.prefix ? `${this.prefix}/${op}` : op,
  ): string {
    const uniqueName = this.unique(name);
    this.nodes.push({ name: uniqueName, op, input, attr });
    return uniqueName;
  }

  placeholder(name: string, type: TensorType): string {
    const attributes = { dtype: { type: dataType(type.dtype) }, shape: { shape: tensorflowShape(type.shape) } };
    return this.emit('Placeholder', [], attributes, name);
  }

  constant(values: readonly number[], shape: readonly number[], dtype: Dtype): string {
    const key =
      values.length > 64 ? undefined : `${dtype} ${shape} ${values.map((x) => (Object.is(x, -0) ? '-0' : x))}`;
    const knownConstant = key && this.constants.get(key);
    if (knownConstant) return knownConstant;
    const name = this.weights('constant', typedArray(dtype, values), shape, dtype);
    if (key) this.constants.set(key, name);
    return name;
  }

  vector(values: readonly number[]): string {
    return this.constant(values, [values.length], 'int32');
  }

  weights(name: string, data: ArrayBufferView, shape: readonly number[], dtype: Dtype): string {
    const tensor = { dtype: dataType(dtype), tensorShape: tensorflowShape(shape), tensorContent: asBytes(data) };
    return this.emit('Const', [], { dtype: { type: dataType(dtype) }, value: { tensor } }, name);
  }

  /** Writes the weights of a parameter, which an exported model has as a constant. */
  weightsOf({ attributes }: Node, parameters: Tensors): string {
    const weightsName = attributes.name as string;
    const { data, shape, dtype } = parameters[weightsName]!;
    return this.weights(weightsName, data, shape, dtype);
  }

  inputEntries(named: readonly NamedNode[]): SignatureEntries {
    const entryOf = (node: number): SignatureEntry => signatureEntry(this.valueOf(node), this.typeOf(node));
    return Object.fromEntries(named.map(({ name, node }) => [name, entryOf(node)]));
  }

  /** Writes outputs as nodes of their own, because two outputs may be one value, and one may be an input. */
  outputEntries(named: readonly NamedNode[]): SignatureEntries {
    return Object.fromEntries(
      named.map(({ name, node }) => {
        const type = this.typeOf(node);
        const attributes = { T: { type: dataType(type.dtype) } };
        return [name, signatureEntry(this.emit('Identity', [this.valueOf(node)], attributes, name), type)];
      }),
    );
  }

  /** Returns a shape as an int32 vector, with symbols looked up in the inputs. */
  shape(dims: readonly Dim[]): string {
    if (isStatic(dims)) return this.vector(dims);
    const axisLengths = dims.map((dim) => this.scalarLength(dim));
    const attributes = { N: { i: axisLengths.length }, T: { type: 'DT_INT32' }, axis: { i: 0 } };
    return this.emit('Pack', axisLengths, attributes, 'shape');
  }

  /** Returns a length as an int32 scalar. */
  scalarLength(dim: Dim): string {
    return typeof dim === 'number' ? this.constant([dim], [], 'int32') : this.length(dim);
  }

  private length(dim: { readonly symbol: string; readonly times: number }): string {
    const key = `${dim.symbol}*${dim.times}`;
    const knownLength = this.lengths.get(key);
    if (knownLength) return knownLength;
    const int = { type: 'DT_INT32' };
    const factors = symbolSources(this.graph, dim.symbol).map(({ node, axis, times }) => {
      const inputShape = this.shapeOf(this.values[node]!, this.typeOf(node));
      const axisSlice = [inputShape, this.constant([axis], [], 'int32'), this.constant([0], [], 'int32')];
      const axisLength = this.emit('GatherV2', axisSlice, { Tparams: int, Tindices: int, Taxis: int }, dim.symbol);
      if (times === 1) return axisLength;
      return this.emit('FloorDiv', [axisLength, this.constant([times], [], 'int32')], { T: int }, dim.symbol);
    });
    if (dim.times !== 1) factors.push(this.constant([dim.times], [], 'int32'));
    const length = factors.reduce((product, factor) => this.emit('Mul', [product, factor], { T: int }, dim.symbol));
    this.lengths.set(key, length);
    return length;
  }

  /** Returns the shape of a value at run time. */
  shapeOf(value: string, type: TensorType): string {
    if (isStatic(type.shape)) return this.vector(type.shape);
    return this.emit('Shape', [value], { T: { type: dataType(type.dtype) }, out_type: { type: 'DT_INT32' } }, 'shape');
  }

  private unique(name: string): string {
    // TensorFlow's names begin with a letter, a digit or a dot, and have no spaces; a colon would name an output.
    const cleanName = name.replace(/[^A-Za-z0-9_./-]/g, '_').replace(/^(?=[^A-Za-z0-9.])/, 'x');
    let timesUsed = this.counts.get(cleanName) ?? 0;
    let uniqueName = timesUsed === 0 ? cleanName : `${cleanName}_${timesUsed}`;
    while (this.names.has(uniqueName)) uniqueName = `${cleanName}_${++timesUsed}`;
    this.counts.set(cleanName, timesUsed + 1);
    this.names.add(uniqueName);
    return uniqueName;
  }
}
