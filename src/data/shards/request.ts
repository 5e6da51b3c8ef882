/** Defines requests for shards. These types are public in the package, so nothing here may depend on the database. */
import type { Fresh, ShardLayout, ShardUnit, Until } from '../dataset.ts';

export interface ShardRequest {
  /** Bytes of memory for the whole process. */
  readonly memory: number;
  /** True if somebody has set the memory. Tables must then fit in it even if rows do. */
  readonly isSet?: boolean;
  /** The folder with a subfolder for each set of shards, named by its key. */
  readonly folder: string;
  /** `as-needed` makes shards only if the rows do not fit in memory. A layout requests the shards of an earlier run. */
  readonly when: 'as-needed' | 'never' | 'always' | ShardLayout;
  /**
   * The name of the shards that a run was trained from, if its data block is read again. If the files have changed since, their rows are encoded as in the
   * training, in shards of their own.
   */
  readonly trainedFrom?: string;
  /** Names the part of the plan that needs all training rows at any time, if there is one. */
  readonly unsupported?: string;
  /** What is not divided between shards. Absent: single rows, which are shuffled best. */
  readonly unit?: ShardUnit | undefined;
  /** The run that this one goes on from, by the checksum of its manifest, and the events that are new. */
  readonly continues?: EarlierRun | undefined;
  /** True if training asks the towers about users when an epoch begins, so that it reads the latest event of each. */
  readonly latest?: boolean;
  /** Features whose items training reads: `givenItems`. */
  readonly given?: readonly string[];
  readonly tables?: readonly TableRow[];
  /** Bytes of a training step beside the tables. */
  readonly step?: number;
  readonly onPass?: OnPass;
  readonly onDecision?: (decision: ShardDecision) => void;
  /** Sizes for tests. Default: computed from the memory. */
  readonly sizes?: {
    readonly atOnce?: number;
    readonly buckets?: number;
    readonly piles?: number;
    readonly held?: number;
    /** Bytes that Parquet may take as a table before it is read in place. */
    readonly room?: number;
  };
}

/** A row of a table that training holds, by the feature that owns the table. */
export interface TableRow {
  readonly encoderOf: string;
  /** Bytes with the state of the optimizer. */
  readonly rowBytes: number;
  /** Bytes of the vector that a validation computes, if there is one for each row. */
  readonly vectorBytes?: number;
}

interface EarlierRun {
  readonly checksum: string;
  readonly fresh?: Fresh;
  readonly until?: Until;
  /** Number of earlier events that an epoch adds for each new one. */
  readonly replay?: number;
}

export interface ShardDecision {
  readonly rows: 'memory' | 'shards';
  /** Estimated bytes of the process with all rows and tables in memory. Absent if there was nothing to decide. */
  readonly needed?: number;
  readonly memory: number;
  readonly folder?: string;
  readonly reused?: boolean;
  /** Set if stopped passes resume: `done` of `of` partitions are already in shards. */
  readonly continues?: { readonly done: number; readonly of: number };
}

export interface PassEvent {
  readonly pass: keyof typeof passWords;
  readonly done: number;
  readonly total: number;
}

export type OnPass = (event: PassEvent) => void;

export const passWords = {
  reading: 'rows to buckets',
  counting: 'counting',
  encoding: 'rows to piles',
  checking: 'checking shards',
} as const;
