/**
 * Searches a table of PostgreSQL for the best items. The query tower, filters, seen items and weights are of the snapshot of this process; their meaning goes to the
 * database as SQL with parameters, and rows come back.
 */
import { defined } from '../defined.ts';
import { Failure } from '../diagnostics/failure.ts';
import { conditionOf, makeFilters } from '../serve/filter/filter.ts';
import { sharesOf } from '../serve/objectives.ts';
import type { Snapshot } from '../serve/snapshot.ts';
import type { SearchIndex, TopAnswer, TopItem } from '../serve/top_answer.ts';
import { excludedRows, prepareTop, type Place as Scanned, type TopRequest } from '../serve/top_request.ts';
import { addressOf } from './address.ts';
import { refuseTableName } from './layout.ts';
import { locate } from './located.ts';
import type { IndexRow } from './manifest.ts';
import { asking } from './reasons.ts';
import { type Found, topSql } from './top_sql.ts';
import { unitsOf } from './unit.ts';

export interface PostgresIndex extends SearchIndex {
  /** What the database says of the index. */
  readonly row: IndexRow;
}

export interface OpenOptions {
  /** What the index is called. */
  readonly name: string;
  /** Milliseconds that the server may take for a statement. */
  readonly patience?: number;
}

/** Fewer candidates than so many times the items of an answer are all compared: a graph would visit most items to find them. */
const fewTimes = 20;

/** @throws Failure `index-address`, `index-table`, `index-server`, `index-missing`, `index-other` */
export async function openPostgres(
  to: string,
  snapshot: Snapshot,
  { name, patience = 10_000 }: OpenOptions,
): Promise<PostgresIndex> {
  const address = addressOf(to);
  refuseTableName(name);
  const located = await asking(address, locate({ address, name, snapshot, patience }));
  const scanned = scannedOf(snapshot);

  const answer = async (request: TopRequest): Promise<TopAnswer> => {
    const {
      scanned: { vectors, k, allowed },
      unknown,
    } = prepareTop(request, scanned);
    const candidates = allowed?.count() ?? snapshot.rows;
    const { vectors: units, scale } = unitsOf(vectors);
    const condition = request.filter === undefined ? undefined : conditionOf(request.filter, snapshot.columns);
    const without = excludedRows(request, scanned);
    const wanted = { vectors: units, k: Math.min(k, candidates), without, ...defined({ condition }) };
    const found = async (isExact: boolean): Promise<readonly Best[]> =>
      bestOf(await located.ask((place) => topSql(place, { ...wanted, isExact })), wanted.k, scale);
    const isFew = candidates < fewTimes * wanted.k;
    let best = wanted.k === 0 ? [] : await found(isFew);
    // The graph gave up before the filter let enough through.
    if (best.length < wanted.k && !isFew) best = await found(true);
    return {
      version: snapshot.version,
      items: best.map((each) => itemAt(snapshot, each, request.shares ? vectors : undefined)),
      candidates,
      unknown,
      exact: false,
    };
  };

  return {
    address: address.shown,
    row: located.row,
    top: (requests) =>
      Promise.all(
        requests.map((request) =>
          asking(address, answer(request)).catch((error: unknown) => {
            if (error instanceof Failure) return error;
            throw error;
          }),
        ),
      ),
    close: located.close,
  };
}

/** What a request is checked against. */
const scannedOf = ({ rows, width, columns, objectives, itemRow, userRow, seenBy }: Snapshot): Scanned => ({
  rows,
  width,
  objectives,
  seenBy,
  keys: { rowOf: itemRow },
  userKeys: { rowOf: userRow },
  filters: makeFilters(columns, rows),
});

interface Best {
  readonly row: number;
  readonly score: number;
}

/** Rows of several vectors come several times, and keep their best score. */
function bestOf(found: readonly Found[], k: number, scale: number): readonly Best[] {
  const scores = new Map<number, number>();
  for (const { row, distance } of found)
    scores.set(row, Math.max(scores.get(row) ?? Number.NEGATIVE_INFINITY, -distance * scale));
  const all = Array.from(scores, ([row, score]) => ({ row, score }));
  return all.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
}

const itemAt = (
  { keyAt, titleAt, itemVector, objectives }: Snapshot,
  { row, score }: Best,
  of?: readonly Float64Array[],
): TopItem => ({
  row,
  key: keyAt(row),
  ...defined({ title: titleAt(row) }),
  score,
  ...(of ? { shares: sharesOf(of, itemVector(row), objectives) } : {}),
});
