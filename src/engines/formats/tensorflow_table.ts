/** The translation of each op to TensorFlow. `Parameter` differs between a training graph and an exported one, so it is an argument. */
import { sameShape } from '../../graph/dims.ts';
import type { Dim, Graph, Node } from '../../graph/graph.ts';
import { leastNumber, mayHaveFewer } from '../../graph/ops/reductions.ts';
import { inferShape, lowerAlike, sliceSizes } from './emitted.ts';
import {
  dataType,
  type TensorflowAttribute,
  type TensorflowLowering,
  type TensorflowTable,
  type TensorflowWriter,
} from './tensorflow_writer.ts';

const int: TensorflowAttribute = { type: 'DT_INT32' };

/** Translates to an op of TensorFlow with the same operands and only the attribute T. */
const sameOperands =
  (op: string): TensorflowLowering =>
  (node, operands, writer) =>
    writer.emit(op, operands, { T: writer.operandType(node) });

const withoutAttributes =
  (op: string): TensorflowLowering =>
  (_, operands, writer) =>
    writer.emit(op, operands);

const reduction =
  (op: string): TensorflowLowering =>
  (node, [value], writer) =>
    writer.emit(op, [value!, writer.vector(node.attributes.axes as readonly number[])], {
      T: writer.operandType(node),
      Tidx: int,
      keep_dims: { b: node.attributes.keepDims === true },
    });

export const segmentOperands = (node: Node, [values, segments]: readonly string[], writer: TensorflowWriter) => [
  values!,
  segments!,
  writer.scalarLength(node.type.shape[0]!),
];

const segmentSum: TensorflowLowering = (node, operands, writer) =>
  writer.emit('UnsortedSegmentSum', segmentOperands(node, operands, writer), {
    T: writer.operandType(node),
    Tindices: int,
    Tnumsegments: int,
  });

/** Returns the translation of each op. Long because it is a table: one row per op. */
export function tensorflowTable(parameter: TensorflowLowering): TensorflowTable {
  return {
    Input: (node) => {
      throw new Error(`invariant: input ${node.attributes.name} is not among the graph's inputs`);
    },
    Parameter: parameter,
    Constant: (node, _, writer) =>
      writer.constant(
        node.attributes.values as readonly number[],
        node.type.shape as readonly number[],
        node.type.dtype,
      ),

    Add: (node, operands, writer) => {
      const product = biasOf(writer.graph, node);
      if (product === undefined) return writer.emit('AddV2', operands, { T: writer.operandType(node) });
      // TensorFlow fuses a product, its bias and a relu into one kernel if the sum is a BiasAdd.
      return writer.emit('BiasAdd', [operands[product]!, operands[1 - product]!], { T: writer.operandType(node) });
    },
    ...lowerAlike(
      'Sub Mul Div:RealDiv Maximum Minimum Equal Greater GreaterEqual Neg Exp Log Sqrt Rsqrt',
      sameOperands,
    ),
    ...lowerAlike('Square Abs Sign Tanh Cos Sin Sigmoid Relu Softplus StopGradient Softmax LogSoftmax', sameOperands),
    ...lowerAlike('AllReduce:Identity', sameOperands),
    ...lowerAlike('LogicalAnd LogicalOr LogicalNot', withoutAttributes),

    Cast: (node, operands, writer) =>
      writer.emit('Cast', operands, { SrcT: writer.operandType(node), DstT: { type: dataType(node.type.dtype) } }),
    Select: (node, operands, writer) => {
      const T = { type: dataType(node.type.dtype) };
      const relu = reluGradient(writer.graph, node);
      if (relu) return writer.emit('ReluGrad', [writer.valueOf(relu.gradient), writer.valueOf(relu.x)], { T });
      return writer.emit('SelectV2', operands, { T });
    },

    MatMul: (node, operands, writer) =>
      writer.emit('MatMul', operands, {
        T: writer.operandType(node),
        transpose_a: { b: node.attributes.transposeA === true },
        transpose_b: { b: node.attributes.transposeB === true },
      }),
    BatchMatMul: (node, operands, writer) =>
      writer.emit('BatchMatMulV2', operands, {
        T: writer.operandType(node),
        adj_x: { b: node.attributes.transposeA === true },
        adj_y: { b: node.attributes.transposeB === true },
      }),

    ...lowerAlike('Sum Mean Max', reduction),
    // The first output has the values.
    TopK: (node, [value], writer) => {
      const k = node.attributes.k as number;
      const T = writer.operandType(node);
      const { shape } = writer.typeOf(node.inputs[0]!);
      const paddings = (): string => {
        const padPairs = shape.flatMap((_, axis) => [0, axis === shape.length - 1 ? k : 0]);
        return writer.constant(padPairs, [shape.length, 2], 'int32');
      };
      const paddedValue = mayHaveFewer(shape, k)
        ? writer.emit('PadV2', [value!, paddings(), writer.constant([leastNumber], [], 'float32')], {
            T,
            Tpaddings: int,
          })
        : value!;
      return writer.emit('TopKV2', [paddedValue, writer.constant([k], [], 'int32')], { T, sorted: { b: true } });
    },

    Reshape: (node, [value], writer) => {
      const dims = node.type.shape;
      const inferredShape = inferShape(dims);
      const shapeVector = inferredShape ? writer.vector(inferredShape) : writer.shape(dims);
      return writer.emit('Reshape', [value!, shapeVector], { T: writer.operandType(node), Tshape: int });
    },
    Transpose: (node, [value], writer) =>
      writer.emit('Transpose', [value!, writer.vector(node.attributes.perm as readonly number[])], {
        T: writer.operandType(node),
        Tperm: int,
      }),
    Concat: (node, operands, writer) =>
      writer.emit('ConcatV2', [...operands, writer.constant([node.attributes.axis as number], [], 'int32')], {
        T: writer.operandType(node),
        N: { i: operands.length },
        Tidx: int,
      }),
    Slice: (node, [value], writer) => {
      const begin = node.attributes.begin as readonly number[];
      const size = node.attributes.size as readonly Dim[];
      const staticSizes = sliceSizes(writer.typeOf(node.inputs[0]!).shape, begin, size);
      const sizes = staticSizes ? writer.vector(staticSizes) : writer.shape(node.type.shape);
      return writer.emit('Slice', [value!, writer.vector(begin), sizes], { T: writer.operandType(node), Index: int });
    },
    Pad: (node, [value], writer) => {
      const before = node.attributes.before as readonly number[];
      const after = node.attributes.after as readonly number[];
      const padPairs = before.flatMap((count, axis) => [count, after[axis]!]);
      const paddings = writer.constant(padPairs, [before.length, 2], 'int32');
      const zeroScalar = writer.constant([0], [], node.type.dtype);
      return writer.emit('PadV2', [value!, paddings, zeroScalar], { T: writer.operandType(node), Tpaddings: int });
    },
    BroadcastTo: (node, [value, like], writer) => {
      const targetShape = writer.shapeOf(like!, writer.typeOf(node.inputs[1]!));
      return writer.emit('BroadcastTo', [value!, targetShape], { T: writer.operandType(node), Tidx: int });
    },
    Gather: (node, operands, writer) =>
      writer.emit('GatherV2', [...operands, writer.constant([0], [], 'int32')], {
        Tparams: writer.operandType(node),
        Tindices: int,
        Taxis: int,
        batch_dims: { i: 0 },
      }),
    SegmentSum: segmentSum,
    ScatterUpdate: (node, operands, writer) =>
      writer.emit('TensorScatterUpdate', operands, { T: writer.operandType(node), Tindices: int }),

    // This engine is a group of one worker, as for AllReduce.
    AllGather: segmentSum,
  };
}

/** True for a constant of zeros, such as those in groups of ops for which TensorFlow has one kernel. */
const isZero = ({ op, attributes }: Node): boolean =>
  op === 'Constant' && (attributes.values as readonly number[]).every((value) => value === 0);

/** Returns the parts of the gradient of a relu, `select(x > 0, gradient, 0)`: its gradient and its x. Undefined for other nodes. */
function reluGradient(graph: Graph, node: Node): { readonly gradient: number; readonly x: number } | undefined {
  const [condition, gradient, otherwise] = node.inputs as [number, number, number];
  const greater = graph.nodes[condition]!;
  if (greater.op !== 'Greater' || !isZero(graph.nodes[greater.inputs[1]!]!) || !isZero(graph.nodes[otherwise]!)) {
    return undefined;
  }
  const x = greater.inputs[0]!;
  const areFloats = node.type.dtype === 'float32' && graph.nodes[x]!.type.dtype === 'float32';
  const valueShapes = [graph.nodes[x]!, graph.nodes[gradient]!].map(({ type }) => type.shape);
  return areFloats && valueShapes.every((shape) => sameShape(shape, node.type.shape)) ? { gradient, x } : undefined;
}

/** Returns which operand is the product, 0 or 1, if the other one is a vector that is added to every row of a matrix product. */
function biasOf(graph: Graph, node: Node): 0 | 1 | undefined {
  const [a, b] = node.inputs.map((input) => graph.nodes[input]!) as [Node, Node];
  const isBiasAdd = (product: Node, bias: Node): boolean =>
    product.op === 'MatMul' && bias.type.shape.length === 1 && isLength(bias.type.shape[0]!, product.type.shape[1]!);
  if (isBiasAdd(a, b)) return 0;
  return isBiasAdd(b, a) ? 1 : undefined;
}

/** True if a vector has a number for each column. A vector of one number would be broadcast, so it is no bias. */
const isLength = (length: Dim, columns: Dim): boolean => typeof length === 'number' && length === columns;
