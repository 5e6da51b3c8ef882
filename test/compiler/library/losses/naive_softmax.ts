/** The softmax losses as systems.md words them, in plain loops over doubles: the reference for the fast ones. */

export interface Given {
  /** One list a row. */
  readonly query: readonly (readonly number[])[];
  readonly item: readonly (readonly number[])[];
  readonly temperature: number;
  readonly logQ?: readonly number[];
  /** (row, column) pairs that are no negatives. */
  readonly hits?: readonly (readonly [number, number])[];
  readonly weight?: readonly number[];
}

/** score → ÷ τ → − log q of the column's item → mask hits → cross-entropy, weighted and divided by the weights' sum. */
export function naiveInBatch({ query, item, temperature, logQ, hits = [], weight }: Given): number {
  const losses = query.map((q, row) => {
    const logits = item.map((v, column) => {
      const score = q.reduce((sum, value, at) => sum + value * v[at]!, 0);
      const masked = hits.some(([r, c]) => r === row && c === column);
      return masked ? Number.NEGATIVE_INFINITY : score / temperature - (logQ?.[column] ?? 0);
    });
    return crossEntropy(logits, row);
  });
  return weightedMean(losses, weight);
}

/** Each row's own item first, then those drawn for it: `drawn` has `perRow` items for each row, row by row. */
export function naiveSampled(
  { query, item, temperature, logQ, hits = [], weight }: Given,
  drawn: readonly (readonly number[])[],
  drawnLogQ?: readonly number[],
): number {
  const perRow = drawn.length / query.length;
  const losses = query.map((q, row) => {
    const dot = (v: readonly number[]): number => q.reduce((sum, value, at) => sum + value * v[at]!, 0);
    const logits = [dot(item[row]!) / temperature - (logQ?.[row] ?? 0)];
    for (let column = 0; column < perRow; column++) {
      const masked = hits.some(([r, c]) => r === row && c === column);
      const at = row * perRow + column;
      logits.push(masked ? Number.NEGATIVE_INFINITY : dot(drawn[at]!) / temperature - (drawnLogQ?.[at] ?? 0));
    }
    return crossEntropy(logits, 0);
  });
  return weightedMean(losses, weight);
}

function crossEntropy(logits: readonly number[], own: number): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return largest + Math.log(sum) - logits[own]!;
}

function weightedMean(losses: readonly number[], weight: readonly number[] = losses.map(() => 1)): number {
  const total = weight.reduce((sum, value) => sum + value, 0);
  return losses.reduce((sum, loss, row) => sum + loss * weight[row]!, 0) / total;
}
