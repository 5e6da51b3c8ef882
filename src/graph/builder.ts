/** Builds graphs. Each method checks its operands' types and throws GraphTypeError, in the graph's own words. */
import { GraphTypeError } from './errors.ts';
import type { Dim, Dtype, Graph, Initial, Node, TensorType } from './graph.ts';
import type { Attributes, LeafName } from './ops/row.ts';
import type { OpName } from './ops.ts';
import { GraphWriter } from './writer.ts';

export { GraphTypeError };

/** A value of the graph being built. */
export interface Ref {
  readonly id: number;
  readonly type: TensorType;
}

export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

export interface Builder {
  readonly nodes: readonly Node[];

  // leaves
  input(name: string, shape: readonly Dim[], dtype?: Dtype): Ref;
  /** Named by the current scope: `user/main/mlp/weights_0`. Asked for twice under one name it is the same parameter. */
  parameter(name: string, shape: readonly number[], initial: Initial, options?: { trainable?: boolean }): Ref;
  constant(values: readonly number[] | number, shape?: readonly number[], dtype?: Dtype): Ref;
  /** Labels of nodes, and names of parameters, made inside start with `name/`. */
  scope<T>(name: string, body: () => T): T;
  /** Labels and names made inside start from nothing, wherever this is called. */
  unscoped<T>(body: () => T): T;

  // element by element; numbers stand for scalar constants
  add(a: Ref | number, b: Ref | number): Ref;
  sub(a: Ref | number, b: Ref | number): Ref;
  mul(a: Ref | number, b: Ref | number): Ref;
  div(a: Ref | number, b: Ref | number): Ref;
  maximum(a: Ref | number, b: Ref | number): Ref;
  minimum(a: Ref | number, b: Ref | number): Ref;
  equal(a: Ref, b: Ref): Ref;
  greater(a: Ref | number, b: Ref | number): Ref;
  greaterEqual(a: Ref | number, b: Ref | number): Ref;
  logicalAnd(a: Ref, b: Ref): Ref;
  logicalOr(a: Ref, b: Ref): Ref;
  logicalNot(a: Ref): Ref;
  neg(a: Ref): Ref;
  exp(a: Ref): Ref;
  log(a: Ref): Ref;
  sqrt(a: Ref): Ref;
  rsqrt(a: Ref): Ref;
  square(a: Ref): Ref;
  abs(a: Ref): Ref;
  sign(a: Ref): Ref;
  tanh(a: Ref): Ref;
  sigmoid(a: Ref): Ref;
  relu(a: Ref): Ref;
  softplus(a: Ref): Ref;
  stopGradient(a: Ref): Ref;
  cast(a: Ref, dtype: Dtype): Ref;
  select(condition: Ref, then: Ref | number, otherwise: Ref | number): Ref;

  // products
  matMul(a: Ref, b: Ref, options?: MatMulOptions): Ref;
  batchMatMul(a: Ref, b: Ref, options?: MatMulOptions): Ref;

  // reductions
  sum(a: Ref, axes: readonly number[], keepDims?: boolean): Ref;
  mean(a: Ref, axes: readonly number[], keepDims?: boolean): Ref;
  max(a: Ref, axes: readonly number[], keepDims?: boolean): Ref;
  softmax(a: Ref): Ref;
  logSoftmax(a: Ref): Ref;

  // shape
  reshape(a: Ref, shape: readonly Dim[]): Ref;
  transpose(a: Ref, perm: readonly number[]): Ref;
  concat(parts: readonly Ref[], axis: number): Ref;
  slice(a: Ref, begin: readonly number[], size: readonly Dim[]): Ref;
  pad(a: Ref, before: readonly number[], after: readonly number[]): Ref;
  broadcastTo(a: Ref, like: Ref): Ref;
  gather(a: Ref, indices: Ref): Ref;
  segmentSum(values: Ref, segments: Ref, rows: Dim): Ref;
  scatterUpdate(a: Ref, indices: Ref, updates: Ref): Ref;

  output(name: string, value: Ref): void;
  /** After a run, the parameter holds `value`. */
  update(parameter: Ref, value: Ref): void;
  finish(): Graph;
}

/** An empty graph. */
export function makeBuilder(name: string): Builder {
  return builderOn(new GraphWriter(name));
}

/** The methods of a builder over a list of nodes that the caller also holds. */
export function builderOn(writer: GraphWriter): Builder {
  type Op = Exclude<OpName, LeafName>;
  const named = (name: string): string => (writer.label === '' ? name : `${writer.label}/${name}`);
  const constant: Builder['constant'] = (values, shape, dtype = 'float32') => {
    const dims = shape ?? (typeof values === 'number' ? [] : [values.length]);
    const count = dims.reduce((product, length) => product * length, 1);
    const all = typeof values === 'number' ? new Array<number>(count).fill(values) : values;
    if (all.length !== count)
      throw new GraphTypeError(`Constant: ${all.length} values do not fill [${dims.join(', ')}]`);
    return writer.constant(all, { dtype, shape: dims });
  };
  /** A number becomes a scalar of the other operand's dtype. */
  const operands = (...values: (Ref | number)[]): Ref[] => {
    const dtype = values.find((value) => typeof value !== 'number')?.type.dtype ?? 'float32';
    return values.map((value) => (typeof value === 'number' ? constant(value, [], dtype) : value));
  };
  const labelled = <T>(label: string, body: () => T): T => {
    const outside = writer.label;
    writer.label = label;
    try {
      return body();
    } finally {
      writer.label = outside;
    }
  };
  const binary = (op: Op) => (a: Ref | number, b: Ref | number) => writer.add(op, operands(a, b));
  const unary = (op: Op) => (a: Ref) => writer.add(op, [a]);
  const product =
    (op: Op) =>
    (a: Ref, b: Ref, { transposeA = false, transposeB = false }: MatMulOptions = {}) =>
      writer.add(op, [a, b], { transposeA, transposeB });
  const reduction =
    (op: Op) =>
    (a: Ref, axes: readonly number[], keepDims = false) => {
      const positive = axes.map((axis) => (axis < 0 ? axis + a.type.shape.length : axis));
      return writer.add(op, [a], { axes: positive.sort((x, y) => x - y), keepDims });
    };
  const moved = (op: Op) => (a: Ref, attributes: Attributes) => writer.add(op, [a], attributes);

  return {
    nodes: writer.nodes,
    input: (name, shape, dtype = 'float32') => writer.input(name, { dtype, shape }),
    parameter: (name, shape, initial, options) =>
      writer.parameter(named(name), { dtype: 'float32', shape }, initial, options?.trainable ?? true),
    constant,
    scope: (name, body) => labelled(named(name), body),
    unscoped: (body) => labelled('', body),
    add: binary('Add'),
    sub: binary('Sub'),
    mul: binary('Mul'),
    div: binary('Div'),
    maximum: binary('Maximum'),
    minimum: binary('Minimum'),
    equal: binary('Equal'),
    greater: binary('Greater'),
    greaterEqual: binary('GreaterEqual'),
    logicalAnd: binary('LogicalAnd'),
    logicalOr: binary('LogicalOr'),
    neg: unary('Neg'),
    exp: unary('Exp'),
    log: unary('Log'),
    sqrt: unary('Sqrt'),
    rsqrt: unary('Rsqrt'),
    square: unary('Square'),
    abs: unary('Abs'),
    sign: unary('Sign'),
    tanh: unary('Tanh'),
    sigmoid: unary('Sigmoid'),
    relu: unary('Relu'),
    softplus: unary('Softplus'),
    logicalNot: unary('LogicalNot'),
    stopGradient: unary('StopGradient'),
    cast: (a, dtype) => moved('Cast')(a, { dtype }),
    select: (condition, then, otherwise) => writer.add('Select', [condition, ...operands(then, otherwise)]),
    matMul: product('MatMul'),
    batchMatMul: product('BatchMatMul'),
    sum: reduction('Sum'),
    mean: reduction('Mean'),
    max: reduction('Max'),
    softmax: unary('Softmax'),
    logSoftmax: unary('LogSoftmax'),
    reshape: (a, shape) => moved('Reshape')(a, { shape }),
    transpose: (a, perm) => moved('Transpose')(a, { perm }),
    concat: (parts, axis) =>
      writer.add('Concat', parts, { axis: axis < 0 ? axis + (parts[0]?.type.shape.length ?? 0) : axis }),
    slice: (a, begin, size) => moved('Slice')(a, { begin, size }),
    pad: (a, before, after) => moved('Pad')(a, { before, after }),
    broadcastTo: (a, like) => writer.add('BroadcastTo', [a, like]),
    gather: (a, indices) => writer.add('Gather', [a, indices]),
    segmentSum: (values, segments, rows) => writer.add('SegmentSum', [values, segments], { rows: [rows] }),
    scatterUpdate: (a, indices, updates) => writer.add('ScatterUpdate', [a, indices, updates]),
    output: (name, value) => writer.output(name, value),
    update: (parameter, value) => writer.update(parameter, value),
    finish: () => writer.finish(),
  };
}
