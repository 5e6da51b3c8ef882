/** Ranks the item of each event among the whole corpus. The model and every baseline are measured by this one code path. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { BagColumn, Events } from '../../data/dataset.ts';
import { KernelSpace, type Region } from '../embedding/kernel_memory.ts';
import { BestItems, type Scorer, type ScoringTask } from '../scoring/scorer.ts';
import { bagAt, bagOf, itemsInTraining, makeBags, type Questions, questionsOf } from './ranking_questions.ts';

/** One entry per event. If the event's item is not in the corpus, it has no rank, and `corpus` is 0. */
export interface Ranks {
  /** Number of items that score above the event's own. */
  readonly better: Int32Array;
  /** Number of other items with the same score. */
  readonly equal: Int32Array;
  /** Number of items ranked, the event's own included. */
  readonly corpus: Int32Array;
  /** True if items without training events have ranks. Absent: they are misses. */
  readonly ranksCold?: true;
  /** The first `k` items of each question's ranking, best first, one row per question; −1 after its end. Absent if `k` is 0. */
  readonly lists?: { readonly k: number; readonly items: Int32Array };
}

/** Number of groups whose rows are announced to a scorer together. */
const groupsExpected = 32;

/**
 * Scores each question of the task once. Every held-out item of the question gets its rank in that ranking, which contains the other held-out items too.
 * @param removeSeen excludes the items of the user's training events and those that the task lists as seen from the ranking, except held-out items
 * @param k length of each ranking in `lists`; 0: none
 */
export async function rankEvents(
  task: ScoringTask,
  scorer: Scorer,
  removeSeen = false,
  k = 0,
  sizes?: BlockSizes,
): Promise<Ranks> {
  const { events, corpus } = task;
  const ranks: Ranks = {
    better: new Int32Array(events.rows),
    equal: new Int32Array(events.rows),
    corpus: new Int32Array(events.rows),
    ranksCold: scorer.ranksCold,
    ...(k > 0 ? { lists: { k, items: new Int32Array(k * questionsOf(task).asks.length).fill(-1) } } : {}),
  };
  const beginRanking = makeRanker();
  const questions = questionsOf(task);
  const questionOrder = orderByUser(task, questions, k > 0);
  const { pieces, rowsAtOnce, scores } = scorePieces(scorer, corpus.rows, sizes);
  for (let from = 0; from < questionOrder.length; from += rowsAtOnce) {
    if (from % (groupsExpected * rowsAtOnce) === 0) {
      const nextQuestions = questionOrder.subarray(from, from + groupsExpected * rowsAtOnce);
      await scorer.expect?.(nextQuestions.map((question) => questions.asks[question]!));
    }
    const chunk = questionOrder.subarray(from, from + rowsAtOnce);
    const { rows, questionOf } = rankedRows(events, questions, chunk);
    const seenItems = removeSeen ? seenBefore(task, questions, chunk) : undefined;
    const targets = rows.map((row) => events.item[row]!);
    const group = beginRanking(corpus.rows, targets, questionOf, seenItems);
    const scoresOf = scores(chunk.map((question) => questions.asks[question]!));
    // The targets' scores come from the pieces that are counted, because the rounding of a product may depend on its shape.
    for (const piece of pieces) if (group.hasTarget(...piece)) group.readTargetScores(await scoresOf(piece), ...piece);
    const firstItems =
      k > 0 ? Array.from(chunk, (_, index) => new BestItems(k, corpus.rows, seenItems && bagAt(seenItems, index))) : [];
    for (const piece of pieces) {
      const block = await scoresOf(piece);
      group.count(block, ...piece);
      for (const [index, list] of firstItems.entries()) list.add(rowOf(block, index, piece), piece[0]);
    }
    const groupRanks = group.ranks();
    rows.forEach((row, i) => {
      ranks.better[row] = groupRanks.better[i]!;
      ranks.equal[row] = groupRanks.equal[i]!;
      ranks.corpus[row] = groupRanks.ranked[i]!;
    });
    for (const [index, list] of firstItems.entries()) ranks.lists!.items.set(list.ranked().rows, chunk[index]! * k);
  }
  return ranks;
}

/** Returns the held-out events of these questions whose item is in the corpus, and the question of each. */
function rankedRows(
  events: Events,
  questions: Questions,
  chunk: Int32Array,
): { rows: Int32Array; questionOf: Int32Array } {
  const rows: number[] = [];
  const questionOf: number[] = [];
  chunk.forEach((question, index) => {
    for (const row of bagAt(questions.held, question)) {
      if (events.item[row]! < 0) continue;
      rows.push(row);
      questionOf.push(index);
    }
  });
  return { rows: Int32Array.from(rows), questionOf: Int32Array.from(questionOf) };
}

const rowOf = (block: Float32Array, index: number, [from, to]: Piece): Float32Array =>
  block.subarray(index * (to - from), (index + 1) * (to - from));

/** Returns one bag per question: items of its user's training events, and items seen before its event, but no held-out item. */
function seenBefore(task: ScoringTask, questions: Questions, chunk: Int32Array): BagColumn {
  const { events, seen = [] } = task;
  return makeBags(chunk.length, (index) => {
    const heldItems = new Set(Array.from(bagAt(questions.held, chunk[index]!), (row) => events.item[row]!));
    const row = questions.asks[chunk[index]!]!;
    const seenItems = [itemsInTraining(task, row), ...seen.map((bags) => bagOf(bags, row))];
    return seenItems.flatMap((items) => [...items]).filter((item) => item >= 0 && !heldItems.has(item));
  });
}

/**
 * Sorts questions by user, so that a scorer may cache its work for the last user.
 * @param includesUnranked includes questions without an item of the corpus, which have a list but no rank
 */
function orderByUser({ events, users }: ScoringTask, questions: Questions, includesUnranked: boolean): Int32Array {
  const { asks } = questions;
  const isRanked = asks.map((_, question) =>
    includesUnranked || bagAt(questions.held, question).some((row) => events.item[row]! >= 0) ? 1 : 0,
  );
  const starts = new Int32Array(users.rows + 2);
  asks.forEach((row, question) => {
    if (isRanked[question] === 1) starts[events.user[row]! + 2]!++;
  });
  for (let user = 1; user < starts.length; user++) starts[user]! += starts[user - 1]!;
  const rankedOrder = new Int32Array(starts[users.rows + 1]!);
  asks.forEach((row, question) => {
    if (isRanked[question] === 1) rankedOrder[starts[events.user[row]! + 1]!++] = question;
  });
  return rankedOrder;
}

/** A range of items of a corpus. A scorer scores a small corpus as a whole, but a large one in pieces, so that no whole row of scores is in memory. */
type Piece = readonly [from: number, to: number];

interface BlockSizes {
  /** Maximum number of scores in `minRows` whole rows. Above it, a scorer that can do so scores one piece of the corpus at a time. */
  readonly maxScores: number;
  readonly piece: number;
}

/** Number of scores in memory at a time: 5 MB, which stay in the cache until they are counted. */
const blockNumbers = 1.25 * 2 ** 20;

/** Minimum number of rows that are scored together: with fewer, reading the items takes longer than scoring them. */
const minRows = 16;

const defaultSizes: BlockSizes = { maxScores: 2 ** 24, piece: 2 ** 15 };

function scorePieces(scorer: Scorer, items: number, { maxScores, piece }: BlockSizes = defaultSizes) {
  const inPieces = scorer.scoreSome !== undefined && minRows * items > maxScores;
  const pieceLength = Math.max(1, inPieces ? piece : items);
  const pieces = Array.from(
    { length: Math.ceil(items / pieceLength) },
    (_, index): Piece => [index * pieceLength, Math.min(items, (index + 1) * pieceLength)],
  );
  return {
    /** Adjacent pieces that cover the whole corpus. */
    pieces,
    rowsAtOnce: Math.max(minRows, Math.min(1024, Math.floor(blockNumbers / pieceLength))),
    /** Returns the scores of these rows for a piece of the items: float32 [rows, items], valid until the next call. */
    scores(rows: Int32Array): (piece: Piece) => Promise<Float32Array> {
      let lastScored: { readonly piece: Piece; readonly scores: Float32Array } | undefined;
      return async (piece) => {
        if (lastScored?.piece === piece) return lastScored.scores;
        const [from, to] = piece;
        const scores = await (inPieces ? scorer.scoreSome!(rows, from, to) : scorer.score(rows));
        lastScored = { piece, scores: scores.subarray(0, rows.length * (to - from)) };
        return lastScored.scores;
      };
    },
  };
}

/** Bytes of scores that are copied into the kernel's memory at a time, so that they are still in the cache when they are counted. */
const blockBytes = 512 * 1024;

/** Returns a function that ranks targets exactly. Long because its passes share one small memory, which it reuses between calls. */
export function makeRanker() {
  const space = new KernelSpace();
  let scoreBlock: Region | undefined;
  let results: Region | undefined;

  /**
   * Begins to rank targets whose scores arrive in ranges of columns, in any order, each column once. @param rowOf the row of scores of each target: several targets
   * may share one @param excluded by row, the columns that leave its ranking, except the target
   */
  return (columnCount: number, targets: Int32Array, rowOf: Int32Array, excluded?: BagColumn) => {
    const rows = targets.length;
    const better = new Int32Array(rows);
    const equal = new Int32Array(rows);
    const ranked = new Int32Array(rows).fill(columnCount);
    const targetOwnScores = new Float32Array(rows);
    const exclude = excluded && makeExcluder(excluded, columnCount);
    for (const target of targets)
      invariant(target >= 0 && target < columnCount, `target ${target} of ${columnCount} columns`);
    return {
      hasTarget: (from: number, to: number): boolean => targets.some((target) => target >= from && target < to),
      /**
       * Takes the scores of the targets among these columns. All targets must be taken before `count`.
       * @param scores float32 [rows, to − from], of the columns from `from` to before `to`
       */
      readTargetScores(scores: Float32Array, from: number, to: number): void {
        targets.forEach((target, i) => {
          if (target >= from && target < to) targetOwnScores[i] = scores[rowOf[i]! * (to - from) + target - from]!;
        });
      },
      count(scores: Float32Array, first: number, end: number): void {
        const columns = end - first;
        const rowsAtOnce = Math.max(1, Math.min(rows, Math.floor(blockBytes / (4 * Math.max(1, columns)))));
        scoreBlock = space.enlarge(scoreBlock, 4 * rowsAtOnce * columns);
        results = space.enlarge(results, 12 * rowsAtOnce);
        const scoresInBlock = space.floats(scoreBlock, rowsAtOnce * columns);
        const rankCounts = space.integers(results, 3 * rowsAtOnce);
        const targetScores = space.floats(results, rowsAtOnce);
        const targetsPointer = results.pointer;
        const countPointers = [targetsPointer + 4 * rowsAtOnce, targetsPointer + 8 * rowsAtOnce] as const;
        for (let from = 0; from < rows; from += rowsAtOnce) {
          const rowCount = Math.min(rowsAtOnce, rows - from);
          for (let i = 0; i < rowCount; i++) {
            const row = rowOf[from + i]!;
            scoresInBlock.set(scores.subarray(row * columns, (row + 1) * columns), i * columns);
            targetScores[i] = targetOwnScores[from + i]!;
            const rowScores = scoresInBlock.subarray(i * columns, (i + 1) * columns);
            if (exclude) ranked[from + i]! -= exclude(rowScores, first, row, [from + i, targets[from + i]!]);
          }
          space.kernels.rank(scoreBlock.pointer, rowCount, columns, targetsPointer, ...countPointers);
          for (let i = 0; i < rowCount; i++) {
            better[from + i]! += rankCounts[rowsAtOnce + i]!;
            equal[from + i]! += rankCounts[2 * rowsAtOnce + i]!;
          }
        }
      },
      ranks() {
        targetOwnScores.forEach((score, i) => {
          const isNumber = !Number.isNaN(score);
          // A NaN target is below all that are ranked.
          if (!isNumber) better[i] = ranked[i]! - 1;
          // The target equals itself.
          equal[i] = isNumber ? equal[i]! - 1 : 0;
        });
        return {
          /** Number of columns that score above the row's target. */
          better,
          /** Number of other columns with the same score. */
          equal,
          /** Number of columns ranked, the target included. */
          ranked,
        };
      },
    };
  };
}

/**
 * Returns a function that writes NaN, which is neither above nor equal to anything, over a row's excluded columns and returns their number. The scores that it
 * gets begin at column `first`.
 */
function makeExcluder({ starts, ends, values }: BagColumn, columns: number) {
  /** For each column, the last target for which it was excluded, because bags may repeat a column. */
  const excludedFor = new Int32Array(columns).fill(-1);
  return (scores: Float32Array, first: number, row: number, [index, target]: readonly [number, number]): number => {
    let excludedCount = 0;
    for (let i = starts[row]!; i < ends[row]!; i++) {
      const column = values[i]!;
      const isHere = column >= first && column < first + scores.length;
      if (!isHere || column === target || excludedFor[column] === index) continue;
      excludedFor[column] = index;
      scores[column - first] = Number.NaN;
      excludedCount++;
    }
    return excludedCount;
  };
}
