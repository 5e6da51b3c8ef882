/** What a kind of index does, such as one in a folder and one in a database: written for a run, and opened for `serve`. */
import type { RecallCertificate } from '../serve/certificate.ts';
import type { Snapshot } from '../serve/snapshot.ts';
import type { Run } from './run.ts';

export interface IndexRequest {
  /**
   * Where the index goes: a folder, or `postgres://user@host/database`. The password may be in `PGPASSWORD` or in `~/.pgpass`. Default: the folder `index` of
   * the run.
   */
  readonly to?: string;
  /** What it is called in a database. Default: `tower_items`. */
  readonly table?: string;
  /** The least share of the best items that it finds, as a mean over queries. Default: 0.99. */
  readonly recall?: number;
  /** How many items of an answer are compared. Default: 100. */
  readonly k?: number;
  /** How many queries are asked for the certificate, at most. Default: 500. */
  readonly queries?: number;
  /** Compares float16 numbers in the graph, which then takes half of the memory. */
  readonly half?: boolean;
  /** Drops the other indexes of this name, which servers of other runs may still ask. */
  readonly dropOlder?: boolean;
  readonly onProgress?: (line: string) => void;
  /** Of an index in a folder: how many of the items are in it. */
  readonly onItems?: (done: number, of: number) => void;
  /** Ends the building of an index in a folder; its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface Indexed {
  /** Where it is, without a password. */
  readonly to: string;
  /** In a database. */
  readonly table?: string;
  readonly items: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly certificate: RecallCertificate;
  /** Tables of older indexes that were dropped. */
  readonly dropped: readonly string[];
}

/** A request whose place is known. */
export interface Placed {
  readonly to: string;
  readonly table?: string;
}

/** An index that answers. */
export interface OpenedIndex {
  /** The same items, found by the index. */
  readonly snapshot: Snapshot;
  /** Where it is, without a password. */
  readonly address: string;
  close(): Promise<void>;
}

/** A kind of index. */
export interface Target {
  /** Whether a text names one. */
  takes(to: string): boolean;
  /** Whether items that are written are found besides those of the index. */
  readonly takesItems: boolean;
  /** Refuses what can be known before anything is computed. */
  check(request: Placed): Promise<void>;
  write(run: Run, request: IndexRequest & Placed): Promise<Indexed>;
  open(to: string, snapshot: Snapshot, options: { readonly table?: string }): Promise<OpenedIndex>;
}
