/** Matrix products. */
import { countElements, GraphTypeError, printDim, printShape, sameDim } from '../dims.ts';
import type { Dim, Dtype, productNames, Ref, TensorType } from '../graph.ts';
import {
  type Attributes,
  expectInputs,
  expectRank,
  expectSameDtype,
  type GradientContext,
  type NodeValues,
  type OpRow,
} from './row.ts';

const productDtypes: readonly Dtype[] = ['float32', 'bfloat16'];

function productShape(a: readonly Dim[], b: readonly Dim[], attributes: Attributes): readonly [Dim, Dim] {
  const [rows, innerA] = attributes.transposeA ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [innerB, columns] = attributes.transposeB ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  if (!sameDim(innerA, innerB)) {
    const operandText = (shape: readonly Dim[], transposed: unknown): string =>
      `${printShape(shape)}${transposed ? 'ᵀ' : ''}`;
    throw new GraphTypeError(
      `${operandText(a, attributes.transposeA)} × ${operandText(b, attributes.transposeB)}: the inner lengths ${printDim(innerA)} and ${printDim(innerB)} differ`,
    );
  }
  return [rows, columns];
}

function multiply(a: NodeValues, b: NodeValues, output: NodeValues, attributes: Attributes, index: number): void {
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [rows, columns] = output.shape.slice(-2) as [number, number];
  const innerLength = attributes.transposeA ? rowsA : columnsA;
  const [stepA, stepInnerA] = attributes.transposeA ? [1, columnsA] : [columnsA, 1];
  const [stepB, stepInnerB] = attributes.transposeB ? [columnsB, 1] : [1, columnsB];
  const startA = index * rowsA * columnsA;
  const startB = index * rowsB * columnsB;
  const outputStart = index * rows * columns;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < innerLength; k++) {
        sum += a.data[startA + i * stepA + k * stepInnerA]! * b.data[startB + j * stepB + k * stepInnerB]!;
      }
      output.data[outputStart + i * columns + j] = sum;
    }
  }
}

/** Both gradients of a product are products. The flags let them read operands transposed, so no transposed copy is made. */
function productGradient(method: 'matMul' | 'batchMatMul'): OpRow['gradient'] {
  return (context: GradientContext) => {
    const [a, b] = context.inputs as [Ref, Ref];
    const product = context.builder[method].bind(context.builder);
    const { transposeA, transposeB } = context.attributes;
    return [
      () =>
        transposeA
          ? product(b, context.fullUpstream(), { transposeA: transposeB === true, transposeB: true })
          : product(context.fullUpstream(), b, { transposeB: transposeB !== true }),
      () =>
        transposeB
          ? product(context.fullUpstream(), a, { transposeA: true, transposeB: transposeA === true })
          : product(a, context.fullUpstream(), { transposeA: transposeA !== true }),
    ];
  };
}

function productFlops(
  inputs: readonly (readonly number[])[],
  output: readonly number[],
  attributes: Attributes,
): number {
  const [rows, columns] = inputs[0]!.slice(-2) as [number, number];
  return 2 * countElements(output) * (attributes.transposeA ? rows : columns);
}

export const productOps: Readonly<Record<(typeof productNames)[number], OpRow>> = {
  MatMul: {
    doc: 'Matrix product [m, k] × [k, n] → [m, n]; attributes transposeA and transposeB read an operand transposed.',
    type(inputs, attributes): TensorType {
      expectInputs(inputs, productDtypes, productDtypes);
      expectSameDtype(inputs[0]!, inputs[1]!);
      for (const input of inputs) expectRank(input, 2);
      return { dtype: inputs[0]!.dtype, shape: productShape(inputs[0]!.shape, inputs[1]!.shape, attributes) };
    },
    gradient: productGradient('matMul'),
    evaluate([a, b], output, attributes) {
      multiply(a!, b!, output, attributes, 0);
    },
    flops: productFlops,
    bfloat16: 'product',
  },
  BatchMatMul: {
    doc: 'One matrix product for each index of the leading axis: [n, m, k] × [n, k, l] → [n, m, l]; flags as for MatMul.',
    type(inputs, attributes): TensorType {
      expectInputs(inputs, productDtypes, productDtypes);
      expectSameDtype(inputs[0]!, inputs[1]!);
      for (const input of inputs) expectRank(input, 3);
      const [a, b] = [inputs[0]!.shape, inputs[1]!.shape];
      if (!sameDim(a[0]!, b[0]!)) {
        throw new GraphTypeError(`${printShape(a)} × ${printShape(b)}: the leading lengths differ`);
      }
      return { dtype: inputs[0]!.dtype, shape: [a[0]!, ...productShape(a.slice(1), b.slice(1), attributes)] };
    },
    gradient: productGradient('batchMatMul'),
    evaluate([a, b], output, attributes) {
      for (let index = 0; index < output.shape[0]!; index++) multiply(a!, b!, output, attributes, index);
    },
    flops: productFlops,
    bfloat16: 'product',
  },
};
