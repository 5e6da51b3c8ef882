import type { RowOptimizerPlan } from '../../../src/graph/plan/plan.ts';

export function optimizerPlan(kind: RowOptimizerPlan['kind'], other: Partial<RowOptimizerPlan> = {}): RowOptimizerPlan {
  return {
    kind,
    rate: 0.1,
    schedule: { warmup: 0, decay: 'constant' },
    initialAccumulator: kind === 'adagrad' || kind === 'row_adagrad' ? 0.1 : 0,
    epsilon: 1e-7,
    beta1: 0.9,
    beta2: 0.999,
    weightDecay: 0,
    l2: 0,
    ...other,
  };
}

/** Plain loops in float64: what the kernels must agree with. */
export const reference = {
  bag(values: Float32Array, dim: number, codes: readonly number[], mean: boolean): number[] {
    return Array.from({ length: dim }, (_, d) => {
      const sum = codes.reduce((total, code) => total + values[code * dim + d]!, 0);
      return mean && codes.length > 0 ? sum / codes.length : sum;
    });
  },
  /** Gradients by row; `share` is what one element of a bag gets of the bag's gradient. */
  add(sums: Map<number, number[]>, code: number, gradient: readonly number[], share: number): void {
    const sum = sums.get(code) ?? gradient.map(() => 0);
    sums.set(
      code,
      sum.map((value, d) => value + share * gradient[d]!),
    );
  },
};

/** The largest difference, relative to 1 or the expected number, whichever is larger. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(apart <= worst)) worst = apart;
  }
  return worst;
}

/** Compared as bytes: quicker than an expectation on long arrays, and −0 and NaN count. */
export function sameBits(a: Float32Array | Int32Array, b: Float32Array | Int32Array): boolean {
  const bytes = (view: typeof a): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(a).equals(bytes(b));
}
