/** Types of the options and the result of a training; `training_events.ts` has those of its progress events. */
import type { FolderLock } from '../base/storage/lock.ts';
import type { WorkerGroup } from '../engines/group.ts';
import type { GraphPlan } from '../graph/plan/plan.ts';
import type { Lineage } from './artifact/identity.ts';
import type { Manifest } from './artifact/manifest.ts';
import type { Base } from './base.ts';
import type { ModelWriteOptions } from './model_files.ts';
import type { BlockPosition, Profile } from './profile/profile.ts';
import type { EpochRecord, TrainingEvent } from './training_events.ts';

export interface TrainOptions extends ModelWriteOptions {
  readonly resume?: boolean;
  /** Ends the run in the folder at its checkpoint. The result is a model that is marked as stopped. */
  readonly finish?: boolean;
  readonly force?: boolean;
  /** The run that this one continues, and its lineage. Absent for a resumed run. */
  readonly from?: { readonly base: Base; readonly lineage: Lineage };
  /** The lock of the folder, where the caller has it already; it stays the caller's to release. */
  readonly lock?: FolderLock;
  /** Returns the validation after which to pause, given the number of validations. `resume` continues from there with the same bits. */
  readonly until?: (validations: number) => number;
  /** Ends the run after the step it is in, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Ends the run after the current step, but after at least one. The result is a model that is marked as stopped. Workers ignore it. */
  readonly limit?: AbortSignal;
  /** The workers that take each step together, of which this is the first. Absent: this one alone. */
  readonly group?: WorkerGroup;
  /** Profiles a sample of steps; has the places of blocks by the label of their nodes. The weights are the same without it. */
  readonly profile?: { readonly places: ReadonlyMap<string, BlockPosition> };
  /** The graph of norms of gradients: they are logged at one step of many. The weights are the same without it. */
  readonly norms?: () => GraphPlan | undefined;
  /** The workers share the rows of tables: each has those of which the number mod N is its rank. */
  readonly sharesTables?: boolean;
  readonly onEvent?: (event: TrainingEvent) => void;
}

export interface TrainResult {
  readonly folder: string;
  readonly status: Manifest['training']['status'];
  /** Absent where it was interrupted before the first step. */
  readonly manifest?: Manifest;
  readonly records: readonly EpochRecord[];
  readonly profile?: Profile;
}
