/** The contract of a baseline, and the interactions of users and items in training, which most baselines learn from. */
import { reuseFloats } from '../../../base/util/objects.ts';
import type { BagColumn } from '../../../data/dataset.ts';
import type { Product } from '../../scoring/matrix_product.ts';
import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';
import { bagOf, itemsInTraining } from '../ranking_questions.ts';

export interface RowLists {
  readonly starts: Int32Array;
  readonly values: Int32Array;
}

/** The distinct items of each user and the users of each item, both ascending. */
export interface Interactions {
  readonly itemsOf: RowLists;
  readonly usersOf: RowLists;
}

export interface TrainingInteractions extends Interactions {
  readonly users: number;
  readonly items: number;
}

const interactionsCache = new WeakMap<BagColumn, Interactions>();

/** Returns the interactions of the training part. Cached as long as `users.seen` lives. */
export function interactionsOf({ users, corpus }: ScoringTask): Interactions {
  const interactions = interactionsCache.get(users.seen) ?? collectDistinct(users.seen, users.rows, corpus.rows);
  interactionsCache.set(users.seen, interactions);
  return interactions;
}

function countSeen({ starts, ends }: BagColumn, users: number): number {
  let eventCount = 0;
  for (let user = 0; user < users; user++) eventCount += ends[user]! - starts[user]!;
  return eventCount;
}

/**
 * Returns the peak memory and the steps of plain code to compute the interactions, before any item is read: the items of users may be on disk. Measured with a
 * billion events, where each event waits for memory about three times.
 */
export function interactionsCost({ users: { seen, rows } }: ScoringTask): { bytes: number; steps: number } {
  const eventCount = countSeen(seen, rows);
  return { bytes: 16 * eventCount, steps: 60 * eventCount };
}

function collectDistinct(seen: BagColumn, users: number, items: number): Interactions {
  const usersOf = { starts: new Int32Array(items + 1), values: new Int32Array(0) };
  const itemsOf = { starts: new Int32Array(users + 1), values: new Int32Array(0) };
  const lastUserOf = new Int32Array(items).fill(-1);
  const distinctItems = new Int32Array(countSeen(seen, users));
  let pairsSoFar = 0;
  for (let user = 0; user < users; user++) {
    for (let index = seen.starts[user]!; index < seen.ends[user]!; index++) {
      const item = seen.values[index]!;
      if (item < 0 || lastUserOf[item] === user) continue;
      lastUserOf[item] = user;
      distinctItems[pairsSoFar++] = item;
      usersOf.starts[item + 1]!++;
    }
    itemsOf.starts[user + 1] = pairsSoFar;
    distinctItems.subarray(itemsOf.starts[user]!, pairsSoFar).sort();
  }
  itemsOf.values = distinctItems.slice(0, pairsSoFar);
  for (let item = 0; item < items; item++) usersOf.starts[item + 1]! += usersOf.starts[item]!;
  usersOf.values = new Int32Array(pairsSoFar);
  const nextSlot = usersOf.starts.slice(0, items);
  for (let user = 0; user < users; user++) {
    for (let index = itemsOf.starts[user]!; index < itemsOf.starts[user + 1]!; index++) {
      usersOf.values[nextSlot[itemsOf.values[index]!]!++] = user;
    }
  }
  return { itemsOf, usersOf };
}

export const trainingInteractions = (task: ScoringTask): TrainingInteractions => ({
  ...interactionsOf(task),
  users: task.users.rows,
  items: task.corpus.rows,
});

/**
 * Returns a function that maps an event to the distinct earlier items of its user, ascending: those of the user's training events, and of the history that the
 * model reads with the event. So a baseline knows no less than the model.
 */
export function makeHistory(
  { events, history }: ScoringTask,
  itemsOf: RowLists,
): (row: number) => Int32Array<ArrayBuffer> {
  return (row) => {
    const user = events.user[row]!;
    const trainingItems = user < 0 ? [] : itemsOf.values.subarray(itemsOf.starts[user]!, itemsOf.starts[user + 1]!);
    if (!history) return Int32Array.from(trainingItems);
    const items = new Set(trainingItems);
    for (const item of bagOf(history, row)) if (item >= 0) items.add(item);
    return Int32Array.from(items).sort();
  };
}

export function whyNoHistory({ users, history }: ScoringTask): string | undefined {
  if (users.rows > 0 || history !== undefined) return undefined;
  return 'the data has no users, and the model reads no history';
}

/** Returns the sum over users of the squared number of their items, which is the number of terms of XᵀX. */
export function pairCount({ starts }: RowLists): number {
  let squareSum = 0;
  for (let user = 0; user + 1 < starts.length; user++) squareSum += (starts[user + 1]! - starts[user]!) ** 2;
  return squareSum;
}

export interface Baseline {
  readonly doc: string;
  readonly paper?: string;
  prepare(task: ScoringTask): Pick<Scorer, 'score' | 'scoreSome'>;
  /** Present if the baseline learns from interactions, as every tuned one does. */
  readonly readsInteractions?: true;
  /** Estimates the steps of plain code for this task. Present if they may be too many to wait for. */
  steps?(task: ScoringTask): number;
  /** Returns why it cannot rank in this task; undefined if it can. */
  whyMissing?(task: ScoringTask): string | undefined;
}

export const defineBaseline = (row: Baseline): Baseline => row;

/**
 * Adds the score of each item to `target`, which is all 0, for a history of distinct, ascending items. `user` is the user's row in
 * training, or −1 for an unknown user. All training items of that user are in the history. `weights` has a number for each item of the history, where the
 * baseline declares `weighsHistory`; without it all have 1.
 */
export type HistoryScores = (history: Int32Array, target: Float64Array, user: number, weights?: Float64Array) => void;

/** Settings by the names that are printed: `{ k: 100, shrink: 10 }`. */
export type BaselineSetting = Readonly<Record<string, number>>;

/** A baseline with a few settings, of which the best on the validation part is used. All tuned baselines have equally many settings. */
export interface TunedBaseline<S extends BaselineSetting = BaselineSetting> {
  readonly doc: string;
  readonly paper: string;
  readonly settings: readonly S[];
  /** Index of the setting to use without a validation part. */
  readonly defaultSetting: number;
  /**
   * Ascending values of arguments, for a walk that begins at the best of `settings`: it takes one argument after the other, and goes to the next value for as
   * long as that ranks the validation part better.
   */
  readonly ladders?: Readonly<Record<keyof S & string, readonly number[]>>;
  /** Tells if a setting of the walk is worth its time. Default: true. */
  isWorthTime?(training: TrainingInteractions, setting: S): boolean;
  /** True if the score is a sum over the items of the history, so that each can count less the longer ago it was. */
  readonly weighsHistory?: true;
  /** Returns the scores for each of these settings, in their order. Work that the settings share is done once. */
  fitSettings(
    training: TrainingInteractions,
    settings: readonly S[],
    product: Product,
  ): Iterable<HistoryScores> | AsyncIterable<HistoryScores>;
  /**
   * If fitting all items once per setting takes too long, returns how many items the setting is chosen on: that many with the most training events. Default: all.
   */
  choosesAmong?(training: TrainingInteractions): number | undefined;
  /** Estimates the steps of plain code to try all settings and fit the chosen one. */
  steps(training: TrainingInteractions): number;
  eventSteps(training: TrainingInteractions): number;
  /** Peak memory of choosing the setting, in bytes. */
  bytes(training: TrainingInteractions): number;
}

export const settingsTried = 6;

export const defineTuned = <S extends BaselineSetting>(row: TunedBaseline<S>): TunedBaseline =>
  row as unknown as TunedBaseline;

/**
 * Returns a function that gives the age of each item of the history of an event: 0 for the latest, 1 for the one before it. What the model reads with the event
 * is later than the training events of its user.
 */
export function makeAges(task: ScoringTask): (row: number, items: Int32Array) => Int32Array {
  const { history, corpus } = task;
  const ageOf = new Int32Array(corpus.rows).fill(-1);
  return (row, items) => {
    let age = 0;
    for (const earlier of [history ? bagOf(history, row) : [], itemsInTraining(task, row)]) {
      for (let index = earlier.length - 1; index >= 0; index--) {
        const item = earlier[index]!;
        if (item >= 0 && ageOf[item]! < 0) ageOf[item] = age++;
      }
    }
    const ages = items.map((item) => ageOf[item]!);
    for (const item of items) ageOf[item] = -1;
    return ages;
  };
}

/**
 * Scores each event by the earlier items of its user. Consecutive events with the same history are computed once.
 * @param decay weight of an item relative to that of the item after it
 */
export function historyScorer(
  task: ScoringTask,
  itemsOf: RowLists,
  add: HistoryScores,
  decay = 1,
): Pick<Scorer, 'score'> {
  const { rows: items } = task.corpus;
  const historyOf = makeHistory(task, itemsOf);
  const agesOf = makeAges(task);
  const weightsOf = (row: number, history: Int32Array): Float64Array =>
    Float64Array.from(agesOf(row, history), (age) => decay ** age);
  const itemSums = new Float64Array(items);
  const floats = reuseFloats();
  let last: { readonly history: Int32Array; readonly weights: Float64Array | undefined } | undefined;
  return {
    score(rows) {
      const scores = floats(rows.length * items);
      for (const [i, row] of rows.entries()) {
        const history = historyOf(row);
        const weights = decay === 1 ? undefined : weightsOf(row, history);
        const isSame = last && areEqual(history, last.history) && areEqual(weights ?? [], last.weights ?? []);
        if (!isSame) {
          itemSums.fill(0);
          add(history, itemSums, task.events.user[row]!, weights);
        }
        last = { history, weights };
        scores.set(itemSums, i * items);
      }
      return scores;
    },
  };
}

const areEqual = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value: number, index: number) => value === b[index]);
