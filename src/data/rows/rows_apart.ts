/** Lists that belong together, element by element, in the rows of a file. */
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Database } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import { computedQuery } from './staged_tables.ts';

/** Row ids of a role whose two lists differ in length, or have an element without a value. */
export async function rowsApart(
  database: Database,
  role: Role,
  lists: readonly [ColumnRequest, ColumnRequest],
  layout: Layout,
): Promise<readonly number[]> {
  const { sql } = await computedQuery(database, role, lists, layout);
  const has = (list: string): string => `coalesce(len(${list}), 0)`;
  const filled = (list: string): string =>
    `coalesce(len(list_filter(${list}, element -> coalesce(CAST(element AS VARCHAR), '') <> '')), 0)`;
  const found = await database.rows(
    `SELECT CAST(row AS INTEGER) AS row FROM (${sql})
     WHERE ${has('c0')} <> ${has('c1')} OR ${has('c0')} <> ${filled('c0')} OR ${has('c1')} <> ${filled('c1')} ORDER BY row`,
  );
  return found.map(({ row }) => Number(row));
}
