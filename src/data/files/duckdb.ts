/**
 * DuckDB, loaded only when data is read: an in-memory database that fetches no extensions. Files are read by Tower's own SQL alone.
 * Then the database is sealed, and only then an expression of a data block runs: see `expression.ts` for what it may be.
 */
import { totalmem } from 'node:os';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { Failure, failure } from '../../diagnostics/failure.ts';
import { makeTemporary, removeTemporary } from '../../diagnostics/temporary.ts';

export interface Database {
  run(sql: string): Promise<void>;
  /** For small answers only: an object a row costs more than the query. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * DuckDB's types of a query's columns, in order, and how many rows it gave: it runs, so that what cannot be computed throws. A
   * query that runs past `limit` ends the work of the database.
   */
  shape(sql: string, limit?: Limit): Promise<{ readonly types: readonly string[]; readonly rows: number }>;
  /** Chunks of at most 2,048 rows, in the query's order. */
  stream(sql: string, each: (chunk: DuckDBDataChunk) => void): Promise<void>;
  /** From here on the database reads and writes no file and no address, loads nothing, and no setting changes. */
  seal(): Promise<void>;
  /** Throws an error that is no answer to a query: an interruption, or memory that is used up. */
  passOn(error: unknown): void;
  close(): void;
}

export interface Limit {
  readonly milliseconds: number;
  /** What is thrown then. */
  readonly reason: Failure;
}

/** Shares of the machine's memory: what the database may keep, and what the process may reach while a query runs. */
const KEPT = 0.5;
const REACHED = 0.75;

/** How often memory is looked at, and how long an interrupted query may take to end, in milliseconds. */
const LOOK = 100;
const GRACE = 1000;

/** Queries that did not end when they were interrupted. DuckDB stops between chunks of rows, not within one value. */
let stuck = 0;

/** Whether a query goes on that nothing can stop: the process does not end by itself then. */
export function isStuck(): boolean {
  return stuck > 0;
}

/**
 * Opens a database of its own. `signal` interrupts whatever it does.
 * @throws the reason of `signal`
 */
export async function openDatabase(signal?: AbortSignal): Promise<Database> {
  signal?.throwIfAborted();
  const api = await import('@duckdb/node-api');
  // A CommonJS package: bundled, its names are those of its default.
  const { DuckDBInstance } = 'DuckDBInstance' in api ? api : (api as { default: typeof api }).default;
  const memory = memoryOfMachine();
  const spill = spillFolder();
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: `${Math.floor((memory * KEPT) / 2 ** 20)}MiB`,
    // What does not fit in memory goes where temporary files go, not where the user's files are.
    temp_directory: spill.folder ?? '',
  });
  const connection: DuckDBConnection = await instance.connect();

  /** What ended the work, once something has. */
  const ended: { reason: unknown }[] = [];
  let pending = 0;
  let closed = false;
  let giveUp: (reason: unknown) => void = () => {};
  const end = (reason: unknown): void => {
    if (ended.length > 0) return;
    ended.push({ reason });
    connection.interrupt();
    // A query that has not begun yet does not notice.
    const again = setInterval(() => (pending > 0 ? connection.interrupt() : clearInterval(again)), LOOK);
    again.unref();
    setTimeout(() => giveUp(reason), GRACE).unref();
  };
  const throwIfEnded = (): void => {
    if (ended[0] !== undefined) throw ended[0].reason;
  };
  const onAbort = (): void => end(signal!.reason);
  signal?.addEventListener('abort', onAbort);
  const usedUp = (): Failure => failure('data-memory', { bytes: memory * KEPT, spill: spill.problem });

  /** A query that is interrupted reports why, not DuckDB's words. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    throwIfEnded();
    const look = setInterval(() => {
      if (process.memoryUsage.rss() > memory * REACHED) end(usedUp());
    }, LOOK);
    pending++;
    const working = work().finally(() => {
      pending--;
      if (closed) release();
    });
    try {
      return await Promise.race([working, new Promise<never>((_, reject) => (giveUp = reject))]);
    } catch (error) {
      throwIfEnded();
      throw isMemory(error) ? usedUp() : error;
    } finally {
      clearInterval(look);
      giveUp = () => {};
      // The query that was given up has not ended, and nobody waits for it.
      working.catch(() => {});
    }
  };

  const release = (): void => {
    if (pending > 0) return;
    if (abandoned) stuck--;
    abandoned = false;
    connection.closeSync();
    instance.closeSync();
    if (spill.folder !== undefined) removeSpill(spill.folder);
  };
  let abandoned = false;

  return {
    run: (sql) => guarded(async () => void (await connection.run(sql))),
    rows: (sql) => guarded(async () => (await connection.runAndReadAll(sql)).getRowObjectsJS()),
    shape: async (sql, limit) => {
      const clock = limit && setTimeout(() => end(limit.reason), limit.milliseconds);
      try {
        return await guarded(async () => {
          const result = await connection.run(sql);
          return { types: result.columnTypes().map((type) => type.alias ?? type.toString()), rows: result.rowCount };
        });
      } finally {
        clearTimeout(clock);
      }
    },
    stream: (sql, each) =>
      guarded(async () => {
        const result = await connection.stream(sql);
        for (;;) {
          const chunk = await result.fetchChunk();
          if (chunk === null || chunk.rowCount === 0) return;
          each(chunk);
        }
      }),
    seal: () =>
      guarded(async () => {
        await connection.run('SET enable_external_access = false');
        await connection.run('SET lock_configuration = true');
      }),
    passOn(error) {
      throwIfEnded();
      if (error instanceof Failure) throw error;
    },
    close: () => {
      signal?.removeEventListener('abort', onAbort);
      closed = true;
      // A connection in use cannot be closed: it is once its query has ended.
      abandoned = pending > 0;
      if (abandoned) stuck++;
      release();
    },
  };
}

/** What this process may use: of the machine, or of the container it runs in. */
function memoryOfMachine(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Few data sets need the folder, so its absence matters only once memory is used up. */
function spillFolder(): { readonly folder?: string; readonly problem?: string } {
  try {
    const folder = makeTemporary('tower-duckdb-');
    if (spills.size === 0) process.on('exit', removeSpills);
    spills.add(folder);
    return { folder };
  } catch (error) {
    if (error instanceof Failure) return { problem: error.message };
    throw error;
  }
}

/** Folders of open databases: they go with the process, too. */
const spills = new Set<string>();

/** Removes what is left of them, before a signal ends the process. */
export function removeSpills(): void {
  for (const folder of spills) removeSpill(folder);
}

function removeSpill(folder: string): void {
  removeTemporary(folder);
  spills.delete(folder);
  if (spills.size === 0) process.off('exit', removeSpills);
}

function isMemory(error: unknown): boolean {
  return (
    error instanceof Error && /^Out of Memory Error|bad_alloc|bad allocation|Failed to allocate/.test(error.message)
  );
}

/** A name as SQL writes it, whatever is in it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL writes it. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A file's path as DuckDB's readers take it. They read `*`, `?` and `[` as a pattern, so each is a set of one character. */
export function quotePath(path: string): string {
  return quoteText(path.replaceAll(/[*?[]/g, '[$&]'));
}

/** A user's expression, kept from swallowing what follows it with a comment. */
export function enclose(expression: string): string {
  return `(${expression}\n)`;
}
