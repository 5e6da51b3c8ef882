import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';

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
