/** Builds graphs. Each method checks its operands' types and throws GraphTypeError, with a message in terms of the graph. */

import { countElements, GraphTypeError, printType, sameType } from './dims.ts';
import {
  type Builder,
  binaryNames,
  type ComputedOp,
  type Graph,
  type GraphInput,
  type GraphMark,
  type GraphOutput,
  type GraphParameter,
  type GraphUpdate,
  type Initial,
  type MatMulOptions,
  type Node,
  type Operand,
  type OpGroupMethods,
  productNames,
  type Ref,
  reductionNames,
  softmaxNames,
  type TensorType,
  unaryNames,
} from './graph.ts';
import type { Attributes } from './ops/row.ts';
import { typeOf } from './ops/table.ts';

export type { Builder, Ref } from './graph.ts';
export { GraphTypeError };

export function makeBuilder(name: string): Builder {
  return makeBuilderFor(new GraphWriter(name));
}

/** Returns a builder that adds to a list of nodes that the caller also holds. */
export function makeBuilderFor(writer: GraphWriter): Builder {
  const qualify = (name: string): string => (writer.label === '' ? name : `${writer.label}/${name}`);
  const withLabel = <T>(label: string, body: () => T): T => {
    const outerLabel = writer.label;
    writer.label = label;
    try {
      return body();
    } finally {
      writer.label = outerLabel;
    }
  };
  const ownMethods: Omit<Builder, keyof OpGroupMethods> = {
    nodes: writer.nodes,
    input: (name, shape, dtype = 'float32') => writer.input(name, { dtype, shape }),
    parameter: (name, shape, initial, options) =>
      writer.parameter(qualify(name), { dtype: 'float32', shape }, initial, options?.trainable ?? true),
    constant: (...values) => addConstant(writer, ...values),
    scope: (name, body) => withLabel(qualify(name), body),
    unscoped: (body) => withLabel('', body),
    stopGradient: (a) => writer.add('StopGradient', [a]),
    cast: (a, dtype) => writer.add('Cast', [a], { dtype }),
    select: (condition, then, otherwise) => writer.add('Select', [condition, ...toRefs(writer, then, otherwise)]),
    topK: (a, k) => writer.add('TopK', [a], { k }),
    reshape: (a, shape) => writer.add('Reshape', [a], { shape }),
    transpose: (a, perm) => writer.add('Transpose', [a], { perm }),
    concat: (parts, axis) =>
      writer.add('Concat', parts, { axis: axis < 0 ? axis + (parts[0]?.type.shape.length ?? 0) : axis }),
    slice: (a, begin, size) => writer.add('Slice', [a], { begin, size }),
    pad: (a, before, after) => writer.add('Pad', [a], { before, after }),
    broadcastTo: (a, like) => writer.add('BroadcastTo', [a, like]),
    gather: (a, indices) => writer.add('Gather', [a, indices]),
    segmentSum: (values, segments, rows) => writer.add('SegmentSum', [values, segments], { rows: [rows] }),
    scatterUpdate: (a, indices, updates) => writer.add('ScatterUpdate', [a, indices, updates]),
    allGather: (a, places, allRows) => writer.add('AllGather', [a, places, allRows]),
    allReduce: (a) => writer.add('AllReduce', [a]),
    output: (name, value) => writer.output(name, value),
    mark: (name, value) => writer.mark(name, value),
    update: (parameter, value) => writer.update(parameter, value),
    finish: () => writer.finish(),
  };
  // A prototype instead of a spread, because every pass over a graph makes a builder.
  return Object.setPrototypeOf(Object.assign(ownMethods, { writer }), opGroupMethods);
}

function addConstant(writer: GraphWriter, ...[values, shape, dtype = 'float32']: Parameters<Builder['constant']>): Ref {
  const dims = shape ?? (typeof values === 'number' ? [] : [values.length]);
  const elementCount = countElements(dims);
  const elements = typeof values === 'number' ? new Array<number>(elementCount).fill(values) : values;
  if (elements.length !== elementCount) {
    throw new GraphTypeError(`Constant: ${elements.length} values do not fill [${dims.join(', ')}]`);
  }
  return writer.constant(elements, { dtype, shape: dims });
}

function toRefs(writer: GraphWriter, ...operands: Operand[]): Ref[] {
  const dtype = operands.find((operand) => typeof operand !== 'number')?.type.dtype ?? 'float32';
  return operands.map((operand) => (typeof operand === 'number' ? addConstant(writer, operand, [], dtype) : operand));
}

type OpGroupMethod = (this: { readonly writer: GraphWriter }, ...operands: never[]) => Ref;

const makeMethods = (
  ops: readonly ComputedOp[],
  methodOf: (op: ComputedOp) => OpGroupMethod,
): Record<string, OpGroupMethod> =>
  Object.fromEntries(ops.map((op) => [op[0]!.toLowerCase() + op.slice(1), methodOf(op)]));

const opGroupMethods = {
  ...makeMethods(
    binaryNames,
    (op) =>
      function (a: Operand, b: Operand) {
        return this.writer.add(op, toRefs(this.writer, a, b));
      },
  ),
  ...makeMethods(
    [...unaryNames, ...softmaxNames],
    (op) =>
      function (a: Ref) {
        return this.writer.add(op, [a]);
      },
  ),
  ...makeMethods(
    productNames,
    (op) =>
      function (a: Ref, b: Ref, { transposeA = false, transposeB = false }: MatMulOptions = {}) {
        return this.writer.add(op, [a, b], { transposeA, transposeB });
      },
  ),
  ...makeMethods(
    reductionNames,
    (op) =>
      function (a: Ref, axes: readonly number[], keepDims = false) {
        const positiveAxes = axes.map((axis) => (axis < 0 ? axis + a.type.shape.length : axis));
        return this.writer.add(op, [a], { axes: positiveAxes.sort((x, y) => x - y), keepDims });
      },
  ),
};

// Collects the nodes of a graph. A node that exists already, with the same operands and attributes, is used again.

export class GraphWriter {
  readonly nodes: Node[] = [];
  /** Label of the nodes that are added. */
  label = '';
  readonly #inputs: GraphInput[] = [];
  readonly #parameters: GraphParameter[] = [];
  readonly #outputs: GraphOutput[] = [];
  readonly #updates: GraphUpdate[] = [];
  readonly #marks: GraphMark[] = [];
  readonly #known = new Map<string, Ref>();

  constructor(
    readonly name: string,
    /** Called before `add` and `constant`, which add nodes that are not copies. */
    private readonly beforeAdding: () => void = () => {},
  ) {}

  add(op: ComputedOp, inputs: readonly Ref[], attributes: Attributes = {}): Ref {
    this.beforeAdding();
    for (const input of inputs) this.#expectOwn(input);
    const ids = inputs.map((input) => input.id);
    const key = `${op} ${ids} ${JSON.stringify(attributes)}`;
    const existing = this.#known.get(key);
    if (existing !== undefined) return existing;
    const operandTypes = inputs.map((input) => input.type);
    const type = typeOf(op, operandTypes, attributes);
    return this.#push(key, { op, inputs: ids, attributes, type, label: this.label });
  }

  /** Copies a node, for operands of the same types. */
  copy(op: ComputedOp, ids: readonly number[], attributes: Attributes, type: TensorType): Ref {
    const key = `${op} ${ids} ${JSON.stringify(attributes)}`;
    return this.#known.get(key) ?? this.#push(key, { op, inputs: ids, attributes, type, label: this.label });
  }

  constant(values: readonly number[], type: TensorType): Ref {
    this.beforeAdding();
    return this.copyConstant(values, type);
  }

  copyConstant(values: readonly number[], type: TensorType): Ref {
    for (const value of values) {
      if (!Number.isFinite(value)) throw new GraphTypeError(`Constant: ${value} cannot be written in a graph`);
    }
    const key = `Constant ${printType(type)} ${keyOfValues(values)}`;
    return (
      this.#known.get(key) ??
      this.#push(key, { op: 'Constant', inputs: [], attributes: { values }, type, label: this.label })
    );
  }

  /** Copies a node of `graph` that has no operands; returns undefined for other nodes. */
  copyLeaf(graph: Graph, { op, attributes, type }: Node): Ref | undefined {
    const name = String(attributes.name);
    if (op === 'Input') return this.input(name, type);
    if (op === 'Constant') return this.copyConstant(attributes.values as readonly number[], type);
    if (op !== 'Parameter') return undefined;
    const { initial, trainable } = graph.parameters.find((parameter) => parameter.name === name)!;
    return this.parameter(name, type, initial, trainable);
  }

  /** Adds the op of a node of another graph, with its attributes, on operands of this one. */
  reapply({ op, attributes }: Node, operands: readonly Ref[]): Ref {
    return this.add(op as ComputedOp, operands, attributes);
  }

  /** Returns the graph with the outputs and updates of `graph`. `refOf` maps the nodes of `graph` to values here. */
  finishCopy(
    graph: Graph,
    refOf: (node: number) => Ref,
    outputOf: (output: GraphOutput) => Ref = ({ node }) => refOf(node),
  ): Graph {
    this.label = '';
    for (const output of graph.outputs) this.output(output.name, outputOf(output));
    for (const { parameter, node } of graph.updates) {
      this.update(refOf(graph.parameters.find(({ name }) => name === parameter)!.node), refOf(node));
    }
    for (const { name, node } of graph.marks ?? []) this.mark(name, refOf(node));
    return this.finish();
  }

  input(name: string, type: TensorType): Ref {
    return this.#leaf('Input', name, type, (node) => this.#inputs.push({ name, node }));
  }

  parameter(name: string, type: TensorType, initial: Initial, trainable: boolean): Ref {
    return this.#leaf('Parameter', name, type, (node) => this.#parameters.push({ name, node, initial, trainable }));
  }

  output(name: string, value: Ref): void {
    this.#expectOwn(value);
    if (this.#outputs.some((output) => output.name === name))
      throw new GraphTypeError(`two outputs are called "${name}"`);
    this.#outputs.push({ name, node: value.id });
  }

  /** A later mark of the same name takes the place of an earlier one. */
  mark(name: string, value: Ref): void {
    this.#expectOwn(value);
    const earlier = this.#marks.findIndex((mark) => mark.name === name);
    if (earlier >= 0) this.#marks.splice(earlier, 1);
    this.#marks.push({ name, node: value.id });
  }

  update(parameter: Ref, value: Ref): void {
    this.#expectOwn(parameter);
    this.#expectOwn(value);
    const { op, attributes } = this.nodes[parameter.id]!;
    const name = String(attributes.name);
    if (op !== 'Parameter') throw new GraphTypeError(`only a parameter can be updated, not ${op}`);
    if (!sameType(parameter.type, value.type)) {
      throw new GraphTypeError(`"${name}" is ${printType(parameter.type)}, but its update is ${printType(value.type)}`);
    }
    if (this.#updates.some((update) => update.parameter === name))
      throw new GraphTypeError(`"${name}" is updated twice`);
    this.#updates.push({ parameter: name, node: value.id });
  }

  finish(): Graph {
    return {
      name: this.name,
      nodes: [...this.nodes],
      inputs: [...this.#inputs],
      parameters: [...this.#parameters],
      outputs: [...this.#outputs],
      updates: [...this.#updates],
      ...(this.#marks.length > 0 ? { marks: [...this.#marks] } : {}),
    };
  }

  #leaf(op: 'Input' | 'Parameter', name: string, type: TensorType, onAdded: (node: number) => void): Ref {
    const key = `${op} ${name}`;
    const existing = this.#known.get(key);
    if (existing !== undefined) {
      if (!sameType(existing.type, type)) {
        throw new GraphTypeError(
          `${op} "${name}" is ${printType(existing.type)}, and cannot also be ${printType(type)}`,
        );
      }
      return existing;
    }
    const ref = this.#push(key, { op, inputs: [], attributes: { name }, type, label: this.label });
    onAdded(ref.id);
    return ref;
  }

  #push(key: string, node: Node): Ref {
    const ref: Ref = { id: this.nodes.push(node) - 1, type: node.type };
    this.#known.set(key, ref);
    return ref;
  }

  #expectOwn(ref: Ref): void {
    if (this.nodes[ref.id]?.type !== ref.type) throw new GraphTypeError('a value of another graph');
  }
}

/** Keys of the values of constants, which copies of a graph share. */
const valueKeys = new WeakMap<readonly number[], string>();

function keyOfValues(values: readonly number[]): string {
  let key = valueKeys.get(values);
  if (key === undefined) {
    valueKeys.set(values, (key = values.map((value) => (Object.is(value, -0) ? '-0' : value)).join()));
  }
  return key;
}
