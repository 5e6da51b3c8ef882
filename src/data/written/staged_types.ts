/** What an items file is staged as: the database that computes items one by one needs the types, and not the rows. */
import type { Layout } from '../binding/layout.ts';
import { type Database, openDatabase } from '../files/duckdb.ts';
import type { DataSource } from '../files/source.ts';
import { stage } from '../rows/stage.ts';

export async function typesOf(source: DataSource, layout: Layout, signal: AbortSignal | undefined) {
  const database = await openDatabase(signal);
  try {
    return await stagedTypes(database, source, layout);
  } finally {
    database.close();
  }
}

/** Of the staged columns: the types that they have once all rows are there. */
export async function stagedTypes(
  database: Database,
  source: DataSource,
  layout: Layout,
): Promise<ReadonlyMap<string, string>> {
  await stage(database, source, layout);
  // Few rows come at a time: more threads would only wait for each other.
  await database.run('SET threads = 1');
  await database.seal();
  const rows = await database.rows('SELECT column_name, column_type FROM (DESCRIBE items)');
  return new Map(rows.map((row) => [String(row.column_name), String(row.column_type)]));
}

/** A database that has the rows once something asks it: few writes have a mistake. */
export function lookingUp(database: Database, fill: () => Promise<void>): Database {
  let filled: Promise<void> | undefined;
  const after = async <T>(work: () => Promise<T>): Promise<T> => {
    await (filled ??= fill());
    return work();
  };
  return {
    ...database,
    rows: (sql) => after(() => database.rows(sql)),
    shape: (sql, limit) => after(() => database.shape(sql, limit)),
    stream: (sql, each) => after(() => database.stream(sql, each)),
  };
}
