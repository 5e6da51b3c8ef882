/** Item-to-item weights of which each item keeps a few: what ItemKNN, RP3β and SLIM have in common. */
import type { HistoryScores } from './baseline.ts';
import type { Lists } from './interactions.ts';

/** Sparse rows of weights: those of row i are `values[starts[i] … starts[i + 1])`, of these columns. */
export interface Weights extends Lists {
  readonly weights: Float64Array;
}

/** Writes the weights of one row over zeros and returns the columns, each once, that it wrote; in memory that it may reuse. */
export type WriteRow = (row: number, target: Float64Array) => Int32Array;

/** Keeps the `k` largest positive weights of each row; of equals those further left. Columns are ascending. */
export function largest(items: number, k: number, write: WriteRow): Weights {
  const starts = new Int32Array(items + 1);
  const dense = new Float64Array(items);
  const rows: Int32Array[] = [];
  const kept: Float64Array[] = [];
  for (let row = 0; row < items; row++) {
    const touched = write(row, dense);
    let columns = touched.filter((column) => dense[column]! > 0);
    if (columns.length > k) columns = columns.sort((a, b) => dense[b]! - dense[a]! || a - b).slice(0, k);
    columns.sort();
    rows.push(columns);
    kept.push(Float64Array.from(columns, (column) => dense[column]!));
    starts[row + 1] = starts[row]! + columns.length;
    for (const column of touched) dense[column] = 0;
  }
  const values = new Int32Array(starts[items]!);
  const weights = new Float64Array(values.length);
  rows.forEach((columns, row) => {
    values.set(columns, starts[row]!);
    weights.set(kept[row]!, starts[row]!);
  });
  return { starts, values, weights };
}

export function transposed({ starts, values, weights }: Weights): Weights {
  const items = starts.length - 1;
  const turned = {
    starts: new Int32Array(items + 1),
    values: new Int32Array(values.length),
    weights: new Float64Array(values.length),
  };
  for (const column of values) turned.starts[column + 1]!++;
  for (let item = 0; item < items; item++) turned.starts[item + 1]! += turned.starts[item]!;
  const next = turned.starts.slice(0, items);
  for (let row = 0; row < items; row++) {
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      const place = next[values[at]!]!++;
      turned.values[place] = row;
      turned.weights[place] = weights[at]!;
    }
  }
  return turned;
}

/** score(j) = Σ over i in the history of the weight in row i and column j. */
export function summed({ starts, values, weights }: Weights): HistoryScores {
  return (history, target) => {
    for (const item of history) {
      for (let at = starts[item]!; at < starts[item + 1]!; at++) target[values[at]!]! += weights[at]!;
    }
  };
}
