/** Types of the epochs and events that a training reports while it runs. */
import type { Diagnostic } from '../base/diagnostics/diagnostic.ts';
import type { RankingSample } from './evaluation/ranking_questions.ts';
import type { ChosenPrecision } from './fitted_step.ts';

/** One finished epoch: a line of metrics.jsonl. If `validate` counts steps, it is a round of that many steps. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps since the start of the run. */
  readonly step: number;
  /** Mean over the epoch's rows of the loss that each step minimized, computed before the step. */
  readonly loss: number;
  /** The same mean of each task's loss, and of every other scalar that the step returns. */
  readonly scalars: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Learning rates of the dense optimizer and of the tables, in the epoch's last step. */
  readonly rates: { readonly dense: number; readonly embeddings: number };
  readonly examplesPerSecond: number;
  /** Since the epoch began, or was resumed. */
  readonly milliseconds: {
    readonly total: number;
    readonly feed: number;
    readonly engine: number;
    readonly scatter: number;
    readonly validation: number;
  };
  /** Full-corpus metrics on the validation part, if the epoch was validated. */
  readonly validation?: Readonly<Record<string, number>>;
  /** Number of rankings in the validation, and of all rankings, if it uses a sample. */
  readonly sample?: RankingSample;
  readonly best?: boolean;
  /** After the last epoch, if `retrieve` has several tasks: the metric that a guard compares, ranked by each task alone. */
  readonly alone?: Readonly<Record<string, number>>;
  /** What the validation says about the run as a whole, once in a run. */
  readonly warning?: RunWarning;
}

export type RunWarning = Pick<Diagnostic, 'code' | 'message' | 'hint'>;

export type TrainingEvent =
  | {
      readonly kind: 'started';
      readonly rows: number;
      readonly batch: number;
      readonly epochs: number;
      readonly stepsOfEpoch: number;
      readonly steps: number;
      readonly round?: number;
      readonly resumedAt?: number;
      readonly precision?: ChosenPrecision;
      /** Number of rows that each epoch leaves out because they are too few for a batch. */
      readonly leftOut: number;
      readonly withoutList?: number;
      readonly kept?: readonly string[];
    }
  /** Reported about twenty times a second. */
  | {
      readonly kind: 'step';
      readonly epoch: number;
      readonly stepOfEpoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly examplesPerSecond: number;
      readonly secondsLeft: number;
    }
  /** Reported once, in place of all others, by a score that is fitted as a whole. `seconds` is an estimate. */
  | { readonly kind: 'fitting'; readonly by: string; readonly seconds: number }
  | { readonly kind: 'validating'; readonly epoch: number }
  | { readonly kind: 'epoch'; readonly record: EpochRecord };
