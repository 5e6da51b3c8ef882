/** What the files of one role hold: their columns and types, read from headers and a sample, before any row. */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import { type CsvLook, lookAtCsv } from './csv.ts';
import { type Database, quoteText } from './duckdb.ts';
import type { InputFile, InputFiles, Role } from './files.ts';

export interface SourceColumn {
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
  /** A CSV column with a few values of another type, see `CsvColumn`. */
  readonly mixed: boolean;
  /** A CSV column without a value in the sample. */
  readonly unknown?: boolean;
}

export interface DataSource extends InputFiles {
  readonly columns: readonly SourceColumn[];
  /** How each CSV file looks, by its path. */
  readonly looks: ReadonlyMap<string, CsvLook>;
}

/** Reads headers; a source with a mistake is absent. */
export async function describeSources(
  database: Database,
  inputs: readonly InputFiles[],
): Promise<{ readonly output: ReadonlyMap<Role, DataSource>; readonly diagnostics: readonly Diagnostic[] }> {
  const output = new Map<Role, DataSource>();
  const diagnostics: Diagnostic[] = [];
  for (const input of inputs) {
    const looks = new Map<string, CsvLook>();
    const described: (readonly SourceColumn[])[] = [];
    const before = diagnostics.length;
    for (const file of input.files) {
      try {
        const columns = await columnsOf(database, file, looks);
        if (columns.length === 0) throw new Error('it is empty, and its first line should name its columns');
        described.push(columns);
      } catch (error) {
        diagnostics.push(unreadable(error, file, input));
      }
    }
    if (diagnostics.length === before) diagnostics.push(...differences(input, described));
    if (diagnostics.length === before) output.set(input.role, { ...input, columns: merged(described), looks });
  }
  return { output, diagnostics };
}

async function columnsOf(
  database: Database,
  file: InputFile,
  looks: Map<string, CsvLook>,
): Promise<readonly SourceColumn[]> {
  if (file.kind === 'csv') {
    const look = await lookAtCsv(file);
    looks.set(file.path, look);
    return look.columns;
  }
  const from =
    file.kind === 'parquet'
      ? `read_parquet([${quoteText(file.path)}])`
      : `read_json([${quoteText(file.path)}], format = '${jsonFormat(file)}', records = true, sample_size = -1, ignore_errors = true)`;
  const rows = await database.rows(`DESCRIBE SELECT * FROM ${from}`).catch((error) => {
    if (/expected records/.test(String(error))) throw new Error('it holds JSON that is no object with names');
    throw error;
  });
  const columns = rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type), mixed: false }));
  // No SQL can hold a zero byte, so nothing could name such a column.
  return columns.filter(({ name }) => !name.includes('\0'));
}

/** One array of objects, or an object a line. */
export function jsonFormat(file: InputFile): 'array' | 'newline_delimited' {
  if (file.compressed) return 'newline_delimited';
  const bytes = Buffer.alloc(1024);
  const handle = openSync(file.path, 'r');
  const length = readSync(handle, bytes);
  closeSync(handle);
  return bytes
    .subarray(0, length)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
    .startsWith('[')
    ? 'array'
    : 'newline_delimited';
}

/** A damaged file is told from one that may not be read. */
export function unreadable(error: unknown, file: InputFile, input: InputFiles): Diagnostic {
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const damaged = !/EACCES|EISDIR|EPERM|Permission/.test(reason);
  const facts = { path: file.name, reason: reason.replace(/^[A-Z]\w+( \w+)? Error: /, '') };
  return diagnose(damaged ? 'data-file-damaged' : 'data-file-unreadable', input.described.span, facts);
}

/** All files of one pattern need the columns of the first. */
function differences(input: InputFiles, described: readonly (readonly SourceColumn[])[]): Diagnostic[] {
  const first = described[0]!;
  return described.flatMap((columns, at) => {
    const names = new Set(columns.map((column) => column.name.toLowerCase()));
    const absent = first.find((column) => !names.has(column.name.toLowerCase()));
    if (absent === undefined) return [];
    const facts = { path: input.files[at]!.name, first: input.files[0]!.name, column: absent.name };
    return [diagnose('data-file-headers', input.described.span, facts)];
  });
}

/** Where files disagree about a type, the wider one. */
function merged(described: readonly (readonly SourceColumn[])[]): SourceColumn[] {
  const [first, ...others] = described;
  return first!.map((column) => {
    let { type, mixed } = column;
    const unknown = described.every((columns) => columns.find(({ name }) => name === column.name)?.unknown);
    for (const other of others) {
      const same = other.find(({ name }) => name.toLowerCase() === column.name.toLowerCase())!;
      if (same.type !== type) type = isNumber(same.type) && isNumber(type) ? 'DOUBLE' : 'VARCHAR';
      mixed ||= same.mixed;
    }
    return { name: column.name, type, mixed, unknown };
  });
}

/** Whether a DuckDB type holds numbers. */
export function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)\b/.test(type) && !isList(type);
}

/** Whether a DuckDB type is a list or an array. */
export function isList(type: string): boolean {
  return type.endsWith(']');
}
