/** Builds graphs. Each method checks its operands' types and throws GraphTypeError, in the graph's own words. */
import type { Builder, MatMulOptions, Ref } from './builder_contract.ts';
import { GraphTypeError } from './errors.ts';
import type { Attributes, LeafName } from './ops/row.ts';
import type { OpName } from './ops.ts';
import { GraphWriter } from './writer.ts';

export type { Builder, Ref } from './builder_contract.ts';
export { GraphTypeError };

/** An empty graph. */
export function makeBuilder(name: string): Builder {
  return builderOn(new GraphWriter(name));
}

type Op = Exclude<OpName, LeafName>;

/** The methods of a builder over a list of nodes that the caller also holds. */
export function builderOn(writer: GraphWriter): Builder {
  return {
    nodes: writer.nodes,
    ...leaves(writer),
    ...elementwise(writer),
    ...productsAndReductions(writer),
    ...movements(writer),
    output: (name, value) => writer.output(name, value),
    update: (parameter, value) => writer.update(parameter, value),
    finish: () => writer.finish(),
  };
}

/** Inputs, parameters and constants, and the scopes that name them. */
function leaves(writer: GraphWriter): Pick<Builder, 'input' | 'parameter' | 'constant' | 'scope' | 'unscoped'> {
  const named = (name: string): string => (writer.label === '' ? name : `${writer.label}/${name}`);
  const labelled = <T>(label: string, body: () => T): T => {
    const outside = writer.label;
    writer.label = label;
    try {
      return body();
    } finally {
      writer.label = outside;
    }
  };
  return {
    input: (name, shape, dtype = 'float32') => writer.input(name, { dtype, shape }),
    parameter: (name, shape, initial, options) =>
      writer.parameter(named(name), { dtype: 'float32', shape }, initial, options?.trainable ?? true),
    constant: (...given) => constant(writer, ...given),
    scope: (name, body) => labelled(named(name), body),
    unscoped: (body) => labelled('', body),
  };
}

function constant(writer: GraphWriter, ...[values, shape, dtype = 'float32']: Parameters<Builder['constant']>): Ref {
  const dims = shape ?? (typeof values === 'number' ? [] : [values.length]);
  const count = dims.reduce((product, length) => product * length, 1);
  const all = typeof values === 'number' ? new Array<number>(count).fill(values) : values;
  if (all.length !== count) {
    throw new GraphTypeError(`Constant: ${all.length} values do not fill [${dims.join(', ')}]`);
  }
  return writer.constant(all, { dtype, shape: dims });
}

/** Ops of one operand, which have no attributes. */
const unaryOn = (writer: GraphWriter) => (op: Op) => (a: Ref) => writer.add(op, [a]);

/** Ops of one value for each element. */
function elementwise(writer: GraphWriter) {
  /** A number becomes a scalar of the other operand's dtype. */
  const operands = (...values: (Ref | number)[]): Ref[] => {
    const dtype = values.find((value) => typeof value !== 'number')?.type.dtype ?? 'float32';
    return values.map((value) => (typeof value === 'number' ? constant(writer, value, [], dtype) : value));
  };
  const binary = (op: Op) => (a: Ref | number, b: Ref | number) => writer.add(op, operands(a, b));
  const unary = unaryOn(writer);
  return {
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
    cast: (a, dtype) => writer.add('Cast', [a], { dtype }),
    select: (condition, then, otherwise) => writer.add('Select', [condition, ...operands(then, otherwise)]),
  } satisfies Partial<Builder>;
}

/** Products of matrices, and what reduces along axes. */
function productsAndReductions(writer: GraphWriter) {
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
  const unary = unaryOn(writer);
  return {
    matMul: product('MatMul'),
    batchMatMul: product('BatchMatMul'),
    sum: reduction('Sum'),
    mean: reduction('Mean'),
    max: reduction('Max'),
    softmax: unary('Softmax'),
    logSoftmax: unary('LogSoftmax'),
  } satisfies Partial<Builder>;
}

/** Ops that move values to other places or shapes. */
function movements(writer: GraphWriter) {
  const moved = (op: Op) => (a: Ref, attributes: Attributes) => writer.add(op, [a], attributes);
  return {
    reshape: (a, shape) => moved('Reshape')(a, { shape }),
    transpose: (a, perm) => moved('Transpose')(a, { perm }),
    concat: (parts, axis) =>
      writer.add('Concat', parts, { axis: axis < 0 ? axis + (parts[0]?.type.shape.length ?? 0) : axis }),
    slice: (a, begin, size) => moved('Slice')(a, { begin, size }),
    pad: (a, before, after) => moved('Pad')(a, { before, after }),
    broadcastTo: (a, like) => writer.add('BroadcastTo', [a, like]),
    gather: (a, indices) => writer.add('Gather', [a, indices]),
    topK: (a, k) => writer.add('TopK', [a], { k }),
    segmentSum: (values, segments, rows) => writer.add('SegmentSum', [values, segments], { rows: [rows] }),
    scatterUpdate: (a, indices, updates) => writer.add('ScatterUpdate', [a, indices, updates]),
    allGather: (a, places, all) => writer.add('AllGather', [a, places, all]),
    allReduce: (a) => writer.add('AllReduce', [a]),
  } satisfies Partial<Builder>;
}
