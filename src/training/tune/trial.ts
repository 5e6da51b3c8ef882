/** A study's log: a line for each piece of training that has ended. The state of a study follows from the lines. */
import type { SamplerName } from './samplers/table.ts';
import type { Point, SearchSpace } from './space.ts';

export type JobKind =
  /** A trial up to a rung. */
  | 'search'
  /** A finalist, on a further seed. */
  | 'final'
  /** The winner, or the file as it is written, on seeds that chose nothing. */
  | 'fresh';

export interface TrialJob {
  readonly kind: JobKind;
  /** 0 is the file as it is written. */
  readonly trial: number;
  /** Rung up to which a `search` job goes on. */
  readonly rung?: number;
  /** Present in other jobs. A search has the file's own. */
  readonly seed?: number;
  /** Present in a trial that is new. */
  readonly point?: Point;
}

export interface JobRecord extends TrialJob {
  /** From 0, in the order in which jobs were begun; lines are in this order. */
  readonly job: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly state: /** It may go on. */
    | 'paused'
    | 'done'
    /** Training failed: a loss that is not finite, more memory than there is. */
    | 'failed'
    /** The model does not check with these settings. */
    | 'invalid';
  /** Validations of a whole run; its `stop` may end it sooner. Absent where the model does not check. */
  readonly validations?: number;
  /** The metric of each validation, from the first. */
  readonly values: readonly number[];
  /** Value by which the trial is compared, at its rung. */
  readonly value?: number;
  readonly message?: string;
  /** The folder of the run, within that of the study. */
  readonly folder: string;
  /** When it began and how long it took, and how long the study had taken by its end; seconds. */
  readonly begun: string;
  readonly seconds: number;
  readonly elapsed: number;
}

/** A trial as its search jobs have it so far. */
export interface Trial {
  readonly number: number;
  readonly point?: Point;
  readonly settings: Readonly<Record<string, string>>;
  readonly state: JobRecord['state'];
  /** Values by which it is compared, by rung, as far as it came. */
  readonly values: readonly number[];
  /** The metric of each validation. */
  readonly validations: readonly number[];
  readonly seconds: number;
  readonly message?: string;
}

/** Two studies are the same, when one goes on, if these are equal. */
export interface Study {
  readonly model: string;
  /** SHA-256 of the model's files and of the data block's. */
  readonly sources: string;
  readonly space: SearchSpace;
  /** Settings that hold in all trials. */
  readonly set: Readonly<Record<string, string>>;
  readonly metric: string;
  /** True if the model has `stop`: a run then keeps the weights of its best epoch. */
  readonly stops: boolean;
  /** Seed of the file: search jobs have it, all others one after it. */
  readonly fileSeed: number;
  readonly sampler: SamplerName;
  /** Seed of the points that are drawn. */
  readonly seed: number;
  readonly halving: boolean;
  readonly rungs: number;
  readonly parallel: number;
  readonly finalists: number;
  readonly seeds: number;
}
