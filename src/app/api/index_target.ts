/** What a kind of index does, such as one in a folder and one in a database: written for a run, and opened for `serve`. */
import type { RecallCertificate } from '../../serving/serve/certificate.ts';
import type { Snapshot } from '../../serving/serve/snapshot.ts';
import type { Run } from './run.ts';

export interface IndexRequest {
  /**
   * Where the index goes: a folder, or `postgres://user@host/database`. The password may be in `PGPASSWORD` or in `~/.pgpass`. Default: the folder `index` of
   * the run.
   */
  readonly to?: string;
  /** Default: `tower_items`. */
  readonly table?: string;
  /** Least mean share of the best items that it finds. Default: 0.99. */
  readonly recall?: number;
  /** Items of an answer that are compared. Default: 100. */
  readonly k?: number;
  /** Most queries of the certificate. Default: 500. */
  readonly queries?: number;
  /** Compares float16 numbers in the graph, which then takes half of the memory. */
  readonly half?: boolean;
  /** Drops the other indexes of this name, which servers of other runs may still ask. */
  readonly dropOlder?: boolean;
  readonly onProgress?: (line: string) => void;
  /** Called for an index in a folder. */
  readonly onItems?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

export interface Indexed {
  /** Where it is, without a password. */
  readonly to: string;
  readonly table?: string;
  readonly items: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly certificate: RecallCertificate;
  readonly dropped: readonly string[];
}

export interface IndexTargetRequest {
  readonly to: string;
  readonly table?: string;
}

export interface OpenedIndex {
  readonly snapshot: Snapshot;
  /** Without a password. */
  readonly address: string;
  close(): Promise<void>;
}

export interface IndexTarget {
  takes(to: string): boolean;
  /** True if written items are found besides those of the index. */
  readonly takesItems: boolean;
  /** Refuses what can be known before any computation. */
  check(request: IndexTargetRequest): Promise<void>;
  write(run: Run, request: IndexRequest & IndexTargetRequest): Promise<Indexed>;
  open(to: string, snapshot: Snapshot, options: { readonly table?: string }): Promise<OpenedIndex>;
}
