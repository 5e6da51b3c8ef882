/** Rows of a Parquet file, through the database. */
import { openDatabase, quotePath } from '../files/duckdb.ts';
import type { Looked } from './look_at_text.ts';
import { cellOf } from './looked_table.ts';

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
    const rows = sampled.map(({ row }) => {
      const object = JSON.parse(String(row)) as Record<string, unknown>;
      return columns.map((name) => cellOf(object[name]));
    });
    const because = ['the ending of its name is unknown to a data block'];
    const rewrite = { because, encoding: 'utf-8', from: ',', to: ',', header: [], hasHeader: true } as const;
    return {
      kind: 'parquet',
      columns,
      types: described.map((row) => String(row.column_type)),
      rows,
      count,
      isWhole: count <= MOST,
      bad: 0,
      ...(isKnown ? {} : { rewrite }),
    };
  } finally {
    database.close();
  }
}
