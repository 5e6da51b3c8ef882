/**
 * Opens DuckDB as an in-memory database that fetches no extensions. The library is loaded when data is first read. Tower's own SQL reads the files; then the
 * database is sealed, before any expression of a data block runs. `expression.ts` defines the allowed expressions. Long because no other file calls DuckDB.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { describeError, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { replaceDurably } from '../../base/storage/durable.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../base/storage/temporary.ts';
import { quoteName, quoteText } from '../../base/text/sql.ts';
import { memoryOfDatabase, QueryGuard } from './query_guard.ts';

/** Copies of files, or of their good records, for the database to read. Their temporary folder is created with the first copy. */
export class Copies {
  #folder: string | undefined;
  readonly #names = new Map<string, string>();

  /** Returns the path of a file's copy. @param ending the ending of its name, from which readers know the format @throws Failure `no-temporary-folder` */
  pathOfCopy(path: string, ending = ''): string {
    this.#folder ??= makeTemporaryFolder('read');
    const copyName = this.#names.get(path) ?? `${this.#names.size}${ending}`;
    this.#names.set(path, copyName);
    return join(this.#folder, copyName);
  }

  discard(): void {
    if (this.#folder !== undefined) removeTemporaryFolder(this.#folder);
    this.#folder = undefined;
  }
}

/** Runs `write`, and throws its system errors as failures. @throws Failure `cannot-write`, or `no-temporary-folder` if the folder is gone */
export async function failIfUnwritable<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!/^(ENOSPC|EDQUOT|EROFS|EACCES|ENOENT|ENOTDIR)$/.test((error as { code?: string }).code ?? '')) throw error;
    const reason = describeError(error);
    if (!existsSync(path)) throw failure('no-temporary-folder', { path: dirname(path), reason });
    throw failure('cannot-write', { path, reason });
  }
}

export interface Database {
  run(sql: string): Promise<void>;
  /** Returns an object for each row. Only for small results, because the objects cost more than the query. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Prepares a query with one text, `$1`: planning takes most of a small query's time. Values have the order of the columns. Calls must not overlap. */
  prepare(sql: string): Promise<(text: string) => Promise<readonly (readonly unknown[])[]>>;
  /**
   * Runs a query, so that errors of computation are thrown, and returns DuckDB's types of its columns, in order, and the number of its rows. A query that
   * exceeds `limit` ends all work of the database.
   */
  resultShape(sql: string, limit?: Limit): Promise<{ readonly types: readonly string[]; readonly rows: number }>;
  /** Passes the result in chunks of at most 2,048 rows, in the order of the query. */
  stream(sql: string, onChunk: (chunk: DuckDBDataChunk) => void): Promise<void>;
  /** Makes a table from columns in memory, without an object for each row. */
  createTable(table: string, columns: readonly FilledColumn[], rows: number): Promise<void>;
  /** Makes a temporary table with an integer column `line` and text columns `c0`, `c1`, …, and returns an appender for it. Only one such table may exist. */
  appendTexts(table: string, columns: number): Promise<TextRowAppender>;
  /** Seals the database: it can no longer access files or addresses, load extensions, or change settings. @param files exceptions that it may still read */
  seal(files?: readonly string[]): Promise<void>;
  /** Throws `error` again unless the SQL caused it. Other causes are an interruption, exhausted memory, and mistakes of this program. */
  rethrowUnlessSql(error: unknown): void;
  /** Sets the function that turns errors of files and stores into failures. It returns undefined for all other errors. */
  translateErrors(translate: (error: unknown) => Failure | undefined): void;
  close(): void;
}

/** Texts, undefined for missing ones; a list of `width` numbers for each row; or integers. */
export type FilledColumn = { readonly name: string } & (
  | { readonly texts: Pick<readonly (string | undefined)[], 'at'> }
  | { readonly numbers: Float32Array; readonly width: number }
  | { readonly integers: Int32Array }
);

/** Adds rows as bytes, without making strings. An empty value is NULL. */
export interface TextRowAppender {
  /** Sets the UTF-8 value of a column in the row that the next `endRow` ends. The bytes must not change before `flush`. */
  set(column: number, bytes: Buffer, from: number, to: number): void;
  endRow(line: number): void;
  /** Copies the rows so far into the table. */
  flush(): void;
  close(): void;
}

interface Limit {
  readonly milliseconds: number;
  /** The error to throw when the time limit has passed. */
  readonly reason: Failure;
}

/**
 * Opens a new database. `signal` interrupts its queries. @param memory bytes that it may hold in memory; the rest is written to temporary files @throws the
 * reason of `signal`
 */
export async function openDatabase(signal?: AbortSignal, memory = memoryOfDatabase()): Promise<Database> {
  signal?.throwIfAborted();
  const spillSpace = makeSpillFolder();
  const { instance, connection } = await openConnection(spillSpace.folder ?? '', memory);
  const guard = new QueryGuard(connection, spillSpace.problem, memory);
  const endQuery = (): void => guard.end(signal!.reason);
  // The signal may have been aborted while the database was loaded.
  if (signal?.aborted) endQuery();
  signal?.addEventListener('abort', endQuery);
  const run = (sql: string) => guard.run(() => connection.run(sql));

  return {
    run: async (sql) => void (await run(sql)),
    rows: (sql) => guard.run(async () => (await connection.runAndReadAll(sql)).getRowObjectsJS()),
    prepare: async (sql) => {
      const { JSDuckDBValueConverter } = await loadApi();
      const statement = await guard.run(() => connection.prepare(sql));
      return async (text) => {
        const result = await guard.run(() => {
          statement.bindVarchar(1, text);
          return statement.run();
        });
        // The rows are already in memory, so they are read at once. To await them would cost a thread and a turn of the event loop.
        const chunks = Array.from({ length: result.chunkCount }, (_, index) => result.getChunk(index));
        return chunks.flatMap((chunk) => chunk.convertRows(JSDuckDBValueConverter));
      };
    },
    resultShape: async (sql, limit) => {
      const limitTimer = limit && setTimeout(() => guard.end(limit.reason), limit.milliseconds);
      try {
        const result = await run(sql);
        return { types: result.columnTypes().map((type) => type.alias ?? type.toString()), rows: result.rowCount };
      } finally {
        clearTimeout(limitTimer);
      }
    },
    createTable: (table, columns, rows) => guard.run(() => createTable(connection, table, columns, rows)),
    appendTexts: (table, columns) => guard.run(() => appendTexts(connection, table, columns)),
    stream: (sql, onChunk) => guard.run(() => streamChunks(connection, sql, onChunk)),
    seal: async (files = []) => {
      if (files.length > 0) await run(`SET allowed_paths = [${files.map(quoteText).join(', ')}]`);
      await run('SET enable_external_access = false');
      await run('SET lock_configuration = true');
    },
    rethrowUnlessSql(error) {
      guard.throwIfEnded();
      // DuckDB throws plain errors. A failure has its message already, and other kinds of errors are mistakes of this program.
      if (error instanceof Failure || error instanceof RangeError || error instanceof TypeError) throw error;
    },
    translateErrors(translate) {
      guard.translateError = translate;
    },
    close() {
      signal?.removeEventListener('abort', endQuery);
      // A connection cannot be closed while a query runs, so it is closed afterwards.
      guard.whenIdle(() => {
        connection.closeSync();
        instance.closeSync();
        if (spillSpace.folder !== undefined) removeSpill(spillSpace.folder);
      });
    },
  };
}

/** @param folder for data that exceeds the memory; it is among the temporary files and not next to the user's files */
async function openConnection(
  folder: string,
  memory: number,
): Promise<{ instance: DuckDBInstance; connection: DuckDBConnection }> {
  const { DuckDBInstance } = await loadApi();
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: `${Math.floor(memory / 2 ** 20)}MiB`,
    temp_directory: folder,
  });
  return { instance, connection: await instance.connect() };
}

/** Opens an empty database and closes it. DuckDB then lets the C library return freed memory of the whole process to the system (`malloc_trim`). */
export async function releaseFreedMemory(): Promise<void> {
  const { DuckDBInstance } = await loadApi();
  (await DuckDBInstance.create(':memory:', { threads: '1' })).closeSync();
}

async function loadApi() {
  const api = await import('@duckdb/node-api');
  // In a bundle the names of this CommonJS package are those of its default export.
  return 'DuckDBInstance' in api ? api : (api as { default: typeof api }).default;
}

/** The arrays of a vector of DuckDB: those of integers, and of lists of numbers. */
interface InternalVector {
  readonly items: Int32Array;
  readonly childData: { readonly items: Float32Array };
  flush(): void;
}

async function createTable(
  connection: DuckDBConnection,
  table: string,
  columns: readonly FilledColumn[],
  rows: number,
): Promise<void> {
  const { DuckDBDataChunk, ARRAY, FLOAT, INTEGER, VARCHAR } = await loadApi();
  const types = columns.map((column) => {
    if ('texts' in column) return VARCHAR;
    return 'integers' in column ? INTEGER : ARRAY(FLOAT, column.width);
  });
  const columnDefinitions = columns.map(({ name }, index) => `${quoteName(name)} ${types[index]!.toString()}`);
  await connection.run(`CREATE TABLE ${quoteName(table)} (${columnDefinitions.join(', ')})`);
  const appender = await connection.createAppender(table);
  for (let firstRow = 0; firstRow < rows; firstRow += chunkRows) {
    const endRow = Math.min(rows, firstRow + chunkRows);
    const chunk = DuckDBDataChunk.create(types, endRow - firstRow);
    for (const [index, column] of columns.entries()) {
      if ('texts' in column) {
        const texts = Array.from({ length: endRow - firstRow }, (_, row) => column.texts.at(firstRow + row) ?? null);
        chunk.setColumnValues(index, texts);
        continue;
      }
      const vector = chunk.getColumnVector(index) as unknown as InternalVector;
      if ('integers' in column) vector.items.set(column.integers.subarray(firstRow, endRow));
      else vector.childData.items.set(column.numbers.subarray(firstRow * column.width, endRow * column.width));
      vector.flush();
    }
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** DuckDB's vector size. */
const chunkRows = 2048;

/** DuckDB stores a text in 16 bytes: its length and up to 12 bytes. Longer texts are stored elsewhere. */
export const textBytes = 16;
export const maxInlineBytes = 12;

async function appendTexts(connection: DuckDBConnection, table: string, columns: number): Promise<TextRowAppender> {
  const { DuckDBDataChunk, INTEGER, VARCHAR } = await loadApi();
  const bindingsModule = await import('@duckdb/node-bindings');
  const bindings = ('default' in bindingsModule ? bindingsModule.default : bindingsModule) as typeof bindingsModule;
  const columnIndexes = Array.from({ length: columns }, (_, index) => index);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${quoteName(table)} (line INTEGER${columnIndexes.map((index) => `, c${index} VARCHAR`).join('')})`,
  );
  const appender = await connection.createAppender(table, undefined, 'temp');
  const chunk = DuckDBDataChunk.create([INTEGER, ...columnIndexes.map(() => VARCHAR)]);
  const lineNumbers = new Int32Array(chunkRows);
  const textColumns = columnIndexes.map(() => {
    const bytes = new Uint8Array(chunkRows * textBytes);
    const words = new Uint32Array(bytes.buffer);
    return { bytes, words, valid: new Uint8Array(chunkRows / 8), long: [] as (readonly [number, Buffer])[] };
  });
  let rowCount = 0;
  const flush = (): void => {
    if (rowCount === 0) return;
    chunk.reset();
    chunk.rowCount = rowCount;
    const columnVector = (index: number) => bindings.data_chunk_get_vector(chunk.chunk, index);
    bindings.copy_data_to_vector(columnVector(0), 0, lineNumbers.buffer, 0, rowCount * 4);
    for (const [index, { bytes, words, valid, long }] of textColumns.entries()) {
      const column = columnVector(index + 1);
      bindings.copy_data_to_vector(column, 0, bytes.buffer, 0, rowCount * textBytes);
      bindings.vector_ensure_validity_writable(column);
      bindings.copy_data_to_vector_validity(column, 0, valid.buffer, 0, Math.ceil(rowCount / 64) * 8);
      for (const [row, text] of long) bindings.vector_assign_string_element_len(column, row, text);
      words.fill(0);
      valid.fill(0);
      long.length = 0;
    }
    rowCount = 0;
    appender.appendDataChunk(chunk);
  };
  return {
    set(column, source, from, to) {
      const length = to - from;
      if (length === 0) return;
      const { bytes, words, valid, long } = textColumns[column]!;
      valid[rowCount >> 3]! |= 1 << (rowCount & 7);
      if (length > maxInlineBytes) long.push([rowCount, source.subarray(from, to)]);
      else {
        const start = rowCount * textBytes;
        words[start >> 2] = length;
        for (let i = 0; i < length; i++) bytes[start + 4 + i] = source[from + i]!;
      }
    },
    endRow(line) {
      lineNumbers[rowCount++] = line;
      if (rowCount === chunkRows) flush();
    },
    flush,
    close() {
      flush();
      appender.closeSync();
    },
  };
}

async function streamChunks(
  connection: DuckDBConnection,
  sql: string,
  onChunk: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    onChunk(chunk);
  }
}

/** Returns the first line of an error without DuckDB's prefix for its kind: `Binder Error: `. */
export const sqlReason = (error: unknown): string => describeError(error).replace(/^[A-Z]\w+( \w+)? Error: /, '');

export const isNumber = (type: string): boolean =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)\b/.test(type) && !isList(type);

export const isList = (type: string): boolean => type.endsWith(']');

export const elementOf = (listType: string): string => listType.slice(0, listType.lastIndexOf('['));

/** Returns SQL for a column as text. Whole numbers have no decimals, so that they are the same keys as in a column of integers. */
export function castToText(column: string, type: string): string {
  const limit = wholeNumberLimit(type);
  const fraction = /^DECIMAL\(\d+,0\)$/.test(type) ? undefined : /^DECIMAL/.exec(type);
  if (limit === undefined && !fraction) return `CAST(${column} AS VARCHAR)`;
  const isWhole = `${column} = floor(${column})${limit === undefined ? '' : ` AND abs(${column}) < ${limit}`}`;
  return `CASE WHEN ${isWhole} THEN CAST(CAST(${column} AS HUGEINT) AS VARCHAR) ELSE CAST(${column} AS VARCHAR) END`;
}

/** Returns the limit above which a floating-point type does not represent every whole number; undefined for other types. */
export const wholeNumberLimit = (type: string): number | undefined =>
  type === 'DOUBLE' ? 2 ** 53 : type === 'FLOAT' ? 2 ** 24 : undefined;

/** Quotes the path of a file for DuckDB's readers. They interpret `*`, `?` and `[` as patterns, so each becomes a set of one character. */
export const quotePath = (path: string): string => quoteText(path.replaceAll(/[*?[]/g, '[$&]'));

/** Encloses a user's expression so that a comment at its end does not hide the SQL that follows. */
export const enclose = (expression: string): string => `(${expression}\n)`;

/** Writes a Parquet file; rows keep their order. @param selectedSql SQL that computes the columns of the file @throws Failure `cannot-write` */
export async function writeParquet(
  path: string,
  columns: readonly FilledColumn[],
  rows: number,
  selectedSql = '*',
): Promise<void> {
  const database = await openDatabase();
  try {
    await database.createTable('rows', columns, rows);
    await copyToParquet(database, path, `SELECT ${selectedSql} FROM rows`);
  } finally {
    database.close();
  }
}

/** Writes the result of a query as a Parquet file. @throws Failure `cannot-write` */
export async function copyToParquet(database: Database, path: string, query: string): Promise<void> {
  await replaceDurably(path, async (partial) => {
    try {
      await database.run(`COPY (${query}) TO ${quoteText(partial)} (FORMAT parquet, COMPRESSION zstd)`);
    } catch (error) {
      database.rethrowUnlessSql(error);
      throw failure('cannot-write', { path, reason: describeError(error) });
    }
  });
}

/** Makes the folder for spilled data. Few data sets need it, so a failure is only reported when memory is exhausted. */
function makeSpillFolder(): { readonly folder?: string; readonly problem?: string } {
  try {
    const folder = makeTemporaryFolder('duckdb');
    if (spillFolders.size === 0) process.on('exit', removeSpills);
    spillFolders.add(folder);
    return { folder };
  } catch (error) {
    if (error instanceof Failure) return { problem: error.message };
    throw error;
  }
}

const spillFolders = new Set<string>();

/** Removes the remaining folders before a signal ends the process. */
export function removeSpills(): void {
  for (const folder of spillFolders) removeSpill(folder);
}

function removeSpill(folder: string): void {
  removeTemporaryFolder(folder);
  spillFolders.delete(folder);
  if (spillFolders.size === 0) process.off('exit', removeSpills);
}
