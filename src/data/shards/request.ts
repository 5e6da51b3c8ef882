/** Requests shards of rows. The package gives these types to others, so nothing here comes from the database. */
import type { ShardLayout } from '../dataset.ts';

export interface ShardRequest {
  /** Bytes of memory that are for the data and the tables together. */
  readonly memory: number;
  /** The folder of folders of shards; each has its key as its name. */
  readonly folder: string;
  /** `as-needed`: where rows do not fit. A layout: that of a run that was trained from shards. */
  readonly when: 'as-needed' | 'never' | 'always' | ShardLayout;
  /** The part of the plan that needs all training rows at any time, in words. */
  readonly unsupported?: string;
  /** Features whose items training reads: `givenItems`. */
  readonly given?: readonly string[];
  /** Tables that training holds, by the feature that owns each; bytes of a row, optimizer included. */
  readonly tables?: readonly { readonly encoderOf: string; readonly rowBytes: number }[];
  readonly onPass?: OnPass;
  readonly onDecision?: (decision: ShardDecision) => void;
  /** Sizes for tests. Default: computed from the memory. */
  readonly sizes?: {
    readonly atOnce?: number;
    readonly buckets?: number;
    readonly piles?: number;
    readonly held?: number;
    /** Bytes of Parquet, as a table, that are not read in place. */
    readonly room?: number;
  };
}

export interface ShardDecision {
  readonly rows: 'memory' | 'shards';
  /** Estimated bytes of all rows and the tables in memory; absent where it was decided before. */
  readonly needed?: number;
  readonly memory: number;
  readonly folder?: string;
  readonly reused?: boolean;
  /** Passes that were stopped resume: `done` of `of` partitions are in shards. */
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
