/** DuckDB, loaded only when data is read: an in-memory database that fetches no extensions. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';

export interface Database {
  run(sql: string): Promise<void>;
  /** For small answers only: an object a row costs more than the query. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** DuckDB's types of a query's columns, in order, and how many rows it gave: it runs, so that what cannot be computed throws. */
  shape(sql: string): Promise<{ readonly types: readonly string[]; readonly rows: number }>;
  /** Chunks of at most 2,048 rows, in the query's order. */
  stream(sql: string, each: (chunk: DuckDBDataChunk) => void): Promise<void>;
  close(): void;
}

/**
 * Opens a database of its own, which reads the files given and nothing else, whatever an expression asks for.
 * `signal` interrupts whatever it is doing.
 */
export async function openDatabase(paths: readonly string[], signal?: AbortSignal): Promise<Database> {
  const api = await import('@duckdb/node-api');
  // A CommonJS package: bundled, its names are those of its default.
  const { DuckDBInstance } = 'DuckDBInstance' in api ? api : (api as { default: typeof api }).default;
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // What does not fit in memory goes where temporary files go, not beside the user's.
    temp_directory: join(tmpdir(), `tower-duckdb-${process.pid}`),
  });
  const connection: DuckDBConnection = await instance.connect();
  await connection.run(`SET allowed_paths = [${paths.map(quoteText).join(', ')}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  const stop = (): void => connection.interrupt();
  signal?.addEventListener('abort', stop);

  /** An interrupted query reports the reason of the interruption, not DuckDB's. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  };

  return {
    run: (sql) => guarded(async () => void (await connection.run(sql))),
    rows: (sql) => guarded(async () => (await connection.runAndReadAll(sql)).getRowObjectsJS()),
    shape: (sql) =>
      guarded(async () => {
        const result = await connection.run(sql);
        return { types: result.columnTypes().map((type) => type.alias ?? type.toString()), rows: result.rowCount };
      }),
    stream: (sql, each) =>
      guarded(async () => {
        const result = await connection.stream(sql);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (chunk === null || chunk.rowCount === 0) return;
          each(chunk);
        }
      }),
    close: () => {
      signal?.removeEventListener('abort', stop);
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A name as SQL writes it, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL writes it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A user's expression, kept from swallowing what follows it with a comment. */
export function enclose(expression: string): string {
  return `(${expression}\n)`;
}
