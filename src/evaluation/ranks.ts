/**
 * Where the item of each event is among the whole corpus. The one code path by which the model and every baseline are
 * measured.
 */
import type { BagColumn, Events } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { makeRanker } from '../embedding/rank.ts';
import { FirstItems } from '../scoring/first_items.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { type Questions, questionsOf } from './questions.ts';

/** One entry an event; `corpus` 0: its item is not in the corpus, and has no rank. */
export interface Ranks {
  /** Items that score above the event's own. */
  readonly better: Int32Array;
  /** Other items that score the same. */
  readonly equal: Int32Array;
  /** Items that were ranked, its own included. */
  readonly corpus: Int32Array;
  /** Whether items without training events have ranks. Absent: they are misses. */
  readonly ranksCold?: true;
  /** The first `k` items of each question's ranking, best first, row after row; −1 past its end. Where they were asked for. */
  readonly lists?: { readonly k: number; readonly items: Int32Array };
}

/** A scorer hears the rows of so many groups together. */
const groupsExpected = 32;

/**
 * Each question of the task is scored once. Every held-out item gets its rank in that ranking, where the other held-out items of
 * the question are too.
 * @param removeSeen takes what the user had out of the ranking, except the held-out items: the items of the user's training
 * events. Where events are asked about one by one, also all that the task says was seen before the event.
 * @param k how many of the first items of each ranking are kept; 0: none
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
    ...defined({ ranksCold: scorer.ranksCold }),
    ...(k > 0 ? { lists: { k, items: new Int32Array(k * questionsOf(task).asks.length).fill(-1) } } : {}),
  };
  const ranker = makeRanker();
  const questions = questionsOf(task);
  const order = byUser(task, questions);
  const { pieces, rowsAtOnce, scores } = scorePieces(scorer, corpus.rows, sizes);
  for (let from = 0; from < order.length; from += rowsAtOnce) {
    if (from % (groupsExpected * rowsAtOnce) === 0) {
      const next = order.subarray(from, from + groupsExpected * rowsAtOnce);
      await scorer.expect?.(next.map((question) => questions.asks[question]!));
    }
    const asked = order.subarray(from, from + rowsAtOnce);
    const { rows, of } = rankedRows(events, questions, asked);
    const seen = removeSeen ? seenBefore(task, questions, asked) : undefined;
    const targets = rows.map((row) => events.item[row]!);
    const group = ranker.begin(corpus.rows, targets, { of, ...(seen ? { excluded: { bags: seen, of } } : {}) });
    const scoresOf = scores(asked.map((question) => questions.asks[question]!));
    // From the pieces that are counted: what a product rounds may depend on its shape.
    for (const piece of pieces) if (group.hasTarget(...piece)) group.take(await scoresOf(piece), ...piece);
    const best = k > 0 ? Array.from(asked, (_, at) => new FirstItems(k, corpus.rows, bagOf(seen, at))) : [];
    for (const piece of pieces) {
      const block = await scoresOf(piece);
      group.count(block, ...piece);
      for (const [at, list] of best.entries()) list.add(rowOf(block, at, piece), piece[0]);
    }
    const found = group.ranks();
    rows.forEach((row, i) => {
      ranks.better[row] = found.better[i]!;
      ranks.equal[row] = found.equal[i]!;
      ranks.corpus[row] = found.ranked[i]!;
    });
    for (const [at, list] of best.entries()) ranks.lists!.items.set(list.ranked().rows, asked[at]! * k);
  }
  return ranks;
}

/** The held-out events of these questions whose item the corpus has, and of each which question it is of. */
function rankedRows(events: Events, questions: Questions, asked: Int32Array): { rows: Int32Array; of: Int32Array } {
  const rows: number[] = [];
  const of: number[] = [];
  asked.forEach((question, at) => {
    for (const row of heldRows(questions, question)) {
      if (events.item[row]! < 0) continue;
      rows.push(row);
      of.push(at);
    }
  });
  return { rows: Int32Array.from(rows), of: Int32Array.from(of) };
}

const rowOf = (block: Float32Array, at: number, [from, to]: Piece): Float32Array =>
  block.subarray(at * (to - from), (at + 1) * (to - from));

const bagOf = (bags: BagColumn | undefined, at: number): Int32Array =>
  bags ? bags.values.subarray(bags.starts[at]!, bags.ends[at]!) : new Int32Array(0);

/** One bag a question: items of its user's training events, and of what was seen before its event; never a held-out item. */
function seenBefore(
  { events, users, corpus, seen = [], per }: ScoringTask,
  questions: Questions,
  asked: Int32Array,
): BagColumn {
  const starts = new Int32Array(asked.length);
  const ends = new Int32Array(asked.length);
  const values: number[] = [];
  const heldBy = new Int32Array(corpus.rows).fill(-1);
  asked.forEach((question, i) => {
    starts[i] = values.length;
    for (const row of heldRows(questions, question)) if (events.item[row]! >= 0) heldBy[events.item[row]!] = i;
    const add = ({ starts: from, ends: to, values: items }: BagColumn, bag: number): void => {
      for (let at = from[bag]!; at < to[bag]!; at++) {
        const item = items[at]!;
        if (item >= 0 && heldBy[item] !== i) values.push(item);
      }
    };
    const row = questions.asks[question]!;
    if (events.user[row]! >= 0) add(users.seen, events.user[row]!);
    // Several items of one user are held out together: none of them, nor of another part, was seen before all others.
    if (per !== 'user') for (const { bags, index } of seen) add(bags, index ? index[row]! : row);
    ends[i] = values.length;
  });
  return { kind: 'bags', starts, ends, values: Int32Array.from(values) };
}

function heldRows({ held }: Questions, question: number): Int32Array {
  return held.values.subarray(held.starts[question]!, held.ends[question]!) as Int32Array;
}

export function isInBag({ starts, ends, values }: BagColumn, bag: number, item: number): boolean {
  for (let at = starts[bag]!; at < ends[bag]!; at++) if (values[at] === item) return true;
  return false;
}

/** Questions with an item of the corpus, each user's together, so that a scorer may keep what it knows of the last one. */
function byUser({ events, users }: ScoringTask, questions: Questions): Int32Array {
  const { asks } = questions;
  const isRanked = asks.map((_, question) =>
    heldRows(questions, question).some((row) => events.item[row]! >= 0) ? 1 : 0,
  );
  const starts = new Int32Array(users.rows + 2);
  asks.forEach((row, question) => {
    if (isRanked[question] === 1) starts[events.user[row]! + 2]!++;
  });
  for (let user = 1; user < starts.length; user++) starts[user]! += starts[user - 1]!;
  const order = new Int32Array(starts[users.rows + 1]!);
  asks.forEach((row, question) => {
    if (isRanked[question] === 1) order[starts[events.user[row]! + 1]!++] = question;
  });
  return order;
}

// How scores are asked of a scorer: whole rows, or of a large corpus some items at a time, so that no whole row is in memory.

/** Items of a corpus, from the first to before the last. */
type Piece = readonly [from: number, to: number];

interface BlockSizes {
  /** Scores of some whole rows: where they are more, and the scorer can, it scores a piece of the corpus at a time. */
  readonly most: number;
  /** Items of a piece. */
  readonly piece: number;
}

interface ScorePieces {
  /** End to end, the whole corpus. */
  readonly pieces: readonly Piece[];
  /** How many rows are scored together. */
  readonly rowsAtOnce: number;
  /** Scores of these rows and a piece of the items: float32 [rows, items], until the next are asked for. */
  scores(rows: Int32Array): (piece: Piece) => Promise<Float32Array>;
}

/** Scores held at a time: 5 MB, which stay in the cache on their way to be counted. */
const blockNumbers = 1.25 * 2 ** 20;

/** Rows that are scored together at least: of fewer, reading the items takes longer than scoring them. */
const leastRows = 16;

const usual: BlockSizes = { most: 2 ** 24, piece: 2 ** 15 };

function scorePieces(scorer: Scorer, items: number, { most, piece }: BlockSizes = usual): ScorePieces {
  const inPieces = scorer.scoreSome !== undefined && leastRows * items > most;
  const length = Math.max(1, inPieces ? piece : items);
  const pieces = Array.from(
    { length: Math.ceil(items / length) },
    (_, at): Piece => [at * length, Math.min(items, (at + 1) * length)],
  );
  return {
    pieces,
    rowsAtOnce: Math.max(leastRows, Math.min(1024, Math.floor(blockNumbers / length))),
    scores(rows) {
      let last: { readonly piece: Piece; readonly scores: Float32Array } | undefined;
      return async (piece) => {
        if (last?.piece === piece) return last.scores;
        const [from, to] = piece;
        const scores = await (inPieces ? scorer.scoreSome!(rows, from, to) : scorer.score(rows));
        last = { piece, scores: scores.subarray(0, rows.length * (to - from)) };
        return last.scores;
      };
    },
  };
}
