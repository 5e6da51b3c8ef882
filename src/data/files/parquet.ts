/** Tables as Parquet files, which DuckDB writes. */
import { failure } from '../../base/diagnostics/failure.ts';
import { replaceDurably } from '../../base/storage/durable.ts';
import { type FilledColumn, openDatabase, quoteText } from './duckdb.ts';

/**
 * The rows keep their order.
 * @throws Failure `cannot-write`
 */
export async function writeParquet(path: string, columns: readonly FilledColumn[], rows: number): Promise<void> {
  const database = await openDatabase();
  try {
    await database.fill('rows', columns, rows);
    await replaceDurably(path, async (partial) => {
      try {
        await database.run(`COPY rows TO ${quoteText(partial)} (FORMAT parquet, COMPRESSION zstd)`);
      } catch (error) {
        database.passOn(error);
        throw failure('cannot-write', { path, reason: (error as Error).message.split('\n')[0]! });
      }
    });
  } finally {
    database.close();
  }
}
