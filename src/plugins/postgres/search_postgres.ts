/**
 * Searches a table of PostgreSQL for the best items. The snapshot of this process has the query tower, filters, seen items and weights. They are sent to the
 * database as SQL with parameters, and rows come back.
 */
import { DatabaseError, Pool } from 'pg';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { conditionOf, makeFilters } from '../../retrieval/filter/filter.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';
import {
  excludedRows,
  prepareTop,
  type SearchContext,
  type SearchIndex,
  sharesOf,
  type TopAnswer,
  type TopItem,
  type TopRequest,
} from '../../retrieval/top_request.ts';
import { type FoundRow, type SqlStatement, type TableColumns, topSql, unitsOf } from './filter_sql.ts';
import { digestOf, type IndexRow, indexRowsOf, nameOf, refuseTableName } from './manifest.ts';
import { asking, type DatabaseAddress, databaseAddress, isLost } from './reasons.ts';

export interface PostgresIndex extends SearchIndex {
  readonly row: IndexRow;
}

export interface OpenIndexOptions {
  readonly name: string;
  /** Timeout of a statement in milliseconds. */
  readonly patience?: number;
}

/** If there are fewer candidates than this many times the items of an answer, all are compared: a graph would visit most items to find them. */
const minCandidatesPerItem = 20;

/** @throws Failure `index-address`, `index-table`, `index-server`, `index-missing`, `index-other` */
export async function openPostgres(
  to: string,
  snapshot: Snapshot,
  { name, patience = 10_000 }: OpenIndexOptions,
): Promise<PostgresIndex> {
  const address = databaseAddress(to);
  refuseTableName(name);
  const locatedTable = await asking(address, locate({ address, name, snapshot, patience }));
  const searchContext = searchContextOf(snapshot);

  const answerRequest = async (request: TopRequest): Promise<TopAnswer> => {
    const {
      searchRequest: { vectors, k, allowed },
      unknown,
    } = prepareTop(request, searchContext);
    const candidates = allowed?.count() ?? snapshot.rows;
    const { vectors: units, scale } = unitsOf(vectors);
    const conditions = [
      ...(request.filter === undefined ? [] : [{ filter: request.filter, holds: true }]),
      ...(request.conditions ?? []),
    ].map(({ filter, holds }) => ({ condition: conditionOf(filter, snapshot.columns), holds }));
    const excludedItems = excludedRows(request, searchContext);
    const topQuery = { vectors: units, k: Math.min(k, candidates), without: excludedItems, conditions };
    const found = async (isExact: boolean): Promise<readonly BestRow[]> =>
      bestOf(await locatedTable.ask((place) => topSql(place, { ...topQuery, isExact })), topQuery.k, scale);
    const isFew = candidates < minCandidatesPerItem * topQuery.k;
    let best = topQuery.k === 0 ? [] : await found(isFew);
    // The search of the graph ended before enough items passed the filter.
    if (best.length < topQuery.k && !isFew) best = await found(true);
    return {
      version: snapshot.version,
      items: best.map((row) => itemAt(snapshot, row, request.shares ? vectors : undefined)),
      candidates,
      unknown,
      exact: false,
    };
  };

  return {
    address: address.shown,
    row: locatedTable.row,
    top: (requests) =>
      Promise.all(
        requests.map((request) =>
          asking(address, answerRequest(request)).catch((error: unknown) => {
            if (error instanceof Failure) return error;
            throw error;
          }),
        ),
      ),
    close: locatedTable.close,
  };
}

const searchContextOf = ({ rows, width, columns, objectives, itemRow, userRow, seenBy }: Snapshot): SearchContext => ({
  rows,
  width,
  objectives,
  seenBy,
  keys: { rowOf: itemRow },
  userKeys: { rowOf: userRow },
  filters: makeFilters(columns, rows),
});

interface BestRow {
  readonly row: number;
  readonly score: number;
}

/** Keeps the best score of each row, which may occur for several vectors. */
function bestOf(found: readonly FoundRow[], k: number, scale: number): readonly BestRow[] {
  const scores = new Map<number, number>();
  for (const { row, distance } of found)
    scores.set(row, Math.max(scores.get(row) ?? Number.NEGATIVE_INFINITY, -distance * scale));
  const scoredRows = Array.from(scores, ([row, score]) => ({ row, score }));
  return scoredRows.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
}

const itemAt = (
  { keyAt, titleAt, itemVector, objectives }: Snapshot,
  { row, score }: BestRow,
  vectors?: readonly Float64Array[],
): TopItem => ({
  row,
  key: keyAt(row),
  title: titleAt(row),
  score,
  shares: vectors && sharesOf(vectors, itemVector(row), objectives),
});

interface TableSearch {
  readonly address: DatabaseAddress;
  readonly name: string;
  readonly snapshot: Snapshot;
  /** Timeout of a statement in milliseconds. */
  readonly patience: number;
}

/** Maximum number of connections: as many as the bodies that a server answers at the same time. */
const maxConnections = 8;

/** Finds the table of a snapshot's own version and data, and connects to it. @throws Failure `index-missing`, `index-other`; errors of the client */
async function locate(search: TableSearch) {
  const { address, name, snapshot, patience } = search;
  const digest = digestOf(snapshot);
  const findTable = async (): Promise<IndexTable> => {
    const finder = poolOf(address, { max: 1 });
    try {
      const row = rowOf(await indexRowsOf(finder, name), search, digest);
      return tableOf(row, snapshot, address, patience);
    } finally {
      await finder.end();
    }
  };
  let currentTable = await findTable();
  let moving: Promise<void> | undefined;
  /** Switches to the new table if the same version was indexed again and the old table dropped. The first query that fails looks it up. */
  const moveOn = async (from: IndexTable): Promise<void> => {
    if (currentTable !== from) return;
    moving ??= findTable()
      .then((found) => {
        currentTable = found;
        return from.pool.end();
      })
      .finally(() => {
        moving = undefined;
      });
    await moving;
  };
  const askOnce = async (statement: (place: TableColumns) => SqlStatement): Promise<readonly FoundRow[]> => {
    const { text, values } = statement(currentTable.place);
    return (await currentTable.pool.query<FoundRow>(text, [...values])).rows;
  };

  return {
    get row() {
      return currentTable.row;
    },
    async ask(statement: (place: TableColumns) => SqlStatement): Promise<readonly FoundRow[]> {
      const askedTable = currentTable;
      try {
        return await askOnce(statement);
      } catch (error) {
        // A query changes nothing, so it may be repeated. A restart of the server breaks all connections.
        if (isMissing(error)) await moveOn(askedTable);
        else if (!isLost(error)) throw error;
        return askOnce(statement);
      }
    },
    close: () => currentTable.pool.end(),
  };
}

interface IndexTable {
  readonly row: IndexRow;
  readonly place: TableColumns;
  readonly pool: Pool;
}

function tableOf(row: IndexRow, { columns }: Snapshot, address: DatabaseAddress, patience: number): IndexTable {
  const { efSearch, half } = row.settings;
  const searchOptions = `-c hnsw.ef_search=${efSearch} -c hnsw.iterative_scan=strict_order`;
  const pool = poolOf(address, {
    max: maxConnections,
    options: [address.config.options, searchOptions].filter(Boolean).join(' '),
    statement_timeout: patience,
    // If the network is gone, there is no error, so the client needs its own timeout.
    query_timeout: 1.2 * patience,
  });
  return { row, pool, place: { table: row.table, width: row.width, half, nameOf: nameOf(columns, row.columns) } };
}

function poolOf({ config }: DatabaseAddress, options: object): Pool {
  const pool = new Pool({ ...config, ...options, allowExitOnIdle: true });
  // An unused connection was lost. The next query opens another one.
  pool.on('error', () => {});
  return pool;
}

/** True for the SQLSTATE of a table that does not exist. */
const isMissing = (error: unknown): boolean => error instanceof DatabaseError && error.code === '42P01';

function rowOf(
  all: readonly IndexRow[],
  { address, name, snapshot: { version } }: TableSearch,
  digest: string,
): IndexRow {
  const { shown } = address;
  if (all.length === 0) throw failure('index-missing', { address: shown, name });
  const sameVersion = all.filter((row) => row.version === version);
  if (sameVersion.length === 0) {
    const otherVersions = all.map((row) => `\`${row.version.slice(0, 12)}…\``).join(', ');
    throw failure('index-other', { address: shown, name, reason: `other runs: ${otherVersions}` });
  }
  const sameItems = sameVersion.find(({ keys }) => keys === digest);
  if (!sameItems) throw failure('index-other', { address: shown, name, reason: 'this run with other items' });
  return sameItems;
}
