/** Where one column of each row of a score matrix is among the others, counted exactly; and the best columns of a row. */
import type { BagColumn } from '../data/dataset.ts';
import { invariant } from '../diagnostics/failure.ts';
import { makeSpace, type Region } from './space.ts';

export interface RowRanks {
  /** Columns that score above the row's target. A target that is not a number (NaN) is below all that are ranked. */
  readonly better: Int32Array;
  /** Other columns that score the same. */
  readonly equal: Int32Array;
  /** Columns that were ranked, the target included. */
  readonly ranked: Int32Array;
}

/** Columns left out of the ranking of a target, all but the target: bag `of[i]`, or none where that is −1. May repeat a column. */
export interface ExcludedColumns {
  readonly bags: BagColumn;
  readonly of: Int32Array;
}

export interface RankOptions {
  readonly excluded?: ExcludedColumns;
  /** The row of scores that each target is in: several targets may share one. Default: each has a row of its own. */
  readonly of?: Int32Array;
}

export interface Ranker {
  /** @param scores float32 [rows, columns] */
  rank(scores: Float32Array, columns: number, targets: Int32Array, options?: RankOptions): RowRanks;
}

/** Scores are copied into the kernel's memory this many bytes at a time: they are then still in the cache to be counted. */
const blockBytes = 512 * 1024;

/** Keeps a small memory of its own between calls. */
export function makeRanker(): Ranker {
  const space = makeSpace();
  let block: Region | undefined;
  let results: Region | undefined;

  return {
    rank(scores, columns, targets, { excluded, of } = {}) {
      const rows = targets.length;
      invariant(of || scores.length === rows * columns, `${scores.length} scores for ${rows} × ${columns}`);
      const rowsAtOnce = Math.max(1, Math.min(rows, Math.floor(blockBytes / (4 * Math.max(1, columns)))));
      block = space.enlarge(block, 4 * rowsAtOnce * columns);
      results = space.enlarge(results, 12 * rowsAtOnce);
      const held = space.floats(block, rowsAtOnce * columns);
      const counts = space.integers(results, 3 * rowsAtOnce);
      const targetScores = space.floats(results, rowsAtOnce);
      const pointer = results.pointer;
      const exclude = excluded && makeExcluder(excluded, columns);

      const better = new Int32Array(rows);
      const equal = new Int32Array(rows);
      const ranked = new Int32Array(rows).fill(columns);
      for (let from = 0; from < rows; from += rowsAtOnce) {
        const some = Math.min(rowsAtOnce, rows - from);
        for (let i = 0; i < some; i++) {
          const row = of?.[from + i] ?? from + i;
          held.set(scores.subarray(row * columns, (row + 1) * columns), i * columns);
        }
        for (let i = 0; i < some; i++) {
          const target = targets[from + i]!;
          invariant(target >= 0 && target < columns, `target ${target} of ${columns} columns`);
          targetScores[i] = held[i * columns + target]!;
          if (exclude) ranked[from + i]! -= exclude(held, i * columns, from + i, target);
        }
        space.kernels.rank(block.pointer, some, columns, pointer, pointer + 4 * rowsAtOnce, pointer + 8 * rowsAtOnce);
        for (let i = 0; i < some; i++) {
          const known = !Number.isNaN(targetScores[i]);
          better[from + i] = known ? counts[rowsAtOnce + i]! : ranked[from + i]! - 1;
          // The target equals itself.
          equal[from + i] = known ? counts[2 * rowsAtOnce + i]! - 1 : 0;
        }
      }
      return { better, equal, ranked };
    },
  };
}

/** Writes NaN, which is neither above nor equal to anything, over a row's excluded columns; returns how many there are. */
function makeExcluder({ bags, of }: ExcludedColumns, columns: number) {
  const excludedBy = new Int32Array(columns).fill(-1);
  return (held: Float32Array, at: number, row: number, target: number): number => {
    const bag = of[row]!;
    if (bag < 0) return 0;
    let count = 0;
    for (let i = bags.starts[bag]!, end = bags.ends[bag]!; i < end; i++) {
      const column = bags.values[i]!;
      if (column < 0 || column === target || excludedBy[column] === row) continue;
      excludedBy[column] = row;
      held[at + column] = Number.NaN;
      count++;
    }
    return count;
  };
}

/** The `k` best columns of one row, best first; of equals the one further left. NaN and excluded columns are left out. */
export function topK(
  scores: Float32Array,
  k: number,
  excluded: Iterable<number> = [],
): { readonly columns: Int32Array; readonly scores: Float32Array } {
  const left = new Set(excluded);
  const columns = new Int32Array(Math.max(0, k));
  const best = new Float32Array(columns.length);
  let found = 0;
  for (let column = 0; column < scores.length && k > 0; column++) {
    const score = scores[column]!;
    // Not `score <= …`, which a NaN would pass.
    if (found === k ? !(score > best[k - 1]!) : Number.isNaN(score)) continue;
    if (left.has(column)) continue;
    // Insertion: almost every column of a long row stops at the line above.
    let at = found === k ? k - 1 : found++;
    for (; at > 0 && best[at - 1]! < score; at--) {
      best[at] = best[at - 1]!;
      columns[at] = columns[at - 1]!;
    }
    best[at] = score;
    columns[at] = column;
  }
  return { columns: columns.subarray(0, found), scores: best.subarray(0, found) };
}
