import type { Product } from '../../scoring/product.ts';
import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';
import { makeHistory, type RowLists, type TrainingInteractions } from './interactions.ts';

export type { TrainingInteractions } from './interactions.ts';

export interface Baseline {
  readonly doc: string;
  readonly paper?: string;
  prepare(task: ScoringTask): Pick<Scorer, 'score' | 'scoreSome'>;
  /** It learns from who had what, as every tuned one does. */
  readonly readsInteractions?: true;
  /** About how many steps of plain code it takes for this task, where they may be too many to wait for. */
  steps?(task: ScoringTask): number;
  /** Why it has nothing to rank by in this task; undefined where it has. */
  missing?(task: ScoringTask): string | undefined;
}

export const baseline = (row: Baseline): Baseline => row;

/**
 * Adds to zeros the score of each item for somebody who had these items: distinct, ascending. `user` is the row of the user in training,
 * whose training items are all in the history, or −1.
 */
export type HistoryScores = (history: Int32Array, target: Float64Array, user: number) => void;

/** Numbers by the names that are printed: `{ k: 100, shrink: 10 }`. */
export type BaselineSetting = Readonly<Record<string, number>>;

/** A baseline with a few settings, of which the validation part chooses. All of them have equally many. */
export interface TunedBaseline<S extends BaselineSetting = BaselineSetting> {
  readonly doc: string;
  readonly paper: string;
  readonly settings: readonly S[];
  /** Index of the setting that is used without a validation part. */
  readonly usual: number;
  /** The scores by each of these settings, in their order. What settings share is computed once. */
  fit(
    training: TrainingInteractions,
    settings: readonly S[],
    product: Product,
  ): Iterable<HistoryScores> | AsyncIterable<HistoryScores>;
  /**
   * How many items are enough to choose the setting among, where one `fit` of all of them takes too long to be repeated: those with
   * the most training events. Default: all.
   */
  choosesAmong?(training: TrainingInteractions): number | undefined;
  /** About how many steps of plain code it takes to try all settings and fit the chosen one. */
  steps(training: TrainingInteractions): number;
  eventSteps(training: TrainingInteractions): number;
  /** Memory that choosing needs at its peak. */
  bytes(training: TrainingInteractions): number;
}

export const settingsTried = 6;

export const tuned = <S extends BaselineSetting>(row: TunedBaseline<S>): TunedBaseline =>
  row as unknown as TunedBaseline;

/** Scores each event by the items of its user before it. Events of one history in a row are computed once. */
export function historyScorer(task: ScoringTask, itemsOf: RowLists, add: HistoryScores): Pick<Scorer, 'score'> {
  const { rows: items } = task.corpus;
  const historyOf = makeHistory(task, itemsOf);
  const sums = new Float64Array(items);
  let scoreBlock = new Float32Array(0);
  let lastHistory: Int32Array | undefined;
  return {
    score(rows) {
      if (scoreBlock.length < rows.length * items) scoreBlock = new Float32Array(rows.length * items);
      for (let i = 0; i < rows.length; i++) {
        const history = historyOf(rows[i]!);
        if (history.length !== lastHistory?.length || history.some((item, at) => item !== lastHistory![at])) {
          sums.fill(0);
          add(history, sums, task.events.user[rows[i]!]!);
        }
        lastHistory = history;
        scoreBlock.set(sums, i * items);
      }
      return scoreBlock;
    },
  };
}
