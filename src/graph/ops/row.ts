/** Defines the contract of one op (a row of the op table), and helpers that read attributes and, for `evaluate`, walk row-major arrays. */
import { countElements, GraphTypeError, printShape, printType } from '../dims.ts';
import type { Attribute, Builder, Dim, Dtype, Ref, TensorType } from '../graph.ts';

export type Attributes = Readonly<Record<string, Attribute>>;

/** Row-major numbers while a graph is evaluated. `evaluateInDoubles` stores float32 values in doubles. */
export interface NodeValues {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

export interface GradientContext {
  readonly builder: Builder;
  readonly inputs: readonly Ref[];
  readonly output: Ref;
  readonly attributes: Attributes;
  /**
   * Gradient of the loss by the output. It has the output's shape, or one that broadcasts to it: the gradient of a row sum stays [batch, 1], and elementwise
   * ops that follow broadcast it at no cost.
   */
  readonly upstream: Ref;
  /** Returns the upstream gradient in the output's own shape. */
  fullUpstream(): Ref;
}

/** Makes the gradient by one input, if it is needed. Its shape may be any that broadcasts to the input's. */
export type LocalGradient = (() => Ref) | 'none';

export interface OpRow {
  readonly doc: string;
  /** Returns the type of the output. Throws GraphTypeError without the op's name, which `typeOf` adds in front. */
  readonly type: (inputs: readonly TensorType[], attributes: Attributes) => TensorType;
  readonly gradient: 'none' | ((context: GradientContext) => readonly LocalGradient[]);
  /** Fills `output`, which is zeros. This is the reference for every engine. Sums are accumulated in doubles. */
  readonly evaluate: (inputs: readonly NodeValues[], output: NodeValues, attributes: Attributes) => void;
  /** Returns the number of floating-point operations; a function such as exp counts as one. Absent: the op only moves data, which counts as none. */
  readonly flops?: (
    inputs: readonly (readonly number[])[],
    output: readonly number[],
    attributes: Attributes,
  ) => number;
  /** Present if the op reads no more of its first operand than it returns. */
  readonly readsOnlyResult?: true;
  /**
   * The role of the op in bfloat16; absent: none. `product` multiplies matrices, and accumulates in float32. `carry` may stand between two products and rounds
   * nothing. `bias` adds something small to the result of a product.
   */
  readonly bfloat16?: 'product' | 'carry' | 'bias';
}

export const floatDtypes: readonly Dtype[] = ['float32'];
export const numericDtypes: readonly Dtype[] = ['float32', 'int32'];
export const hostDtypes: readonly Dtype[] = ['float32', 'int32', 'bool'];
export const allDtypes: readonly Dtype[] = [...hostDtypes, 'bfloat16'];

export const flopPerElement: NonNullable<OpRow['flops']> = (_, output) => countElements(output);
export const flopPerInput: NonNullable<OpRow['flops']> = ([input]) => countElements(input!);

export function numbersOf(attributes: Attributes, name: string): readonly number[] {
  return attributes[name] as readonly number[];
}

export function dimsOf(attributes: Attributes, name: string): readonly Dim[] {
  return attributes[name] as readonly Dim[];
}

/** Checks the number and the dtypes of operands, which is the first thing each type rule does. */
export function expectInputs(inputs: readonly TensorType[], ...allowed: (readonly Dtype[])[]): void {
  if (inputs.length !== allowed.length) {
    throw new GraphTypeError(`takes ${allowed.length} operands, but has ${inputs.length}`);
  }
  inputs.forEach((input, index) => {
    if (!allowed[index]!.includes(input.dtype)) {
      throw new GraphTypeError(
        `operand ${index + 1} must be ${allowed[index]!.join(' or ')}, but is ${printType(input)}`,
      );
    }
  });
}

export function expectSameDtype(a: TensorType, b: TensorType): void {
  if (a.dtype !== b.dtype) throw new GraphTypeError(`${printType(a)} and ${printType(b)} differ in dtype`);
}

export function expectRank(type: TensorType, rank: number): void {
  if (type.shape.length !== rank) {
    throw new GraphTypeError(`needs rank ${rank}, but ${printShape(type.shape)} has rank ${type.shape.length}`);
  }
}

/** Checks that axes are distinct, in order and within the rank. */
export function expectAxes(type: TensorType, axes: readonly number[]): void {
  axes.forEach((axis, index) => {
    if (!Number.isInteger(axis) || axis < 0 || axis >= type.shape.length) {
      throw new GraphTypeError(`${printShape(type.shape)} has no axis ${axis}`);
    }
    if (index > 0 && axis <= axes[index - 1]!) throw new GraphTypeError(`axes [${axes}] are not in order`);
  });
}

/** Returns the number of elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Returns, for each element of `shape` in order, `offset` plus the sum of its coordinates times `strides`. */
export function offsetsOf(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const offsets = new Int32Array(countElements(shape));
  const coordinates = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let index = 0; index < offsets.length; index++) {
    offsets[index] = position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++coordinates[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      coordinates[axis] = 0;
    }
  }
  return offsets;
}

/** Returns, for each element of `target`, its position in an array of `shape`, which broadcasts to `target`. */
export function broadcastPositions(shape: readonly number[], target: readonly number[]): Int32Array {
  const ownStrides = stridesOf(shape);
  const strides = target.map((_, axis) => {
    const ownAxis = axis - (target.length - shape.length);
    return ownAxis < 0 || shape[ownAxis] === 1 ? 0 : ownStrides[ownAxis]!;
  });
  return offsetsOf(target, strides);
}

/** Returns, for each element of `shape`, the position in the reduced array that it is added to; and the number of elements per position. */
export function reducedPositions(
  shape: readonly number[],
  axes: readonly number[],
): { places: Int32Array; count: number } {
  const reducedShape = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const reducedStrides = stridesOf(reducedShape);
  const strides = reducedStrides.map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return { places: offsetsOf(shape, strides), count: axes.reduce((product, axis) => product * shape[axis]!, 1) };
}
