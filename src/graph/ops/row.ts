/** The contract of a row of the table of ops, small readers of attributes, and walks over row-major arrays for `evaluate`. */
import { countElements, GraphTypeError, printShape, printType } from '../dims.ts';
import type { Attribute, Builder, Dim, Dtype, Ref, TensorType } from '../graph.ts';

export type Attributes = Readonly<Record<string, Attribute>>;

/** Row-major numbers while a graph is evaluated: float32 is held in doubles when an oracle asks for it. */
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
   * Gradient of the loss by the output. Its shape is the output's, or one that broadcasts to it: the gradient of a row sum
   * stays [batch, 1], and elementwise ops that follow broadcast it for nothing.
   */
  readonly upstream: Ref;
  /** The upstream gradient in the output's own shape. */
  full(): Ref;
}

/** Gradient by one input, made only when it is wanted; its shape may be any that broadcasts to the input's. */
export type LocalGradient = (() => Ref) | 'none';

export interface OpRow {
  readonly doc: string;
  /** Type of the output. Throws GraphTypeError without the op's name, which `typeOf` puts before it. */
  readonly type: (inputs: readonly TensorType[], attributes: Attributes) => TensorType;
  readonly gradient: 'none' | ((at: GradientContext) => readonly LocalGradient[]);
  /** Fills `output`, which is zeros: the definition that every engine is held to. Sums are accumulated in doubles. */
  readonly evaluate: (inputs: readonly NodeValues[], output: NodeValues, attributes: Attributes) => void;
  /** Floating-point operations; a function such as exp counts as one. Absent: it moves data, which counts as none. */
  readonly flops?: (
    inputs: readonly (readonly number[])[],
    output: readonly number[],
    attributes: Attributes,
  ) => number;
  /** True if it reads no more of its first operand than it returns. */
  readonly picks?: true;
  /**
   * Its role in bfloat16, if any. `product`: multiplies matrices and accumulates in float32. `carry`: is between two products and does not round.
   * `bias`: adds a small operand to a product.
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

/** Operands' count and dtypes; the first thing each type rule does. */
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

/** Distinct axes in order, each within the rank. */
export function expectAxes(type: TensorType, axes: readonly number[]): void {
  axes.forEach((axis, index) => {
    if (!Number.isInteger(axis) || axis < 0 || axis >= type.shape.length) {
      throw new GraphTypeError(`${printShape(type.shape)} has no axis ${axis}`);
    }
    if (index > 0 && axis <= axes[index - 1]!) throw new GraphTypeError(`axes [${axes}] are not in order`);
  });
}

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** For each element of `shape` in order: `offset` plus the sum of its coordinates times `strides`. */
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

/** Where in an array of `shape` each element of the shape it broadcasts to is found. */
export function broadcastPositions(shape: readonly number[], target: readonly number[]): Int32Array {
  const ownStrides = stridesOf(shape);
  const strides = target.map((_, axis) => {
    const ownAxis = axis - (target.length - shape.length);
    return ownAxis < 0 || shape[ownAxis] === 1 ? 0 : ownStrides[ownAxis]!;
  });
  return offsetsOf(target, strides);
}

/** Where in the reduced array each element of `shape` is added, and how many elements each place gets. */
export function reducedPositions(
  shape: readonly number[],
  axes: readonly number[],
): { places: Int32Array; count: number } {
  const reducedShape = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const reducedStrides = stridesOf(reducedShape);
  const strides = reducedStrides.map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  return { places: offsetsOf(shape, strides), count: axes.reduce((product, axis) => product * shape[axis]!, 1) };
}
