/** Sparse item-to-item weights, of which each item has a few. ItemKNN, RP3β and SLIM share them. */
import { groupBy } from '../../../base/util/objects.ts';
import type { BaselineSetting, HistoryScores, RowLists } from './baseline.ts';

/** Sparse rows of weights: row i has the columns `values[starts[i] … starts[i + 1])`, and `weights` at the same indexes. */
export interface Weights extends RowLists {
  readonly weights: Float64Array;
}

/** Collects the weights item by item, in order. */
export function makeCollector(items: number) {
  const starts = new Int32Array(items + 1);
  const rows: Int32Array[] = [];
  const keptWeights: Float64Array[] = [];
  return {
    add(columns: Int32Array, dense: Float64Array): void {
      const sortedColumns = columns.slice().sort();
      starts[rows.length + 1] = starts[rows.length]! + sortedColumns.length;
      rows.push(sortedColumns);
      keptWeights.push(Float64Array.from(sortedColumns, (column) => dense[column]!));
    },
    weights(): Weights {
      const values = new Int32Array(starts[items]!);
      const weights = new Float64Array(values.length);
      rows.forEach((columns, row) => {
        values.set(columns, starts[row]!);
        weights.set(keptWeights[row]!, starts[row]!);
      });
      return { starts, values, weights };
    },
  };
}

/**
 * Returns a function that picks, from distinct columns, the `k` with the largest values above 0 in `dense`, unordered; ties go to the lower column. The next
 * call reuses the memory of the result.
 */
export function makePicker(k: number): (columns: Int32Array, dense: Float64Array) => Int32Array {
  // A heap whose first column is the next one to drop.
  let heap = new Int32Array(64);
  return (columns, dense) => {
    const maxSize = Math.min(k, columns.length);
    if (heap.length < maxSize) heap = new Int32Array(Math.min(k, 2 * maxSize));
    let heapSize = 0;
    const isWorse = (a: number, b: number): boolean => dense[a]! < dense[b]! || (dense[a] === dense[b] && a > b);
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      if (!(dense[column]! > 0)) continue;
      if (heapSize < maxSize) {
        let child = heapSize++;
        for (let parent = (child - 1) >> 1; child > 0 && isWorse(column, heap[parent]!); parent = (child - 1) >> 1) {
          heap[child] = heap[parent]!;
          child = parent;
        }
        heap[child] = column;
      } else if (isWorse(heap[0]!, column)) {
        let parent = 0;
        for (let child = 1; child < heapSize; child = 2 * parent + 1) {
          if (child + 1 < heapSize && isWorse(heap[child + 1]!, heap[child]!)) child++;
          if (!isWorse(heap[child]!, column)) break;
          heap[parent] = heap[child]!;
          parent = child;
        }
        heap[parent] = column;
      }
    }
    return heap.subarray(0, heapSize);
  };
}

/** Groups the indexes of the settings by the value of one argument. */
export const groupSettings = <S extends BaselineSetting>(settings: readonly S[], name: keyof S & string) =>
  groupBy(settings.keys(), (index) => settings[index]![name]!);

export function transposeWeights({ starts, values, weights }: Weights): Weights {
  const items = starts.length - 1;
  const columnStarts = new Int32Array(items + 1);
  for (const column of values) columnStarts[column + 1]!++;
  for (let item = 0; item < items; item++) columnStarts[item + 1]! += columnStarts[item]!;
  const nextSlot = columnStarts.slice(0, items);
  const transposed = { starts: columnStarts, values: values.slice(), weights: weights.slice() };
  for (let row = 0; row < items; row++) {
    for (let index = starts[row]!; index < starts[row + 1]!; index++) {
      const slot = nextSlot[values[index]!]!++;
      transposed.values[slot] = row;
      transposed.weights[slot] = weights[index]!;
    }
  }
  return transposed;
}

/** score(j) = Σ over i in the history of the weight in row i and column j, times the weight of i in the history. */
export function sumWeights({ starts, values, weights }: Weights): HistoryScores {
  return (history, target, _user, historyWeights) => {
    for (let i = 0; i < history.length; i++) {
      const item = history[i]!;
      const share = historyWeights ? historyWeights[i]! : 1;
      for (let index = starts[item]!; index < starts[item + 1]!; index++)
        target[values[index]!]! += share * weights[index]!;
    }
  };
}
