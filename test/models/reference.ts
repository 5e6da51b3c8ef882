/** The papers' formulas for one row, on plain arrays: written without a look at what the models lower to. */
import type { Tensor } from '../../src/graph/graph.ts';

export type Row = readonly number[];
type Parameters = Readonly<Record<string, Tensor>>;

export const relu = (x: number): number => Math.max(0, x);
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const add = (a: Row, b: Row): Row => a.map((value, at) => value + b[at]!);
export const times = (a: Row, factor: number): Row => a.map((value) => value * factor);
export const dot = (a: Row, b: Row): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
export const cosine = (a: Row, b: Row): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
export const normalize = (a: Row): Row => a.map((value) => value / Math.sqrt(dot(a, a)));
export const logSumExp = (values: Row): number => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
export const softmax = (values: Row): Row => values.map((value) => Math.exp(value - logSumExp(values)));
export const mean = (values: Row): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The weights of one model, by the names of their places. */
export function weightsOf(parameters: Parameters) {
  const tensor = (name: string): Tensor => {
    const found = parameters[name];
    if (!found) throw new Error(`no parameter ${name}; there are ${Object.keys(parameters).join(', ')}`);
    return found;
  };
  /** x · W */
  const times = (x: Row, name: string): Row => {
    const { shape, data } = tensor(name);
    const columns = shape[1]!;
    return Array.from({ length: columns }, (_, column) =>
      x.reduce((sum, value, at) => sum + value * data[at * columns + column]!, 0),
    );
  };
  const plus = (x: Row, name: string): Row => x.map((value, at) => value + tensor(name).data[at]!);
  const dense = (x: Row, at: string, suffix = '', activation: (x: number) => number = (x) => x): Row =>
    plus(times(x, `${at}/weights${suffix}`), `${at}/bias${suffix}`).map(activation);
  return {
    tensor,
    times,
    plus,
    dense,
    /** Two layers, the first through `activation`. */
    mlp: (x: Row, at: string, activation = relu, last: (x: number) => number = (x) => x): Row =>
      dense(dense(x, at, '_0', activation), at, '_1', last),
    senet(fields: readonly Row[], at: string): readonly Row[] {
      const hidden = times(fields.map(mean), `${at}/reduce`).map(relu);
      const shares = times(hidden, `${at}/expand`).map(sigmoid);
      return fields.map((field, of) => field.map((value) => value * shares[of]!));
    },
    /** x₀ ⊙ (U Vᵀ xₗ + b) + xₗ */
    crossed(x: Row, at: string, layers: number): Row {
      return Array.from({ length: layers }, (_, layer) => layer).reduce((last, layer) => {
        const mapped = plus(
          times(times(last, `${at}/reduce_${layer}`), `${at}/expand_${layer}`),
          `${at}/bias_${layer}`,
        );
        return last.map((value, i) => x[i]! * mapped[i]! + value);
      }, x);
    },
    /** All pairs of fields, one by one. */
    pairs: (fields: readonly Row[]): Row =>
      fields[0]!.map((_, d) => {
        let sum = 0;
        for (let a = 0; a < fields.length; a++)
          for (let b = a + 1; b < fields.length; b++) sum += fields[a]![d]! * fields[b]![d]!;
        return sum;
      }),
    /** Σᵢⱼ Wₕᵢⱼ (row i of the last layer) ⊙ (field j), summed over D. */
    cin(fields: readonly Row[], at: string, layers: number): Row {
      const sums: number[] = [];
      let last = fields;
      for (let layer = 0; layer < layers; layer++) {
        const { shape, data } = tensor(`${at}/weights_${layer}`);
        const rows = shape[1]!;
        const before = last;
        last = Array.from({ length: rows }, (_, h) =>
          fields[0]!.map((_, d) => {
            let sum = 0;
            for (let i = 0; i < before.length; i++)
              for (let j = 0; j < fields.length; j++)
                sum += data[(i * fields.length + j) * rows + h]! * before[i]![d]! * fields[j]![d]!;
            return sum;
          }),
        );
        sums.push(...last.map((row) => row.reduce((a, b) => a + b, 0)));
      }
      return sums;
    },
    /** Columns `from` … of x · W + b through relu, `count` experts of `units`. */
    experts(x: Row, at: string, suffix: string, units: number): readonly Row[] {
      const all = plus(times(x, `${at}/experts${suffix}`), `${at}/bias${suffix}`).map(relu);
      return Array.from({ length: all.length / units }, (_, e) => all.slice(e * units, (e + 1) * units));
    },
  };
}

/** Σ shares · rows */
export const mixture = (shares: Row, rows: readonly Row[]): Row =>
  rows[0]!.map((_, at) => shares.reduce((sum, share, of) => sum + share * rows[of]![at]!, 0));

/**
 * The in-batch softmax, element by element: logits score/τ − log q of the column's item; a hit (row, column) does not count;
 * rows weigh `weight`.
 */
export function inBatchLoss(
  scores: readonly Row[],
  temperature: number,
  logQ: Row,
  hits: readonly (readonly [number, number])[],
  weight: Row = scores.map(() => 1),
): number {
  const losses = scores.map((row, i) => {
    const logits = row.map((score, j) => score / temperature - logQ[j]!);
    const others = logits.filter((_, j) => !hits.some(([r, c]) => r === i && c === j));
    return logSumExp(others) - logits[i]!;
  });
  return dot(losses, weight) / weight.reduce((a, b) => a + b, 0);
}

/** Binary cross-entropy of logits. */
export const bceLoss = (logits: Row, labels: Row): number =>
  mean(logits.map((logit, at) => (labels[at] === 1 ? -Math.log(sigmoid(logit)) : -Math.log(1 - sigmoid(logit)))));
