/** Short ways to make tensors, and the two oracles of a gradient: central differences in doubles, and a plain run. */
import { expect } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import { type Builder, makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { countElements, resolveShape, type Sizes } from '../../src/graph/dims.ts';
import { evaluateGraph, evaluateInDoubles } from '../../src/graph/evaluate.ts';
import type { Dim, Graph, HostDtype, Tensor } from '../../src/graph/graph.ts';

export const batch: Dim = { symbol: 'batch', times: 1 };
export const sizes: Sizes = { batch: 3, hits: 2, nothing: 0, negatives: 4 };

type Nested = number | readonly Nested[];

/** `tensor([[1, 2], [3, 4]])` is float32 [2, 2]. */
export function tensor(nested: Nested, dtype: HostDtype = 'float32'): Tensor {
  const shape: number[] = [];
  for (let level = nested; typeof level !== 'number'; level = level[0]!) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat = [nested].flat(8) as number[];
  const kinds = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  return { dtype, shape, data: new kinds[dtype](flat) };
}

/** Uniform in [low, high), float32. */
export function randomTensor(shape: readonly number[], stream: number, low = -1, high = 1): Tensor {
  const data = new Float32Array(countElements(shape));
  makeRandom(7, stream).fill(data, low, high);
  return { dtype: 'float32', shape, data };
}

/** What a graph of a single output computes from inputs given in order, as inputs x0, x1, … */
export function compute(build: (b: Builder, ...inputs: Ref[]) => Ref, ...given: Tensor[]): Tensor {
  const b = makeBuilder('test');
  const refs = given.map((value, i) => b.input(`x${i}`, value.shape, value.dtype));
  b.output('y', build(b, ...refs));
  return evaluateGraph(b.finish(), named(given), {}).outputs.y!;
}

export function named(given: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(given.map((value, i) => [`x${i}`, value]));
}

export interface GradientCase {
  readonly inputs: readonly {
    readonly shape: readonly Dim[];
    readonly dtype?: HostDtype;
    readonly low?: number;
    readonly high?: number;
    /** Row-major values; random ones where absent. */
    readonly values?: readonly number[];
  }[];
  readonly build: (b: Builder, ...inputs: Ref[]) => Ref;
}

/**
 * The graph of loss = Σ y · w, for fixed random w, with outputs `loss`, `y`, and `gradient:<i>` for each float32 input; and
 * values for its inputs.
 */
export function gradientGraph({ inputs, build }: GradientCase): { graph: Graph; given: Tensor[]; weights: Tensor } {
  const b = makeBuilder('gradient');
  const given = inputs.map(({ shape, dtype = 'float32', low, high, values }, i) => {
    const actual = resolveShape(shape, sizes);
    const drawn = randomTensor(actual, i, low, high);
    return { dtype, shape: actual, data: values === undefined ? drawn.data : tensor([...values], dtype).data };
  });
  const refs = inputs.map(({ shape, dtype }, i) => b.input(`x${i}`, shape, dtype));
  const y = build(b, ...refs);
  const weights = randomTensor(resolveShape(y.type.shape, sizes), 99, 0.5, 1.5);
  const w = b.input('weights', y.type.shape);
  const loss = b.sum(
    b.mul(y, w),
    y.type.shape.map((_, axis) => axis),
  );
  b.output('y', y);
  b.output('loss', loss);
  const floats = refs.filter((ref) => ref.type.dtype === 'float32');
  differentiate(b, loss, floats).forEach((gradient, i) => {
    expect(gradient?.type, 'a gradient has its value’s type').toEqual(floats[i]!.type);
    b.output(`gradient:x${refs.indexOf(floats[i]!)}`, gradient!);
  });
  return { graph: b.finish(), given, weights };
}

/** Asserts that all gradients agree with central differences, both in double precision. */
export function expectGradientsToMatchDifferences(testCase: GradientCase): void {
  const { graph, given, weights } = gradientGraph(testCase);
  const inDoubles = (value: Tensor) => ({
    ...value,
    data: value.dtype === 'float32' ? Float64Array.from(value.data) : value.data,
  });
  const inputs = Object.fromEntries(Object.entries({ ...named(given), weights }).map(([k, v]) => [k, inDoubles(v)]));
  const { outputs } = evaluateInDoubles(graph, inputs, {});
  const step = 1e-5;
  let compared = 0;
  for (const [name, gradient] of Object.entries(outputs)) {
    if (!name.startsWith('gradient:')) continue;
    const { data } = inputs[name.slice('gradient:'.length)]!;
    for (let i = 0; i < data.length; i++) {
      const at = data[i]!;
      const lossAt = (x: number): number => {
        data[i] = x;
        return evaluateInDoubles(graph, inputs, {}).outputs.loss!.data[0]!;
      };
      const expected = (lossAt(at + step) - lossAt(at - step)) / (2 * step);
      data[i] = at;
      expect(Math.abs(gradient.data[i]! - expected), `${name}[${i}]: ${gradient.data[i]} for ${expected}`).toBeLessThan(
        1e-7 * Math.max(1, Math.abs(expected)),
      );
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(0);
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    expect(error, `[${i}]: ${actual[i]} for ${expected[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i]!)),
    );
  }
}
