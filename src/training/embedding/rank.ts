/** Counts exactly how many columns of a row of scores are better than one of them. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { BagColumn } from '../../data/dataset.ts';
import { makeKernelSpace, type Region } from './space.ts';

interface RowRanks {
  /** Columns that score above the row's target. A target that is not a number (NaN) is below all that are ranked. */
  readonly better: Int32Array;
  /** Other columns that score the same. */
  readonly equal: Int32Array;
  /** Columns that were ranked, the target included. */
  readonly ranked: Int32Array;
}

/** Columns left out of the ranking of a target, all but the target: bag `of[i]`, or none where that is −1. May repeat a column. */
interface ExcludedColumns {
  readonly bags: BagColumn;
  readonly of: Int32Array;
}

interface RankOptions {
  readonly excluded?: ExcludedColumns;
  /** The row of scores that each target is in: several targets may share one. Default: each has a row of its own. */
  readonly of?: Int32Array;
}

export interface Ranker {
  /** @param scores float32 [rows, columns] */
  rank(scores: Float32Array, columns: number, targets: Int32Array, options?: RankOptions): RowRanks;
  /** Ranks rows of so many columns whose scores come some columns at a time, in any order, each once. */
  begin(columns: number, targets: Int32Array, options?: RankOptions): PartialRanks;
}

/** Ranks of some columns, whose targets may be among others. */
interface PartialRanks {
  hasTarget(from: number, to: number): boolean;
  /**
   * Takes the scores of the targets among these columns, of all of them before `count`.
   * @param scores float32 [rows, to − from], those of the columns `from` to before `to`
   */
  take(scores: Float32Array, from: number, to: number): void;
  count(scores: Float32Array, from: number, to: number): void;
  ranks(): RowRanks;
}

/** Scores are copied into the kernel's memory this many bytes at a time: they are then still in the cache to be counted. */
const blockBytes = 512 * 1024;

/** Keeps a small memory of its own between calls. */
export function makeRanker(): Ranker {
  const space = makeKernelSpace();
  let scoreBlock: Region | undefined;
  let results: Region | undefined;

  const begin = (all: number, targets: Int32Array, { excluded, of }: RankOptions = {}): PartialRanks => {
    const rows = targets.length;
    const better = new Int32Array(rows);
    const equal = new Int32Array(rows);
    const ranked = new Int32Array(rows).fill(all);
    const targetOwnScores = new Float32Array(rows);
    const exclude = excluded && makeExcluder(excluded, all);
    for (const target of targets) invariant(target >= 0 && target < all, `target ${target} of ${all} columns`);
    const rowOf = (target: number): number => of?.[target] ?? target;
    return {
      hasTarget: (from, to) => targets.some((target) => target >= from && target < to),
      take(scores, from, to) {
        targets.forEach((target, i) => {
          if (target >= from && target < to) targetOwnScores[i] = scores[rowOf(i) * (to - from) + target - from]!;
        });
      },
      count(scores, first, end) {
        const columns = end - first;
        invariant(of || scores.length === rows * columns, `${scores.length} scores for ${rows} × ${columns}`);
        const rowsAtOnce = Math.max(1, Math.min(rows, Math.floor(blockBytes / (4 * Math.max(1, columns)))));
        scoreBlock = space.enlarge(scoreBlock, 4 * rowsAtOnce * columns);
        results = space.enlarge(results, 12 * rowsAtOnce);
        const scoresInBlock = space.floats(scoreBlock, rowsAtOnce * columns);
        const counts = space.integers(results, 3 * rowsAtOnce);
        const targetScores = space.floats(results, rowsAtOnce);
        const pointer = results.pointer;
        for (let from = 0; from < rows; from += rowsAtOnce) {
          const rowCount = Math.min(rowsAtOnce, rows - from);
          for (let i = 0; i < rowCount; i++) {
            const row = rowOf(from + i);
            scoresInBlock.set(scores.subarray(row * columns, (row + 1) * columns), i * columns);
            targetScores[i] = targetOwnScores[from + i]!;
            const places = scoresInBlock.subarray(i * columns, (i + 1) * columns);
            if (exclude) ranked[from + i]! -= exclude(places, first, from + i, targets[from + i]!);
          }
          space.kernels.rank(
            scoreBlock.pointer,
            rowCount,
            columns,
            pointer,
            pointer + 4 * rowsAtOnce,
            pointer + 8 * rowsAtOnce,
          );
          for (let i = 0; i < rowCount; i++) {
            better[from + i]! += counts[rowsAtOnce + i]!;
            equal[from + i]! += counts[2 * rowsAtOnce + i]!;
          }
        }
      },
      ranks() {
        targetOwnScores.forEach((score, i) => {
          const isNumber = !Number.isNaN(score);
          if (!isNumber) better[i] = ranked[i]! - 1;
          // The target equals itself.
          equal[i] = isNumber ? equal[i]! - 1 : 0;
        });
        return { better, equal, ranked };
      },
    };
  };
  return {
    begin,
    rank(scores, columns, targets, options) {
      const partial = begin(columns, targets, options);
      partial.take(scores, 0, columns);
      partial.count(scores, 0, columns);
      return partial.ranks();
    },
  };
}

/** Writes NaN, which is neither above nor equal to anything, over a row's excluded columns, from the first on; returns how many these are. */
function makeExcluder({ bags, of }: ExcludedColumns, columns: number) {
  /** By column, the row that excluded it last: bags may repeat a column. */
  const excludedBy = new Int32Array(columns).fill(-1);
  return (held: Float32Array, first: number, row: number, target: number): number => {
    const bag = of[row]!;
    if (bag < 0) return 0;
    let count = 0;
    for (let i = bags.starts[bag]!, end = bags.ends[bag]!; i < end; i++) {
      const column = bags.values[i]!;
      if (column < first || column >= first + held.length || column === target || excludedBy[column] === row) continue;
      excludedBy[column] = row;
      held[column - first] = Number.NaN;
      count++;
    }
    return count;
  };
}
