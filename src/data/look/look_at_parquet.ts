/** Rows of a Parquet file, through the database. */
import { openDatabase, quotePath } from '../files/duckdb.ts';
import { tableOfObjects } from './flat.ts';
import type { Looked } from './look_at_text.ts';
import { cellOf, exactJson } from './looked_table.ts';

const MOST = 20_000;

/** @throws what the database says of a damaged file */
export async function lookAtParquet(path: string, isKnown: boolean, signal?: AbortSignal): Promise<Looked> {
  const database = await openDatabase(signal);
  try {
    const from = `read_parquet([${quotePath(path)}], hive_partitioning = false)`;
    const described = await database.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${from})`);
    const columns = described.map((row) => String(row.column_name));
    const [meta] = await database.rows(`SELECT sum(num_rows) AS rows FROM parquet_file_metadata([${quotePath(path)}])`);
    const count = Number(meta!.rows);
    const sampled = await database.rows(
      `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM (SELECT * FROM ${from} LIMIT ${MOST}) t`,
    );
    const objects = sampled.map(({ row }) => exactJson(String(row)) as Record<string, unknown>);
    const rows = objects.map((object) => columns.map((name) => cellOf(object[name])));
    const types = described.map((row) => String(row.column_type));
    const seen = { kind: 'parquet', columns, types, rows, count, isWhole: count <= MOST, bad: 0 } as const;
    const structs = new Set(columns.filter((_, at) => types[at]!.startsWith('STRUCT(')));
    return tableOfObjects(seen, objects, isKnown, ([name]) => !structs.has(name!));
  } finally {
    database.close();
  }
}
