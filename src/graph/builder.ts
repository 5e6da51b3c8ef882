/** Builds graphs. Each method checks its operands' types and throws GraphTypeError, with a message in terms of the graph. */
import { countElements, GraphTypeError } from './dims.ts';
import {
  type Builder,
  binaryNames,
  type ComputedOp,
  type MatMulOptions,
  type Operand,
  type OpGroupMethods,
  productNames,
  type Ref,
  reductionNames,
  softmaxNames,
  unaryNames,
} from './graph.ts';
import { GraphWriter } from './writer.ts';

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
