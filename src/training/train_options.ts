/** Types of the options and of the result of a training; `training_events.ts` has the events that it reports. */

import type { FolderLock } from '../base/storage/lock.ts';
import type { WorkerGroup } from '../engines/group.ts';
import type { GraphPlan } from '../graph/plan/plan.ts';
import type { RetrievalObjective } from '../retrieval/vectors.ts';
import type { Lineage } from './artifact/identity.ts';
import type { Manifest } from './artifact/run_manifest.ts';
import type { Base } from './base.ts';
import type { ModelWriteOptions } from './model_files.ts';
import type { BlockPosition, Profile } from './step_profile.ts';
import type { EpochRecord, TrainingEvent } from './training_events.ts';

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
