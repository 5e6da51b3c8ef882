/** Finds the columns and types of one role's files, from headers and a sample, before any row is read. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { type CsvLayout, sampleCsv } from './csv.ts';
import { type Copies, type Database, quotePath, writingCopy } from './duckdb.ts';
import type { DescribedFile, InputFile, InputFiles, Role } from './files.ts';
import { FileShapeError } from './records/csv.ts';
import { JsonArrayScanner, JsonLinesScanner, LinesScanner, lineColumns } from './records/lines.ts';
import { copyGood, type JsonScanner, readBeginning, type ScanResult, scanFile, stampOf } from './records/scan.ts';

interface SourceColumn {
  readonly name: string;
  readonly type: string;
  /** A CSV column with a few values of another type, see `CsvColumn`. */
  readonly mixed: boolean;
  /** The type in each file, where they differ. */
  readonly types?: readonly string[];
  /** A CSV column without a value in the sample. */
  readonly unknown?: boolean;
}

export interface DataSource extends InputFiles {
  readonly columns: readonly SourceColumn[];
  readonly looks: ReadonlyMap<string, CsvLayout>;
  /** By path. The database ends the process on some of what may be in a JSON file, so it comes second. */
  readonly jsons: ReadonlyMap<string, JsonAccount>;
  /** By path, a text that differs once the file is written again: see `stampOf`. */
  readonly stamps: ReadonlyMap<string, string>;
  readonly copies: Copies;
}

interface JsonAccount {
  readonly scan: ScanResult;
  readonly format: JsonFormat;
  /** The file that the database reads: this one, or the copy of its good records. */
  readonly from: { readonly path: string; readonly format: JsonFormat };
}

/** One array of objects, or an object a line. */
export type JsonFormat = 'array' | 'newline_delimited';

const SAMPLE_BYTES = 64 * 1024;

interface Accounts {
  readonly looks: Map<string, CsvLayout>;
  readonly jsons: Map<string, JsonAccount>;
  readonly stamps: Map<string, string>;
  readonly copies: Copies;
}

/** Reads headers; a source with an error is absent. */
export async function describeSources(
  database: Database,
  inputs: readonly InputFiles[],
  copies: Copies,
  signal?: AbortSignal,
): Promise<{ readonly output: ReadonlyMap<Role, DataSource>; readonly diagnostics: readonly Diagnostic[] }> {
  const output = new Map<Role, DataSource>();
  const diagnostics: Diagnostic[] = [];
  for (const input of inputs) {
    const accounts = { looks: new Map(), jsons: new Map(), stamps: new Map(), copies } satisfies Accounts;
    const columnsOfFiles: (readonly SourceColumn[])[] = [];
    const errorsBefore = diagnostics.length;
    for (const file of input.files) {
      try {
        accounts.stamps.set(file.path, stampOf(file));
        const columns = await columnsOf(database, file, accounts, signal);
        if (columns.length === 0) throw new Error('it is empty, and its first line should name its columns');
        columnsOfFiles.push(columns);
      } catch (error) {
        database.passOn(error);
        diagnostics.push(unreadable(error, file));
      }
    }
    if (diagnostics.length === errorsBefore) diagnostics.push(...differences(input, columnsOfFiles));
    if (diagnostics.length === errorsBefore)
      output.set(input.role, { ...input, columns: merged(columnsOfFiles), ...accounts });
  }
  return { output, diagnostics };
}

async function columnsOf(
  database: Database,
  file: InputFile,
  accounts: Accounts,
  signal: AbortSignal | undefined,
): Promise<readonly SourceColumn[]> {
  if (file.kind === 'csv') {
    const look = await sampleCsv(file);
    accounts.looks.set(file.path, look);
    return look.columns;
  }
  if (file.kind === 'lines') return columnsOfLines(file);
  let tableSql = `read_parquet([${quotePath(file.path)}], hive_partitioning = false)`;
  if (file.kind === 'parquet') await refuseRepeated(database, file);
  if (file.kind === 'json') {
    const account = await accountOfJson(file, accounts.copies, signal);
    accounts.jsons.set(file.path, account);
    const { path, format } = account.from;
    tableSql = `read_json([${quotePath(path)}], format = '${format}', records = true, sample_size = -1, ignore_errors = ${format !== 'array'}, hive_partitioning = false)`;
  }
  // A name that begins with a byte order mark loses it on its way here, and would be that of another column.
  const columnRows = await database.rows(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${tableSql}) WHERE NOT starts_with(column_name, chr(65279))`,
  );
  const columns = columnRows.map((row) => ({
    name: String(row.column_name),
    type: String(row.column_type),
    mixed: false,
  }));
  // No SQL can hold a zero byte, so nothing could name such a column.
  return columns.filter(({ name }) => !name.includes('\0'));
}

/** Returns the columns, which are the same for every file. A file whose first lines are all bad is no file of lines. */
async function columnsOfLines(file: InputFile): Promise<readonly SourceColumn[]> {
  const { bytes, whole } = await readBeginning(file, SAMPLE_BYTES);
  let goodCount = 0;
  const badLines: { readonly line: number; readonly reason: string }[] = [];
  new LinesScanner().take(bytes, whole, (line, _from, _to, problem) => {
    if (problem === undefined) goodCount++;
    else badLines.push({ line, reason: problem.reason });
  });
  const [firstBad] = badLines;
  if (firstBad !== undefined && goodCount === 0)
    throw new FileShapeError(firstBad.line, `${firstBad.reason}: a line is \`user item item …\``);
  if (whole && goodCount === 0) throw new Error('it is empty, and each of its lines should be `user item item …`');
  return lineColumns.map(({ name, type }) => ({ name, type, mixed: false }));
}

/** Refuses two columns with one name, whatever their case: the database would number the second, and nobody would know which is read. */
async function refuseRepeated(database: Database, file: InputFile): Promise<void> {
  const schema = await database.rows(`SELECT name, num_children FROM parquet_schema([${quotePath(file.path)}])`);
  const seenNames = new Set<string>();
  // Depth first: the table, then each column with what is in it.
  let openChildren = 0;
  for (const { name, num_children: children } of schema.slice(1)) {
    if (openChildren === 0) {
      const nameKey = String(name).toLowerCase();
      if (seenNames.has(nameKey)) throw new Error(`it has two columns with the name \`${name}\``);
      seenNames.add(nameKey);
    } else openChildren--;
    openChildren += Number(children ?? 0);
  }
}

async function accountOfJson(file: InputFile, copies: Copies, signal: AbortSignal | undefined): Promise<JsonAccount> {
  const { bytes } = await readBeginning(file, 1024);
  const format = bytes
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
    .startsWith('[')
    ? 'array'
    : 'newline_delimited';
  const scan = await scanFile(file, jsonScanner(format), signal);
  const [firstBad] = scan.bad;
  if (firstBad !== undefined && scan.good === 0)
    throw new FileShapeError(firstBad.line, `${firstBad.problem.reason}, nor is what follows`);
  if (scan.plain) return { scan, format, from: { path: file.path, format } };
  const copy = copies.of(file.path);
  await writingCopy(copy, () => copyGood(file, jsonScanner(format), copy, signal));
  return { scan, format, from: { path: copy, format: 'newline_delimited' } };
}

export function jsonScanner(format: JsonFormat): JsonScanner {
  return format === 'array' ? new JsonArrayScanner() : new JsonLinesScanner();
}

/** Distinguishes a damaged file from one that may not be read, and from one with an error on one line. */
export function unreadable(error: unknown, file: DescribedFile): Diagnostic {
  if (error instanceof FileShapeError) {
    return diagnose('data-file-shape', file.described.span, {
      path: file.name,
      line: error.line,
      reason: error.reason,
    });
  }
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const isDamaged = !/EACCES|EISDIR|EPERM|Permission/.test(reason);
  const facts = { path: file.name, reason: reason.replace(/^[A-Z]\w+( \w+)? Error: /, '') };
  return diagnose(isDamaged ? 'data-file-damaged' : 'data-file-unreadable', file.described.span, facts);
}

/** All files of one pattern need the columns of the first. */
function differences(input: InputFiles, columnsOfFiles: readonly (readonly SourceColumn[])[]): Diagnostic[] {
  const firstColumns = columnsOfFiles[0]!;
  return columnsOfFiles.flatMap((columns, fileIndex) => {
    const names = new Set(columns.map((column) => column.name.toLowerCase()));
    const missingColumn = firstColumns.find((column) => !names.has(column.name.toLowerCase()));
    if (missingColumn === undefined) return [];
    const { name, described } = input.files[fileIndex]!;
    const facts = { path: name, first: input.files[0]!.name, column: missingColumn.name };
    return [diagnose('data-file-headers', described.span, facts)];
  });
}

/** Merges the columns of files: where they disagree about a type, the wider one; a file without a value has no say. */
function merged(columnsOfFiles: readonly (readonly SourceColumn[])[]): SourceColumn[] {
  return columnsOfFiles[0]!.map((column) => {
    const versions = columnsOfFiles.map(
      (columns) => columns.find(({ name }) => name.toLowerCase() === column.name.toLowerCase())!,
    );
    const typedVersions = versions.filter(({ unknown }) => unknown !== true);
    const types = [...new Set((typedVersions.length > 0 ? typedVersions : versions).map(({ type }) => type))];
    const type = types.length === 1 ? types[0]! : widest(types);
    const isMixed = typedVersions.some((version) => version.mixed);
    const typesByFile = types.length === 1 ? {} : { types: versions.map((version) => version.type) };
    return { name: column.name, type, mixed: isMixed, unknown: typedVersions.length === 0, ...typesByFile };
  });
}

const widest = (types: readonly string[]): string =>
  types.every((type) => /^U?(TINY|SMALL|BIG)?INT(EGER)?$|^HUGEINT$/.test(type))
    ? 'HUGEINT'
    : types.every(isNumber)
      ? 'DOUBLE'
      : 'VARCHAR';

export function isNumber(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL)\b/.test(type) && !isList(type);
}

export function isList(type: string): boolean {
  return type.endsWith(']');
}

export function elementOf(listType: string): string {
  return listType.slice(0, listType.lastIndexOf('['));
}
