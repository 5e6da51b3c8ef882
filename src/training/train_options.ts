/** Types of the options and of the result of a training, and of the epochs and events that it reports. */

import type { Diagnostic } from '../base/diagnostics/diagnostic.ts';
import type { FolderLock } from '../base/storage/lock.ts';
import type { WorkerGroup } from '../engines/group.ts';
import type { Precision } from '../graph/in_bfloat16.ts';
import type { GraphPlan } from '../graph/plan/plan.ts';
import type { RetrievalObjective } from '../retrieval/vectors.ts';
import type { Lineage } from './artifact/identity.ts';
import type { Manifest } from './artifact/run_manifest.ts';
import type { Base } from './base.ts';
import type { RankingSample } from './evaluation/ranking_questions.ts';
import type { ModelWriteOptions } from './model_files.ts';
import type { BlockPosition, Profile } from './step_profile.ts';

export interface TrainOptions extends ModelWriteOptions {
  readonly resume?: boolean;
  /** Finishes the run in the folder in the state of its checkpoint, as a model that is marked as stopped. */
  readonly finish?: boolean;
  readonly force?: boolean;
  /** The run that this one continues from, and the training events that are new. Not for a resumed run. */
  readonly from?: { readonly base: Base; readonly lineage: Lineage };
  /** The lock of the folder, if the caller has it already; the caller then releases it. */
  readonly lock?: FolderLock;
  /** Maps the number of validations to the one after which the run pauses. `resume` continues from there, with the same bits. */
  readonly until?: (validations: number) => number;
  /** Ends the run after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Ends the run after the current step, but not before its first, as a model that is marked as stopped. Other workers do not get it. */
  readonly limit?: AbortSignal;
  /** The workers that take each step together, of which this is the first. Absent: this worker trains alone. */
  readonly group?: WorkerGroup;
  /** Profiles a sample of steps. `places` has the positions of blocks by the label of their nodes. The weights are the same without a profile. */
  readonly profile?: { readonly places: ReadonlyMap<string, BlockPosition> };
  /** Returns the graph of norms of gradients, which are logged at one of many steps. The weights are the same without it. */
  readonly norms?: () => GraphPlan | undefined;
  /** True if workers share the rows of tables: each has the rows whose number mod N is its rank. */
  readonly sharesTables?: boolean;
  /** The scores that `retrieve` adds up, which validation also ranks by one at a time. */
  readonly objectives?: readonly RetrievalObjective[];
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface TrainResult {
  readonly folder: string;
  readonly status: Manifest['training']['status'];
  /** Absent if the training was interrupted before the first step. */
  readonly manifest?: Manifest;
  readonly records: readonly EpochRecord[];
  readonly profile?: Profile;
}

/** Median milliseconds of the engine for a step. */
export type MeasuredSteps = Readonly<Record<Precision, number>>;

export interface ChosenPrecision {
  readonly precision: Precision;
  readonly asked: 'bf16' | 'auto';
  readonly because?: string;
  /** Present if `auto` measured when the run began. */
  readonly measured?: MeasuredSteps;
}

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
