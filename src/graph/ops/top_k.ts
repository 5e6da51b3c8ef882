/** The largest of the last axis. */
import { GraphTypeError } from '../errors.ts';
import type { Dim } from '../graph.ts';
import { expectInputs, floatDtypes, flopPerInput, type OpRow } from './row.ts';

/** The least of float32 stands where there is no number. */
export const leastNumber = -3.4028234663852886e38;

/** True if there may be fewer than k numbers to choose from. */
export const mayBeFewer = (shape: readonly Dim[], k: number): boolean => {
  const lastDim = shape.at(-1);
  return typeof lastDim !== 'number' || lastDim < k;
};

export const topK: OpRow = {
  doc: 'The k largest of the last axis in descending order, equals each by itself: […, n] → […, k]. Where n < k the least float32 number fills the places.',
  type(inputs, attributes) {
    expectInputs(inputs, floatDtypes);
    const { shape, dtype } = inputs[0]!;
    const k = attributes.k as number;
    if (shape.length === 0) throw new GraphTypeError('a scalar has no last axis');
    if (!Number.isInteger(k) || k < 1) throw new GraphTypeError(`${k} is no count`);
    return { dtype, shape: [...shape.slice(0, -1), k] };
  },
  gradient: 'none',
  evaluate([input], output) {
    const n = input!.shape.at(-1)!;
    const k = output.shape.at(-1)!;
    for (let row = 0; row * k < output.data.length; row++) {
      const sorted = (input!.data as Float32Array).slice(row * n, (row + 1) * n).sort();
      for (let at = 0; at < k; at++) output.data[row * k + at] = at < n ? sorted[n - 1 - at]! : leastNumber;
    }
  },
  flops: flopPerInput,
};
