/** Types of the epochs and events that a training reports while it runs. */
import type { RankingSample } from './evaluation/questions.ts';
import type { ChosenPrecision } from './fitted_step.ts';

/** One finished epoch: a line of metrics.jsonl. Where `validate` counts steps, it is one of as many steps, a round. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps since the start of the run. */
  readonly step: number;
  /** Mean over the epoch's rows of the objective of each step, before its update. */
  readonly loss: number;
  /** The same of each task's loss, and of every other scalar that the step gives. */
  readonly scalars: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Rates of the dense optimizer and of the tables', in the epoch's last step. */
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
  /** Full-corpus metrics on the validation part, where it was validated. */
  readonly validation?: Readonly<Record<string, number>>;
  /** Rankings that the validation is of, and all that there are, where it is of some. */
  readonly sample?: RankingSample;
  readonly best?: boolean;
}

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
      /** Rows that each epoch leaves out, since they are too few for a batch. */
      readonly leftOut: number;
      readonly withoutList?: number;
      readonly kept?: readonly string[];
    }
  /** Some twenty times a second. */
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
  | { readonly kind: 'validating'; readonly epoch: number }
  | { readonly kind: 'epoch'; readonly record: EpochRecord };
