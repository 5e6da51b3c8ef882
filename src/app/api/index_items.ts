/** Writes an index of the items of a run, and opens it for `serve`, for corpora that are too large for one process. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { plugins } from '../../plugins.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';
import { exactAnswersOf, type RecallCertificate } from '../../serving/live/recommender.ts';
import { refuseFitted, refuseSets } from './refuse_fitted.ts';
import type { Run } from './run.ts';

export const defaultTable = 'tower_items';

/** Live-written items are found in addition to those of an index in a folder. @throws Failure `index-address` */
export function takesItems(to: string): boolean {
  if (/^postgres(ql)?:/i.test(to)) return false;
  if (/^\w+:\/\//.test(to)) throw failure('index-address', { reason: 'does not begin with `postgres://`' });
  return true;
}

const targetOf = async (to: string): Promise<IndexTarget> => (takesItems(to) ? plugins.lists() : plugins.postgres());

/** Returns what an index is measured by: the exact answers to queries of the data. */
export async function measured(run: Run, { k = 100, queries = 500 }: IndexRequest) {
  const recommender = await run.recommender();
  const { snapshot } = recommender;
  const truth = exactAnswersOf(snapshot, await recommender.sample(queries), Math.min(k, snapshot.rows));
  return { snapshot, truth };
}

const withTarget = (folder: string, request: IndexRequest) => ({ ...request, to: request.to ?? join(folder, 'index') });

/** Checks, before a run is loaded, that an index can be written to the target. @throws Failure `index-address`, `index-server`, … */
export async function checkIndexTarget(folder: string, request: IndexRequest): Promise<void> {
  const targetRequest = withTarget(folder, request);
  return (await targetOf(targetRequest.to)).checkTarget(targetRequest);
}

/**
 * Writes an index of the items of a run if its recall against the exact scan is high enough.
 * @throws Failure `fitted-whole`, `several-vectors`, `index-address`, `index-recall`, …
 */
export async function indexItems(run: Run, request: IndexRequest = {}): Promise<Indexed> {
  const { plan } = run.trained;
  refuseFitted(plan, 'its items have no vectors that an index could hold', 'serve it without an index');
  refuseSets(plan, 'an index holds one of each', 'serve it without an index: the exact scan reads all of them');
  const targetRequest = withTarget(run.trained.folder, request);
  return (await targetOf(targetRequest.to)).writeIndex(run, targetRequest);
}

/** @throws Failure `index-address`, `index-missing`, `index-other`, `not-an-index`, `other-index`, … */
export const openIndex: IndexTarget['openIndex'] = async (to, snapshot, options) =>
  (await targetOf(to)).openIndex(to, snapshot, options);

/** Describes the index to write. */
export interface IndexRequest {
  /** A folder, or `postgres://user@host/database` (its password may be in `PGPASSWORD` or `~/.pgpass`). Default: the folder `index` of the run. */
  readonly to?: string;
  /** Default: `tower_items`. */
  readonly table?: string;
  /** Minimum mean share of the best items that the index must find. Default: 0.99. */
  readonly recall?: number;
  /** Number of items compared for each query. Default: 100. */
  readonly k?: number;
  /** Maximum number of queries for the certificate. Default: 500. */
  readonly queries?: number;
  /** Compares float16 numbers in the graph of PostgreSQL, which then takes half of the memory. */
  readonly half?: boolean;
  /** Drops the other indexes of this name, which servers of other runs may still use. */
  readonly dropOlder?: boolean;
  readonly onProgress?: (line: string) => void;
  /** Called for an index in a folder. */
  readonly onItems?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface Indexed {
  /** The address of the index, without the password. */
  readonly to: string;
  readonly table?: string;
  readonly items: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly certificate: RecallCertificate;
  readonly dropped: readonly string[];
}

export type PlacedIndexRequest = IndexRequest & { readonly to: string };

export interface OpenedIndex {
  readonly snapshot: Snapshot;
  /** Without the password. */
  readonly address: string;
  close(): Promise<void>;
}

export interface IndexTarget {
  /** Checks the target before any computation. */
  checkTarget(request: PlacedIndexRequest): Promise<void>;
  writeIndex(run: Run, request: PlacedIndexRequest): Promise<Indexed>;
  openIndex(to: string, snapshot: Snapshot, options: { readonly table?: string }): Promise<OpenedIndex>;
}
