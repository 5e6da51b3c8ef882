/**
 * DuckDB, loaded only when data is read: an in-memory database that fetches no extensions. Files are read by Tower's own SQL alone.
 * Then the database is sealed, and only then an expression of a data block runs: see `expression.ts` for what it may be.
 */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { Failure } from '../../diagnostics/failure.ts';
import { memoryOfDatabase, QueryGuard } from './query_guard.ts';
import { removeSpill, spillFolder } from './spill.ts';

export interface Database {
  run(sql: string): Promise<void>;
  /** For small answers only: an object a row costs more than the query. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * The same of a query with one text in it, `$1`, in the order of its columns. The query is planned once: of a small one the plan takes most of the time. One text at a
   * time.
   */
  prepare(sql: string): Promise<(text: string) => Promise<readonly (readonly unknown[])[]>>;
  /**
   * DuckDB's types of a query's columns, in order, and how many rows it gave: it runs, so that what cannot be computed throws. A
   * query that runs past `limit` ends the work of the database.
   */
  shape(sql: string, limit?: Limit): Promise<{ readonly types: readonly string[]; readonly rows: number }>;
  /** Chunks of at most 2,048 rows, in the query's order. */
  stream(sql: string, each: (chunk: DuckDBDataChunk) => void): Promise<void>;
  /** Makes a table. Rows are added as they lie in memory, without an object for each. */
  fill(table: string, columns: readonly FilledColumn[], rows: number): Promise<void>;
  /** Adds rows to a new temporary table of a whole number, `line`, and of texts `c0`, `c1` …; there is one such table at a time. */
  appendTexts(table: string, columns: number): Promise<TextRowAppender>;
  /**
   * From here on the database reads and writes no file and no address, loads nothing, and no setting changes.
   * @param files which it still reads
   */
  seal(files?: readonly string[]): Promise<void>;
  /** Throws an error that is no answer to a query: an interruption, memory that is used up, or what `explain` made of it. */
  passOn(error: unknown): void;
  /** From here on `make` says which errors are no answers to a query, and what is thrown instead. */
  explain(make: (error: unknown) => Failure | undefined): void;
  close(): void;
}

/** Texts, undefined where there is none; a list of `width` numbers for each row; or a whole number. */
export type FilledColumn = { readonly name: string } & (
  | { readonly texts: Pick<readonly (string | undefined)[], 'at'> }
  | { readonly numbers: Float32Array; readonly width: number }
  | { readonly integers: Int32Array }
);

/** Adds rows as bytes: no string is made of a value. A value of no bytes is NULL. */
export interface TextRowAppender {
  /** The value of a column in the row that `endRow` ends: UTF-8, which stays as it is until `flush`. */
  set(column: number, bytes: Buffer, from: number, to: number): void;
  endRow(line: number): void;
  /** Copies what was set into the table. */
  flush(): void;
  /** The rows can be read from here on. */
  close(): void;
}

interface Limit {
  readonly milliseconds: number;
  /** What is thrown then. */
  readonly reason: Failure;
}

/**
 * Opens a database of its own. `signal` interrupts whatever it does.
 * @param memory bytes that it may keep in memory; it puts more than these into temporary files
 * @throws the reason of `signal`
 */
export async function openDatabase(signal?: AbortSignal, memory = memoryOfDatabase()): Promise<Database> {
  signal?.throwIfAborted();
  const spill = spillFolder();
  const { instance, connection } = await connect(spill.folder ?? '', memory);
  const guard = new QueryGuard(connection, spill.problem, memory);
  const onAbort = (): void => guard.end(signal!.reason);
  // It may have come while the database was loaded.
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort);
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
        // The rows are there: to fetch them would take a thread, and another turn of the event loop.
        const chunks = Array.from({ length: result.chunkCount }, (_, at) => result.getChunk(at));
        return chunks.flatMap((chunk) => chunk.convertRows(JSDuckDBValueConverter));
      };
    },
    shape: async (sql, limit) => {
      const clock = limit && setTimeout(() => guard.end(limit.reason), limit.milliseconds);
      try {
        const result = await run(sql);
        return { types: result.columnTypes().map((type) => type.alias ?? type.toString()), rows: result.rowCount };
      } finally {
        clearTimeout(clock);
      }
    },
    fill: (table, columns, rows) => guard.run(() => fill(connection, table, columns, rows)),
    appendTexts: (table, columns) => guard.run(() => appendTexts(connection, table, columns)),
    stream: (sql, each) => guard.run(() => stream(connection, sql, each)),
    seal: async (files = []) => {
      if (files.length > 0) await run(`SET allowed_paths = [${files.map(quoteText).join(', ')}]`);
      await run('SET enable_external_access = false');
      await run('SET lock_configuration = true');
    },
    passOn(error) {
      guard.throwIfEnded();
      if (error instanceof Failure) throw error;
    },
    explain(make) {
      guard.explain = make;
    },
    close() {
      signal?.removeEventListener('abort', onAbort);
      // A connection in use cannot be closed: it is once its query has ended.
      guard.whenIdle(() => {
        connection.closeSync();
        instance.closeSync();
        if (spill.folder !== undefined) removeSpill(spill.folder);
      });
    },
  };
}

/** @param folder for what does not fit in memory: where temporary files go, not where the user's files are */
async function connect(
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

async function loadApi() {
  const api = await import('@duckdb/node-api');
  // A CommonJS package: bundled, its names are those of its default.
  return 'DuckDBInstance' in api ? api : (api as { default: typeof api }).default;
}

async function fill(
  connection: DuckDBConnection,
  table: string,
  columns: readonly FilledColumn[],
  rows: number,
): Promise<void> {
  const { DuckDBDataChunk, ARRAY, FLOAT, INTEGER, VARCHAR } = await loadApi();
  const types = columns.map((column) =>
    'texts' in column ? VARCHAR : 'integers' in column ? INTEGER : ARRAY(FLOAT, column.width),
  );
  const declared = columns.map(({ name }, at) => `${quoteName(name)} ${types[at]!.toString()}`);
  await connection.run(`CREATE TABLE ${quoteName(table)} (${declared.join(', ')})`);
  const appender = await connection.createAppender(table);
  for (let from = 0; from < rows; from += chunkRows) {
    const to = Math.min(rows, from + chunkRows);
    const chunk = DuckDBDataChunk.create(types, to - from);
    for (const [at, column] of columns.entries()) {
      if ('texts' in column) {
        const texts = Array.from({ length: to - from }, (_, row) => column.texts.at(from + row) ?? null);
        chunk.setColumnValues(at, texts);
        continue;
      }
      if ('integers' in column) {
        const vector = chunk.getColumnVector(at) as unknown as { readonly items: Int32Array; flush(): void };
        vector.items.set(column.integers.subarray(from, to));
        vector.flush();
        continue;
      }
      const { numbers, width } = column;
      const vector = chunk.getColumnVector(at) as unknown as {
        readonly childData: { readonly items: Float32Array };
        flush(): void;
      };
      vector.childData.items.set(numbers.subarray(from * width, to * width));
      vector.flush();
    }
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/** As many rows as a chunk of DuckDB holds. */
const chunkRows = 2048;

/** DuckDB keeps a text in 16 bytes: its length, and up to 12 bytes after it. More of them lie elsewhere. */
export const textBytes = 16;
export const mostInline = 12;

async function appendTexts(connection: DuckDBConnection, table: string, columns: number): Promise<TextRowAppender> {
  const { DuckDBDataChunk, INTEGER, VARCHAR } = await loadApi();
  const loaded = await import('@duckdb/node-bindings');
  const bindings = ('default' in loaded ? loaded.default : loaded) as typeof loaded;
  const names = Array.from({ length: columns }, (_, at) => at);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE ${quoteName(table)} (line INTEGER${names.map((at) => `, c${at} VARCHAR`).join('')})`,
  );
  const appender = await connection.createAppender(table, undefined, 'temp');
  const chunk = DuckDBDataChunk.create([INTEGER, ...names.map(() => VARCHAR)]);
  const lines = new Int32Array(chunkRows);
  const texts = names.map(() => {
    const bytes = new Uint8Array(chunkRows * textBytes);
    const words = new Uint32Array(bytes.buffer);
    return { bytes, words, valid: new Uint8Array(chunkRows / 8), long: [] as (readonly [number, Buffer])[] };
  });
  let rows = 0;
  const flush = (): void => {
    if (rows === 0) return;
    chunk.reset();
    chunk.rowCount = rows;
    const vector = (at: number) => bindings.data_chunk_get_vector(chunk.chunk, at);
    bindings.copy_data_to_vector(vector(0), 0, lines.buffer, 0, rows * 4);
    for (const [at, { bytes, words, valid, long }] of texts.entries()) {
      const column = vector(at + 1);
      bindings.copy_data_to_vector(column, 0, bytes.buffer, 0, rows * textBytes);
      bindings.vector_ensure_validity_writable(column);
      bindings.copy_data_to_vector_validity(column, 0, valid.buffer, 0, Math.ceil(rows / 64) * 8);
      for (const [row, text] of long) bindings.vector_assign_string_element_len(column, row, text);
      words.fill(0);
      valid.fill(0);
      long.length = 0;
    }
    rows = 0;
    appender.appendDataChunk(chunk);
  };
  return {
    set(column, source, from, to) {
      const length = to - from;
      if (length === 0) return;
      const { bytes, words, valid, long } = texts[column]!;
      valid[rows >> 3]! |= 1 << (rows & 7);
      if (length > mostInline) long.push([rows, source.subarray(from, to)]);
      else {
        const start = rows * textBytes;
        words[start >> 2] = length;
        for (let i = 0; i < length; i++) bytes[start + 4 + i] = source[from + i]!;
      }
    },
    endRow(line) {
      lines[rows++] = line;
      if (rows === chunkRows) flush();
    },
    flush,
    close() {
      flush();
      appender.closeSync();
    },
  };
}

async function stream(
  connection: DuckDBConnection,
  sql: string,
  each: (chunk: DuckDBDataChunk) => void,
): Promise<void> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    each(chunk);
  }
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
