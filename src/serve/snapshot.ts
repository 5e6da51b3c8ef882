/**
 * What answers a request for the best items, immutable: item vectors with their codes, keys and titles, filter columns, what users have seen.
 * A server keeps one in a variable and a request takes it once, so keys, vectors and columns of an answer are always of one version; a new version is
 * a new snapshot and one assignment. Pure: it reads no file, needs no engine, and gives the same bits in Node.js and in browsers.
 *
 *     const snapshot = makeSnapshot({ version: '7', items: { vectors, keys, titles, columns }, users: { keys: users, seen } });
 *     const [answer] = snapshot.top([{ vectors: [vector], k: 10, filter: "'Drama' in genres", seenBy: '42' }]);
 *
 * Requests given together are answered in one pass over the codes (`src/scan`), several times faster than one after the other.
 */
import type { BagColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import { Failure, failure, invariant } from '../diagnostics/failure.ts';
import { Bits } from '../scan/bits.ts';
import { makeScan, type Ranked, type ScanRequest } from '../scan/scan.ts';
import { type KeyTable, makeKeyTable } from '../text/key_table.ts';
import { nearest } from '../text/nearest.ts';
import type { ItemColumns } from './filter/columns.ts';
import { type Filters, makeFilters } from './filter/filter.ts';

export interface SnapshotSource {
  /** What identifies the model and the items together: a server prints it with each answer. */
  readonly version: string;
  readonly items: {
    /** float32 [rows, width], finite: vectors of the item tower. Kept, not copied. */
    readonly vectors: { readonly data: Float32Array; readonly rows: number; readonly width: number };
    readonly keys: readonly string[];
    readonly titles?: readonly string[];
    /** What filters may read. */
    readonly columns?: ItemColumns;
  };
  readonly users?: {
    readonly keys: readonly string[];
    /** Item rows of each user, in the order of time; −1 of an item that is not there. */
    readonly seen: BagColumn;
  };
  /** Which columns of the vectors belong to which objective. Absent: weights are refused. */
  readonly objectives?: readonly Objective[];
}

/** A score that `retrieve` declares: `factor` · the inner product of columns `from` to `to`. The query vector already has the factor. */
export interface Objective {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

export interface TopRequest {
  /** The query vector, or one for each interest: an item is scored by the one that it agrees with most. */
  readonly vectors: readonly ArrayLike<number>[];
  /** How many items at most: a whole number from 0. */
  readonly k: number;
  /** A condition on the columns of the items. */
  readonly filter?: string;
  /** Keys of items that are left out. Keys that no item has exclude nothing, and the answer counts them. */
  readonly exclude?: readonly string[];
  /** Item rows that are left out; −1 and repeated ones may be among them. */
  readonly excludeRows?: Iterable<number>;
  /** The key of a user, whose seen items are left out. */
  readonly seenBy?: string;
  /** By objective, in place of its factor in `retrieve`. Those left out keep theirs; 0 removes one. */
  readonly weights?: Readonly<Record<string, number>>;
}

export interface TopAnswer {
  readonly version: string;
  /** Best first; of equal scores the item whose row comes first. */
  readonly items: readonly TopItem[];
  /** Items that the filter, the exclusions and the seen items leave. */
  readonly candidates: number;
  /** Keys of `exclude` that no item has. */
  readonly unknown: readonly string[];
}

export interface TopItem {
  readonly row: number;
  readonly key: string;
  readonly title?: string;
  /** The inner product in float64; with several vectors the largest. */
  readonly score: number;
}

export interface Snapshot {
  readonly version: string;
  readonly rows: number;
  readonly width: number;
  readonly columns: ItemColumns;
  readonly objectives: readonly Objective[];
  /** @throws Failure `request-value`, `unknown-name`, `filter-syntax`, `filter-type` */
  top(requests: readonly TopRequest[]): TopAnswer[];
  /** The row of an item, −1 where there is none. */
  itemRow(key: string): number;
  userRow(key: string): number;
  /** float32 [width] of one item; for items near an item. */
  itemVector(row: number): Float32Array;
  /** Item rows that a user has seen, the oldest first. */
  seenBy(user: number): number[];
  /** The share of each objective in the score of an item, in their order. */
  shares(vector: ArrayLike<number>, row: number): number[];
}

/** A weight other than 0 is within these, so that no product leaves the range of float64. */
const [leastWeight, mostWeight] = [1e-30, 1e30];

export function makeSnapshot({ version, items, users, objectives = [] }: SnapshotSource): Snapshot {
  const { data, rows, width } = items.vectors;
  const { columns = new Map() } = items;
  invariant(items.keys.length === rows, `${items.keys.length} keys for ${rows} items`);
  for (const { name, from, to, factor } of objectives) {
    invariant(from >= 0 && from < to && to <= width && factor !== 0, `objective ${name} is a block of the vectors`);
  }
  const scan = makeScan(data, rows, width);
  const keys = makeKeyTable(items.keys, rows);
  const titles = items.titles && makeKeyTable(items.titles, rows);
  const userKeys = makeKeyTable(users?.keys ?? []);
  const filters = makeFilters(columns, rows);
  const seenBy = (user: number): number[] => {
    invariant(users && user >= 0 && user < userKeys.size, `user ${user} of ${userKeys.size}`);
    const { starts, ends, values } = users.seen;
    return [...values.subarray(starts[user], ends[user])].filter((row) => row >= 0);
  };
  const place = { rows, width, keys, userKeys, filters, objectives, seenBy };
  const itemAt = (row: number, score: number): TopItem => ({
    row,
    key: keys.keyAt(row),
    ...defined({ title: titles?.keyAt(row) }),
    score,
  });

  return {
    version,
    rows,
    width,
    columns,
    objectives,
    top(requests) {
      const prepared = requests.map((request) => prepare(request, place));
      return scan.top(prepared.map(({ scanned }) => scanned)).map(({ rows: best, scores }: Ranked, i) => ({
        version,
        items: Array.from(best, (row, at) => itemAt(row, scores[at]!)),
        candidates: prepared[i]!.scanned.allowed?.count() ?? rows,
        unknown: prepared[i]!.unknown,
      }));
    },
    itemRow: keys.rowOf,
    userRow: userKeys.rowOf,
    itemVector: (row) => data.slice(row * width, (row + 1) * width),
    seenBy,
    shares: (vector, row) =>
      objectives.map(({ from, to }) => {
        let sum = 0;
        for (let i = from; i < to; i++) sum += vector[i]! * data[row * width + i]!;
        return sum;
      }),
  };
}

interface Place {
  readonly rows: number;
  readonly width: number;
  readonly keys: KeyTable;
  readonly userKeys: KeyTable;
  readonly filters: Filters;
  readonly objectives: readonly Objective[];
  seenBy(user: number): number[];
}

function prepare(
  request: TopRequest,
  place: Place,
): { readonly scanned: ScanRequest; readonly unknown: readonly string[] } {
  const { k, vectors } = request;
  if (!Number.isSafeInteger(k) || k < 0) throw refused('k', `is ${k}`, 'give a whole number from 0');
  if (vectors.length === 0) throw refused('vectors', 'has no vector', 'give one, or one for each interest');
  const factors = factorsOf(request.weights, place);
  const weighed = vectors.map((vector) => {
    if (vector.length !== place.width) {
      throw refused('vectors', `has ${vector.length} numbers in a vector`, `give ${place.width} numbers`);
    }
    return Float64Array.from(vector, (each, i) => {
      const number = Math.fround(each);
      if (!Number.isFinite(number)) throw refused('vectors', `has the number ${each}`, 'give finite float32 numbers');
      return factors ? number * factors[i]! : number;
    });
  });
  const { allowed, unknown } = allowedBy(request, place);
  return { scanned: { vectors: weighed, k, ...defined({ allowed }) }, unknown };
}

function allowedBy(
  { filter, exclude = [], excludeRows = [], seenBy }: TopRequest,
  { rows, keys, userKeys, filters, seenBy: seenOf }: Place,
): { readonly allowed?: Bits; readonly unknown: readonly string[] } {
  const kept = filter === undefined ? undefined : filters.itemsOf(filter);
  const excluded = exclude.map((key) => keys.rowOf(key));
  const unknown = exclude.filter((_, i) => excluded[i]! < 0);
  const without = [...excluded, ...excludeRows];
  if (seenBy !== undefined) {
    const user = userKeys.rowOf(seenBy);
    if (user < 0) {
      throw failure('unknown-name', { what: 'user', name: seenBy, advice: 'give the key of a user of the data' });
    }
    without.push(...seenOf(user));
  }
  if (without.every((row) => row < 0)) return { ...defined({ allowed: kept }), unknown };
  const allowed = kept?.copy() ?? Bits.all(rows);
  for (const row of without) if (row >= 0) allowed.delete(row);
  return { allowed, unknown };
}

/** What each column of a query vector is multiplied with; undefined where nothing changes. */
function factorsOf(
  weights: Readonly<Record<string, number>> | undefined,
  { width, objectives }: Place,
): Float64Array | undefined {
  if (weights === undefined || Object.keys(weights).length === 0) return undefined;
  const known = objectives.map(({ name }) => name);
  const factors = new Float64Array(width).fill(1);
  for (const [name, weight] of Object.entries(weights)) {
    if (!known.includes(name)) {
      const facts = { what: 'objective', name, nearest: nearest(name, known), known };
      throw new Failure([diagnose('unknown-name', undefined, facts)]);
    }
    const size = Math.abs(weight);
    if (!(weight === 0 || (size >= leastWeight && size <= mostWeight))) {
      throw refused(`weights.${name}`, `is ${weight}`, `give 0, or a number from ${leastWeight} to ${mostWeight}`);
    }
    for (const { name: own, from, to, factor } of objectives) {
      if (own === name) factors.fill(weight / factor, from, to);
    }
  }
  return factors;
}

const refused = (entry: string, reason: string, advice: string): Failure =>
  failure('request-value', { entry, reason, advice });
