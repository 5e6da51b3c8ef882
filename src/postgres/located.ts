/** The table of a snapshot's own version and data, and the connections that search it. */
import { DatabaseError, Pool } from 'pg';
import { failure } from '../diagnostics/failure.ts';
import type { Snapshot } from '../serve/snapshot.ts';
import type { Address } from './address.ts';
import { nameOf } from './layout.ts';
import { digestOf, type IndexRow, indexesOf } from './manifest.ts';
import { isLost } from './reasons.ts';
import type { Found, Place, Statement } from './top_sql.ts';

export interface Located {
  readonly row: IndexRow;
  ask(statement: (place: Place) => Statement): Promise<readonly Found[]>;
  close(): Promise<void>;
}

export interface Sought {
  readonly address: Address;
  /** What the index is called. */
  readonly name: string;
  readonly snapshot: Snapshot;
  /** Milliseconds that the server may take for a statement. */
  readonly patience: number;
}

/** Connections at most: as many as bodies that a server answers at the same time. */
const connections = 8;

/** @throws Failure `index-missing`, `index-other`; errors of the client */
export async function locate({ address, name, snapshot, patience }: Sought): Promise<Located> {
  const digest = digestOf(snapshot);
  const find = async (): Promise<Table> => {
    const finder = poolOf(address, { max: 1 });
    try {
      const row = rowOf(await indexesOf(finder, name), { address, name, version: snapshot.version, digest });
      return tableOf(row, snapshot, address, patience);
    } finally {
      await finder.end();
    }
  };
  let table = await find();
  let moving: Promise<void> | undefined;
  /** The same version was indexed again, and the older table dropped. The first question that notices it looks the new one up. */
  const move = async (from: Table): Promise<void> => {
    if (table !== from) return;
    moving ??= find()
      .then((found) => {
        table = found;
        return from.pool.end();
      })
      .finally(() => {
        moving = undefined;
      });
    await moving;
  };
  const askOnce = async (statement: (place: Place) => Statement): Promise<readonly Found[]> => {
    const { text, values } = statement(table.place);
    return (await table.pool.query<Found>(text, [...values])).rows;
  };

  return {
    get row() {
      return table.row;
    },
    async ask(statement) {
      const asked = table;
      try {
        return await askOnce(statement);
      } catch (error) {
        // A question changes nothing, so it may be asked twice: after a restart of the server all connections are lost.
        if (isMissing(error)) await move(asked);
        else if (!isLost(error)) throw error;
        return askOnce(statement);
      }
    },
    close: () => table.pool.end(),
  };
}

interface Table {
  readonly row: IndexRow;
  readonly place: Place;
  readonly pool: Pool;
}

function tableOf(row: IndexRow, { columns }: Snapshot, address: Address, patience: number): Table {
  const { efSearch, half } = row.settings;
  const pool = poolOf(address, {
    max: connections,
    options: [address.config.options, `-c hnsw.ef_search=${efSearch} -c hnsw.iterative_scan=strict_order`]
      .filter(Boolean)
      .join(' '),
    statement_timeout: patience,
    // Where the network is gone, no error comes.
    query_timeout: 1.2 * patience,
  });
  return { row, pool, place: { table: row.table, width: row.width, half, nameOf: nameOf(columns, row.columns) } };
}

function poolOf({ config }: Address, options: object): Pool {
  const pool = new Pool({ ...config, ...options, allowExitOnIdle: true });
  // A connection that nobody uses was lost: the next question opens another one.
  pool.on('error', () => {});
  return pool;
}

/** SQLSTATE of a table that is not there. */
const isMissing = (error: unknown): boolean => error instanceof DatabaseError && error.code === '42P01';

interface Own {
  readonly address: Address;
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

function rowOf(all: readonly IndexRow[], { address: { shown }, name, version, digest }: Own): IndexRow {
  if (all.length === 0) throw failure('index-missing', { address: shown, name });
  const same = all.filter((each) => each.version === version);
  if (same.length === 0) {
    const others = all.map((each) => `\`${each.version.slice(0, 12)}…\``).join(', ');
    throw failure('index-other', { address: shown, name, reason: `other runs: ${others}` });
  }
  const found = same.find((each) => each.keys === digest);
  if (!found) throw failure('index-other', { address: shown, name, reason: 'this run with other items' });
  return found;
}
