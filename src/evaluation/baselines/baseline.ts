import type { Product } from '../../scoring/product.ts';
import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';
import type { Training } from './interactions.ts';

export type { Training } from './interactions.ts';

/** Something simple that a model must beat. */
export interface Baseline {
  /** What it ranks by. */
  readonly doc: string;
  readonly paper?: string;
  prepare(task: ScoringTask): Pick<Scorer, 'score'>;
  /** About how many numbers it adds up for this task, where that may be too many to wait for. */
  work?(task: ScoringTask): number;
  /** Why it has nothing to rank by in this task; undefined where it has. */
  missing?(task: ScoringTask): string | undefined;
}

export const baseline = (row: Baseline): Baseline => row;

/** Adds to zeros the score of each item for a user who had these items: distinct, ascending. */
export type HistoryScores = (history: Int32Array, target: Float64Array) => void;

/** Numbers by the names that are printed: `{ k: 100, shrink: 10 }`. */
export type Setting = Readonly<Record<string, number>>;

/** A baseline with a few settings, of which the validation part chooses. All of them have equally many. */
export interface TunedBaseline<S extends Setting = Setting> {
  readonly doc: string;
  readonly paper: string;
  readonly settings: readonly S[];
  /** Of the settings: the one that is used without a validation part. */
  readonly usual: number;
  fit(training: Training, setting: S, product: Product): HistoryScores | Promise<HistoryScores>;
  /** About how many numbers one setting adds up in `fit`. */
  work(training: Training): number;
  /** About how many it adds up to score one event. */
  eventWork(training: Training): number;
  /** Memory that choosing needs at its peak. */
  bytes(training: Training): number;
}

/** How many settings each of them tries. */
export const settingsTried = 6;

export const tuned = <S extends Setting>(row: TunedBaseline<S>): TunedBaseline => row as unknown as TunedBaseline;
