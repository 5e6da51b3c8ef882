/** How large the data is, asked of the database before any row leaves it. */
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import { computedQuery, elementOf, textOf } from '../rows/staged_tables.ts';
import type { Computing } from '../valid_files.ts';
import { rawBytes } from './layout.ts';
import type { ShardRequest } from './request.ts';

export interface Estimate {
  /** Events. */
  readonly rows: number;
  /** Bytes of an event as it leaves the database. */
  readonly row: number;
  /** Bytes of the tables that training holds. */
  readonly tables: number;
}

const known = new WeakMap<Computing, Promise<Estimate>>();

/** Asked once. */
export function estimate(request: ShardRequest, computing: Computing): Promise<Estimate> {
  const before = known.get(computing) ?? estimated(request, computing);
  known.set(computing, before);
  return before;
}

async function estimated({ tables = [] }: ShardRequest, computing: Computing): Promise<Estimate> {
  const { database, layout, wanted, needs, staged } = computing;
  const columns = wanted.columns.get('events')!;
  const lists = columns.filter(({ form }) => form === 'codes' || form === 'numbers');
  const lengths = await answered(
    database,
    () => averageLengths(database, lists, layout),
    lists.map(() => 16),
  );
  const row = rawBytes(columns, (column) => lengths[lists.indexOf(column)]!);
  let bytes = 0;
  for (const { encoderOf, rowBytes } of tables) {
    const encoder = needs.features.find(({ name }) => name === encoderOf)?.encoder;
    const hashed = encoder?.kind === 'hash' ? encoder.buckets : undefined;
    const rows = hashed ?? (await answered(database, () => distinct(computing, encoderOf), 0));
    bytes += rowBytes * rows;
  }
  return { rows: staged.get('events')!.rows, row, tables: bytes };
}

/** An expression that fails on some rows is reported later, with these rows. */
const answered = <T>(database: Database, ask: () => Promise<T>, otherwise: T): Promise<T> =>
  ask().catch((error: unknown) => {
    database.passOn(error);
    return otherwise;
  });

async function averageLengths(
  database: Database,
  lists: readonly ColumnRequest[],
  layout: Layout,
): Promise<readonly number[]> {
  if (lists.length === 0) return [];
  const { sql } = await computedQuery(database, 'events', lists, layout);
  const lengths = lists.map((_, at) => `coalesce(avg(len(c${at})), 0) AS l${at}`).join(', ');
  const [row] = await database.rows(`SELECT ${lengths} FROM (${sql})`);
  return lists.map((_, at) => Number(row![`l${at}`]));
}

/** Texts of a dictionary, about: each column that it numbers counts for itself. */
async function distinct({ database, wanted, layout }: Computing, dictionary: string): Promise<number> {
  let most = 0;
  for (const [role, columns] of wanted.columns) {
    for (const column of columns) {
      if (column.dictionary !== dictionary) continue;
      const { sql, types } = await computedQuery(database, role, [column], layout);
      const value = column.form === 'code' ? 'c0' : 'unnest(c0)';
      const type = column.form === 'code' ? types[0]! : elementOf(types[0]!);
      const [row] = await database.rows(
        `SELECT approx_count_distinct(${textOf('value', type)}) AS texts FROM (SELECT ${value} AS value FROM (${sql}))`,
      );
      most = Math.max(most, Number(row!.texts));
    }
  }
  return most;
}
