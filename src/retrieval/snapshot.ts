/**
 * Answers requests for the best items from an immutable snapshot: item vectors and their codes, keys, titles, filter columns, and the seen items of users.
 * A server keeps one in a variable and a request takes it once, so keys, vectors and columns of an answer are always of one version; a new version is
 * a new snapshot and one assignment. Pure: it reads no file, needs no engine, and gives the same bits in Node.js and in browsers.
 *
 *     const snapshot = makeSnapshot({ version: '7', items: { vectors, keys, titles, columns }, users: { keys: users, seen } });
 *     const [answer] = snapshot.top([{ vectors: [vector], k: 10, filter: "'Drama' in genres", seenBy: '42' }]);
 *
 * Requests given together are answered in one pass over the codes (`scan`), several times faster than one after the other.
 */

import { Failure, invariant } from '../base/diagnostics/diagnostic.ts';
import { type KeyTable, makeKeyTable } from '../base/text/key_table.ts';
import type { Texts } from '../base/text/texts.ts';
import type { BagColumn } from '../data/dataset.ts';
import { makeFilters } from './filter/filter.ts';
import { type ItemColumns, valueAt } from './filter/filter_columns.ts';
import {
  type ApproximateIndex,
  type RecallGauge,
  type Searched,
  type SearchRequest,
  searchAll,
} from './scan/approximate.ts';
import { hasVectors, makeScan, type Scan, type VectorScan } from './scan/scan.ts';
import { itemAt, prepareTop, type SearchIndex, sharesOf, type TopAnswer, type TopRequest } from './top_request.ts';
import type { RetrievalObjective, Vectors } from './vectors.ts';

// Converts vectors to directions, whose inner products are cosines.

/** Tolerance for the rounding of a length of 1 in float32. */
const rounding = 1e-6;

/**
 * Normalizes float32 [rows, width] to length 1; zero vectors stay zero. Vectors of length 1, such as those of a cosine score, keep their bits. If all
 * have length 1, the same array is returned.
 */
export function directionsOf(vectors: Float32Array, width: number): Float32Array {
  let data: Float32Array | undefined;
  for (let from = 0; from < vectors.length; from += width) {
    let square = 0;
    for (let index = from; index < from + width; index++) square += vectors[index]! * vectors[index]!;
    if (Math.abs(square - 1) <= rounding) continue;
    data ??= vectors.slice();
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let index = from; index < from + width; index++) data[index] = vectors[index]! * scale;
  }
  return data ?? vectors;
}

export type { TopAnswer, TopItem, TopRequest } from './top_request.ts';

export interface SnapshotSource {
  /** Identifies the model and the items together. A server returns it with each answer. */
  readonly version: string;
  readonly items: {
    /** float32 [rows, width], finite. Not copied. */
    readonly vectors: { readonly data: Float32Array; readonly rows: number; readonly width: number };
    readonly keys: Texts;
    readonly titles?: Texts;
    readonly columns?: ItemColumns;
    /** The scan of vectors that threads share (`scanOfShared`). Default: a new one. */
    readonly scan?: Scan;
  };
  readonly users?: {
    readonly keys: Texts;
    /** Item rows of each user in the order of time; −1 for an item that the snapshot lacks. */
    readonly seen: BagColumn;
  };
  readonly objectives?: readonly RetrievalObjective[];
}

export interface FoundUser {
  readonly key: string;
  readonly seen: number;
}

export interface Snapshot {
  readonly version: string;
  /** Number of rows. After live writes some rows no longer have an item, so `count` may be smaller. */
  readonly rows: number;
  readonly count: number;
  readonly width: number;
  /** Names and kinds of the columns that filters may read, with the values of the data's items. */
  readonly columns: ItemColumns;
  readonly objectives: readonly RetrievalObjective[];
  readonly recall?: RecallGauge;
  /** @throws Failure `request-value`, `unknown-name`, `filter-syntax`, `filter-type` */
  top(requests: readonly TopRequest[]): TopAnswer[];
  /** Returns −1 if there is none. */
  itemRow(key: string): number;
  /** Returns the row of an item in the original corpus, which indexes corpus tables; −1 if the item was deleted or added later. */
  corpusRow(key: string): number;
  keyAt(row: number): string;
  /** Returns undefined if the items have no titles. */
  titleAt(row: number): string | undefined;
  /** Returns values for JSON; null for a missing one. @param names of `columns` */
  valuesOf(row: number, names: readonly string[]): Record<string, unknown>;
  userRow(key: string): number;
  /** Returns float32 [width] of one item, to find items near it. */
  itemVector(row: number): Float32Array;
  readonly sets?: Scan['sets'];
  /** Returns the score of an item, the largest one over several vectors of a query. */
  score(vectors: readonly Float64Array[], row: number): number;
  /** Returns the item rows that a user has seen, the oldest first. */
  seenBy(user: number): number[];
  orderDirections(): Snapshot;
  /** Returns a snapshot that searches with an index for requests for which its recall was measured, and with the scan for others. @param makeIndex gets the scan of the items of the data */
  withIndex(makeIndex: (scan: VectorScan) => ApproximateIndex): Snapshot;
  /** Replaces `top` if another system, such as a database, searches the items. */
  readonly index?: SearchIndex;
  /** Rows of live-written items, the oldest first. They follow the rows of the data. */
  readonly written?: readonly OwnedRows[];
  readonly users: number;
  /** Returns users whose keys begin with a text: the one with exactly this key, then the others in the order of the data. */
  usersWith(prefix: string, limit: number): FoundUser[];
}

/** A range of rows, from `first`, whose keys and titles never change. Later snapshots may extend the range. */
export interface OwnedRows {
  readonly of: object;
  readonly first: number;
  readonly rows: number;
}

export function makeSnapshot({ version, items, users, objectives = [] }: SnapshotSource): Snapshot {
  const { data, rows, width } = items.vectors;
  invariant(items.keys.length === rows, `${items.keys.length} keys for ${rows} items`);
  for (const { name, from, to, factor } of objectives) {
    invariant(from >= 0 && from < to && to <= width && factor !== 0, `objective ${name} is a block of the vectors`);
  }
  const titles = items.titles && makeKeyTable(items.titles, rows);
  return snapshotOf({
    version,
    objectives,
    scan: items.scan ?? makeScan(data, rows, width),
    keys: makeKeyTable(items.keys, rows),
    titleAt: (row) => titles?.keyAt(row),
    columns: items.columns ?? new Map(),
    userKeys: makeKeyTable(users?.keys ?? []),
    seen: users?.seen,
  });
}

export interface SnapshotParts {
  readonly version: string;
  readonly objectives: readonly RetrievalObjective[];
  readonly scan: Scan;
  readonly keys: Pick<KeyTable, 'rowOf' | 'keyAt'>;
  readonly titleAt: (row: number) => string | undefined;
  readonly columns: ItemColumns;
  readonly userKeys: Omit<KeyTable, 'arrays' | 'rowsOf'>;
  readonly seen?: BagColumn;
  readonly near?: ApproximateIndex;
}

export function snapshotOf(parts: SnapshotParts): Snapshot {
  const { version, objectives, scan, keys, titleAt, columns, userKeys, seen, near } = parts;
  const { rows, width, vector: itemVector } = scan;
  const filters = makeFilters(columns, rows);
  const seenBy = (user: number): number[] => {
    invariant(seen && user >= 0 && user < userKeys.size, `user ${user} of ${userKeys.size}`);
    const { starts, ends, values } = seen;
    return [...values.subarray(starts[user], ends[user])].filter((row) => row >= 0);
  };
  const searchContext = { rows, width, keys, userKeys, filters, objectives, seenBy };
  const drawn = ({ vectors, allowed }: SearchRequest, index: number): Searched => {
    const row = allowed ? allowed.rowAt(index) : index < rows ? index : -1;
    if (row < 0) return { rows: new Int32Array(0), scores: new Float64Array(0) };
    return { rows: Int32Array.of(row), scores: Float64Array.of(scan.score(vectors, row)) };
  };
  let ownDirections: Snapshot | undefined;

  return {
    version,
    rows,
    count: rows,
    width,
    columns,
    objectives,
    recall: near?.gauge,
    top(requests) {
      const preparedRequests = requests.map((request) => prepareTop(request, searchContext));
      const searchRequests = preparedRequests.map(({ searchRequest }) => searchRequest);
      return searchAll(scan, near, searchRequests).map((ranked, i) => {
        const { searchRequest, unknown } = preparedRequests[i]!;
        const { draw, shares } = requests[i]!;
        const candidates = searchRequest.allowed?.count() ?? rows;
        const {
          rows: best,
          scores,
          exact,
        } = draw === undefined ? ranked : drawn(searchRequest, Math.floor(draw * candidates));
        return {
          version,
          items: Array.from(best, (row, index) => {
            const item = { row, ...itemAt(row, { keyAt: keys.keyAt, titleAt }), score: scores[index]! };
            return shares ? { ...item, shares: sharesOf(searchRequest.vectors, itemVector(row), objectives) } : item;
          }),
          candidates,
          unknown,
          exact,
        };
      });
    },
    itemRow: keys.rowOf,
    corpusRow: keys.rowOf,
    keyAt: keys.keyAt,
    titleAt,
    valuesOf: (row, names) => Object.fromEntries(names.map((name) => [name, valueAt(columns.get(name)!, row)])),
    userRow: userKeys.rowOf,
    itemVector,
    sets: scan.sets,
    score: scan.score,
    seenBy,
    orderDirections: () => (ownDirections ??= snapshotOf(directionParts(parts))),
    withIndex(makeIndex) {
      invariant(hasVectors(scan), 'an index is of vectors');
      return snapshotOf({ ...parts, near: makeIndex(scan) });
    },
    users: userKeys.size,
    usersWith(prefix, limit) {
      const ownRow = userKeys.rowOf(prefix);
      const otherRows = userKeys.rowsByPrefix(prefix, limit + 1).filter((row) => row !== ownRow);
      const foundRows = (ownRow < 0 ? otherRows : [ownRow, ...otherRows]).slice(0, limit);
      return foundRows.map((row) => ({ key: userKeys.keyAt(row), seen: seenBy(row).length }));
    },
  };
}

/** Removes the index, which ranks by inner products, while cosines rank differently. */
function directionParts({ near: _, ...parts }: SnapshotParts): SnapshotParts {
  if (!hasVectors(parts.scan)) return { ...parts, objectives: [] };
  const { vectors, rows, width } = parts.scan;
  const unitVectors = directionsOf(vectors, width);
  return { ...parts, objectives: [], scan: unitVectors === vectors ? parts.scan : makeScan(unitVectors, rows, width) };
}

export function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

// Query vectors.

/** Splits rows into vectors: one for each interest. */
export function interestsOf({ data, rows, width, interests = 1 }: Vectors): Float32Array[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: interests }, (_, i) => {
      const offset = (row * interests + i) * width;
      return data.subarray(offset, offset + width);
    }),
  );
}
