/**
 * Loads one file into the table of its role. Text is read by Tower alone. What the database reads by itself, JSON and Parquet, is held
 * against the number of records of the file.
 */
import { Failure, failure } from '../../diagnostics/failure.ts';
import type { BadRow } from '../files/bad_row.ts';
import { shapeOf } from '../files/csv.ts';
import { type Database, quoteName, quotePath, quoteText, type TextRowAppender } from '../files/duckdb.ts';
import type { DescribedFile, Role } from '../files/files.ts';
import { CsvScanner } from '../files/records/csv.ts';
import { LinesScanner, lineColumns } from '../files/records/lines.ts';
import { eachPiece, refuseHopeless, type ScanResult } from '../files/records/scan.ts';
import type { Problem } from '../files/records/scanner.ts';
import { type DataSource, unreadable } from '../files/source.ts';
import { textOf } from './staged_tables.ts';

/** A number that is read as its text, so that it keeps its digits. */
export const NUMBER_TEXT = 'text of a number';

/** A JSON value of any kind, read as the text in it. */
export const UNWRAPPED = 'JSON value';

/** What to load, and how. */
export interface Loading {
  readonly database: Database;
  readonly source: DataSource;
  /** The columns to keep, and what to read each as. */
  readonly types: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

export interface Loaded {
  /** Rows that the table has more now. */
  readonly rows: number;
  /** Records that became no row. */
  readonly broken: readonly BadRow[];
}

/**
 * Makes the table of the source's role from its first file, or adds file `at` to it: `before` rows are there. Throws Failure for a
 * damaged file, and where rows and broken records are not as many as the file has records.
 */
export async function loadFile(loading: Loading, at: number, before: number): Promise<Loaded> {
  const file = loading.source.files[at]!;
  const load = { csv: loadCsv, json: loadJson, parquet: loadParquet, lines: loadLines }[file.kind];
  try {
    const loaded = await load(loading, file, at);
    // Rows are traced to their lines by their ids.
    const [last] = await loading.database.rows(`SELECT max(rowid) AS row FROM ${loading.source.role}`);
    if (loaded.rows > 0) settleRows(file, Number(last!.row) + 1 - before, loaded.rows);
    return loaded;
  } catch (error) {
    loading.database.passOn(error);
    throw new Failure([unreadable(error, file)]);
  }
}

/** Gets the records of a file of text, one after the other. */
interface RecordSink extends Pick<TextRowAppender, 'set' | 'endRow'> {
  reject(line: number, problem: Problem): void;
}

/** Takes the bytes of a file in pieces, as a scanner does. */
type TakePiece = (bytes: Buffer, final: boolean) => number;

function loadCsv(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const look = loading.source.looks.get(file.path)!;
  const scanner = new CsvScanner(shapeOf(look));
  const named = look.columns.map(({ name }) => name.toLowerCase());
  const places = [...loading.types.keys()].map((name) => named.indexOf(name.toLowerCase()));
  return loadTexts(loading, file, at, (records) => {
    const setters = places.map(
      (_, column) => (text: Buffer, from: number, to: number) => records.set(column, text, from, to),
    );
    return (bytes, final) =>
      scanner.take(bytes, final, (line, _from, _to, problem) => {
        if (problem !== undefined) return records.reject(line, problem);
        for (let column = 0; column < places.length; column++) scanner.value(bytes, places[column]!, setters[column]!);
        records.endRow(line);
      });
  });
}

/** Each item of a line is a record. */
function loadLines(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const scanner = new LinesScanner();
  const places = [...loading.types.keys()].map((name) => lineColumns.findIndex((column) => column.name === name));
  return loadTexts(
    loading,
    file,
    at,
    (records) => (bytes, final) =>
      scanner.read(
        bytes,
        final,
        (line, from, to, items) => {
          for (const [at, [start, end]] of items.entries()) {
            const position = Buffer.from(String(at + 1));
            for (const [column, place] of places.entries()) {
              if (place === 2) records.set(column, position, 0, position.length);
              else records.set(column, bytes, place === 0 ? from : start, place === 0 ? to : end);
            }
            records.endRow(line);
          }
        },
        (line, _from, _to, problem) => records.reject(line, problem!),
      ),
  );
}

/** Rows, and pieces of a file, that lie in the database as texts before it makes values of them. */
const [mostRows, mostPieces] = [2 * 122_880, 16];

/**
 * Reads a file of text once, to its end: the database gets each good record as it is found, and makes values of many at a time. A
 * value that is not of its column's type makes the record a bad row.
 */
async function loadTexts(
  { database, source, types, signal }: Loading,
  file: DescribedFile,
  at: number,
  take: (records: RecordSink) => TakePiece,
): Promise<Loaded> {
  const { role } = source;
  const columns = [...types].map(([name, read], place) => {
    const text = `c${place}`;
    if (read === 'VARCHAR') return { name, type: read, value: text, isBad: 'false' };
    const [type, cast] = read === NUMBER_TEXT ? ['VARCHAR', 'DOUBLE'] : [read, read];
    const number = `TRY_CAST(${text} AS ${cast})`;
    const value = read === NUMBER_TEXT ? `trim(${text})` : number;
    return { name, type, value, isBad: `(${number} IS NULL AND ${text} IS NOT NULL)` };
  });
  if (at === 0) {
    const declared = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
    await database.run(`CREATE OR REPLACE TEMP TABLE ${role} (${declared})`);
  }
  const texts = quoteName(`texts of ${role}`);
  const isBad = columns.map((column) => column.isBad).join(' OR ');
  const open = () => database.appendTexts(`texts of ${role}`, columns.length);
  const broken: BadRow[] = [];
  let [rows, waiting, pieces, misshapen] = [0, 0, 0, 0];
  let first: ScanResult['bad'][number] | undefined;
  let appender = await open();
  const makeValues = async (): Promise<void> => {
    appender.close();
    const which = columns.map((column, place) => `WHEN ${column.isBad} THEN ${place}`).join(' ');
    const value = columns.map((_, place) => `WHEN ${place} THEN c${place}`).join(' ');
    const bad = await database.rows(
      `SELECT line, place, CASE place ${value} END AS value FROM (SELECT *, CASE ${which} END AS place FROM ${texts} WHERE ${isBad})`,
    );
    for (const { line, place, value } of bad) {
      const { name, type } = columns[Number(place)]!;
      broken.push({
        role,
        file,
        at: { line: Number(line) },
        column: name,
        reason: `"${value}" is not ${kindOf(type)}`,
      });
    }
    const values = columns.map((column) => column.value).join(', ');
    await database.run(`INSERT INTO ${role} SELECT ${values} FROM ${texts} WHERE NOT (${isBad})`);
    rows += waiting - bad.length;
    waiting = pieces = 0;
  };
  const records: RecordSink = {
    set: (column, bytes, from, to) => appender.set(column, bytes, from, to),
    endRow(line) {
      waiting++;
      appender.endRow(line);
    },
    reject(line, problem) {
      broken.push({ role, file, at: { line }, ...problem });
      first ??= { line, problem };
      refuseHopeless(++misshapen, rows + waiting, first);
    },
  };
  await eachPiece(file, take(records), signal, async () => {
    appender.flush();
    if (waiting < mostRows && ++pieces < mostPieces) return;
    await makeValues();
    appender = await open();
  });
  await makeValues();
  await database.run(`DROP TABLE ${texts}`);
  return { rows, broken };
}

/** @param type of the database, in the words of a message */
function kindOf(type: string): string {
  if (type === 'DATE' || type === 'TIMESTAMP') return 'a time';
  return type === 'BOOLEAN' ? 'true or false' : 'a number';
}

async function loadJson(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const { source, types } = loading;
  const { scan, from } = source.jsons.get(file.path)!;
  const names = [...types.keys()];
  const unwrapped = (name: string): boolean => types.get(name) === UNWRAPPED;
  const selected = names.map((name) =>
    unwrapped(name) ? `${quoteName(name)} ->> '$' AS ${quoteName(name)}` : quoteName(name),
  );
  const typeOf = (name: string): string => {
    const type = types.get(name)!;
    return type === UNWRAPPED ? 'JSON' : type === NUMBER_TEXT ? 'VARCHAR' : type;
  };
  const columns = names.map((name) => `${quoteText(name)}: ${quoteText(typeOf(name))}`);
  const ignore = from.format === 'newline_delimited' ? ', ignore_errors = true' : '';
  const select = `SELECT ${selected.join(', ')} FROM read_json([${quotePath(from.path)}], format = '${from.format}', columns = {${columns.join(', ')}}${ignore}, hive_partitioning = false)`;
  const rows = await insert(loading, at, select);
  settleRows(file, rows, scan.good);
  return { rows, broken: misshapen(scan, source.role, file) };
}

async function loadParquet(loading: Loading, file: DescribedFile, at: number): Promise<Loaded> {
  const rows = await insert(loading, at, selectParquet(loading, file));
  settleRows(file, rows, await recordsOfParquet(loading.database, file));
  return { rows, broken: [] };
}

/** @param also what is selected besides the columns */
export function selectParquet({ source, types }: Loading, file: DescribedFile, ...also: readonly string[]): string {
  const columns = new Map(source.columns.map((column) => [column.name, column]));
  const place = source.files.indexOf(file);
  // Where files disagree about a type, each is read as what holds them all: the table has the type of the first. Ids are texts then.
  const selected = [...types].map(([name, read]) => {
    const { type, types: own } = columns.get(name)!;
    const column = quoteName(name);
    if (own !== undefined && read === 'VARCHAR') return `${textOf(column, own[place]!)} AS ${column}`;
    return `CAST(${column} AS ${type}) AS ${column}`;
  });
  const path = quotePath(file.path);
  return `SELECT ${[...selected, ...also].join(', ')} FROM read_parquet([${path}], hive_partitioning = false)`;
}

/** The rows that a file says that it has. @throws Failure where its row groups have others */
export async function recordsOfParquet(database: Database, file: DescribedFile): Promise<number> {
  const path = quotePath(file.path);
  const [said] = await database.rows(
    `SELECT num_rows AS rows, (SELECT coalesce(sum(of_group), 0) FROM
       (SELECT any_value(row_group_num_rows) AS of_group FROM parquet_metadata([${path}]) GROUP BY row_group_id)) AS in_groups
     FROM parquet_file_metadata([${path}])`,
  );
  settleRows(file, Number(said!.in_groups), Number(said!.rows));
  return Number(said!.rows);
}

/** Answers how many rows there are more. */
async function insert({ database, source }: Loading, at: number, select: string): Promise<number> {
  const { role } = source;
  const before = at === 0 ? 0 : await countOf(database, role);
  await database.run(at === 0 ? `CREATE OR REPLACE TEMP TABLE ${role} AS ${select}` : `INSERT INTO ${role} ${select}`);
  return (await countOf(database, role)) - before;
}

/** Row ids would not do: until they are committed, rows have others. */
async function countOf(database: Database, role: Role): Promise<number> {
  const [counted] = await database.rows(`SELECT count(*) AS rows FROM ${role}`);
  return Number(counted!.rows);
}

/** @throws Failure where not all records were read */
export function settleRows(file: DescribedFile, read: number, records: number): void {
  if (read !== records) throw failure('data-file-uncounted', { path: file.name, read, records }, file.described.span);
}

function misshapen({ bad }: ScanResult, role: Role, file: DescribedFile): BadRow[] {
  return bad.map(({ line, problem }) => ({ role, file, at: { line }, ...problem }));
}
