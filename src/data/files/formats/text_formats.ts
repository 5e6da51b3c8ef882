/**
 * Reads CSV, and lines that have a user and items: Tower finds the columns and types in the first records, parses each record, and passes the good ones to the
 * database.
 */
import { isUtf8 } from 'node:buffer';
import { quoteName } from '../../../base/text/sql.ts';
import {
  CsvParser,
  CsvScanner,
  type CsvShape,
  FileShapeError,
  findLineEnd,
  maxRecordBytes,
  type RecordProblem,
  skipByteOrderMark,
  skipLineEnd,
  splitRecord,
} from '../../csv/csv_records.ts';
import type { TextRowAppender } from '../duckdb.ts';
import { addBadRow, type BadRow, type DescribedFile, type FileColumn, type InputFile } from '../find_files.ts';
import { LinesScanner, lineColumns, type OnGoodLine } from '../records/line_records.ts';
import { eachPiece, readBeginning, refuseHopeless, type ScanResult, shortSample } from '../records/scan_file.ts';
import type { FileReader, LoadInput, OpenedFile } from './reader.ts';
import { NUMBER_TEXT } from './table.ts';

export const csv: FileReader = {
  async open(file) {
    const csvLayout = await sampleCsv(file);
    const { columns } = csvLayout;
    const scanner = () => new CsvScanner(makeCsvShape(csvLayout));
    const headerNames = columns.map(({ name }) => name.toLowerCase());
    return {
      columns,
      load(input, fileIndex) {
        const csvScanner = scanner();
        const columnIndexes = [...input.types.keys()].map((name) => headerNames.indexOf(name.toLowerCase()));
        return loadTexts(input, file, fileIndex, (records) => {
          const setters = columnIndexes.map(
            (_, column) => (text: Buffer, from: number, to: number) => records.set(column, text, from, to),
          );
          return (bytes, final) =>
            csvScanner.scan(bytes, final, (line, _from, _to, problem) => {
              if (problem !== undefined) return records.reject(line, problem);
              for (let column = 0; column < columnIndexes.length; column++)
                csvScanner.readValue(bytes, columnIndexes[column]!, setters[column]!);
              records.endRow(line);
            });
        });
      },
      scanner,
    };
  },
};

/** Reads the header of a CSV file and the types of its first records. Throws the errors of the file system and of zlib, and FileShapeError. */
export async function sampleCsv(file: InputFile): Promise<CsvLayout> {
  // In rare cases the header is longer than a short sample.
  for (const size of [shortSample, maxRecordBytes + 1]) {
    const { bytes, isWhole } = await readBeginning(file, size);
    const layout = detectCsvLayout(bytes, isWhole, file.path);
    if (layout !== 'cut') return layout;
  }
  throw new FileShapeError(
    1,
    `the header, or a quote in it, does not end in ${maxRecordBytes.toLocaleString('en')} bytes`,
  );
}

interface CsvLayout {
  readonly delimiter: string;
  readonly columns: readonly FileColumn[];
}

/** Returns the layout that the beginning of a file shows; `cut` if its header continues after `bytes`. Throws FileShapeError if the header cannot be read. */
function detectCsvLayout(bytes: Buffer, isWholeFile: boolean, path: string): CsvLayout | 'cut' {
  const header = readHeader(bytes, isWholeFile, path);
  if (header === 'cut') return 'cut';
  if (header === undefined) return { delimiter: ',', columns: [] };
  const { delimiter } = header;
  const headerNames = checkedColumnNames(header);
  const rows: string[][] = [];
  const scanner = new CsvScanner({ delimiter, columns: headerNames.map((name) => ({ name })) });
  scanner.scan(bytes, isWholeFile, (_line, from, to, problem) => {
    if (problem === undefined) rows.push(splitRecord(bytes.toString('utf8', from, to), delimiter));
  });
  const columns = headerNames.map((name, index) => ({ name, ...detectType(rows.map((row) => row[index] ?? '')) }));
  return { delimiter, columns };
}

const makeCsvShape = ({ delimiter, columns }: CsvLayout): CsvShape => ({
  delimiter,
  columns: columns.map(({ name, type }) => {
    const typePattern = typePatterns.get(type);
    return { name, fits: typePattern && ((value) => typePattern.test(value)) };
  }),
});

interface CsvHeader {
  readonly delimiter: string;
  readonly names: readonly string[];
  readonly line: number;
}

/** Returns the first record that is not a blank line; `undefined` if there is none, `cut` if it continues after `bytes`. */
function readHeader(bytes: Buffer, isWholeFile: boolean, path: string): CsvHeader | 'cut' | undefined {
  let offset = skipByteOrderMark(bytes);
  let line = 1;
  for (let lineStart = skipLineEnd(bytes, offset); lineStart > offset; lineStart = skipLineEnd(bytes, offset)) {
    offset = lineStart;
    line++;
  }
  if (offset === bytes.length) return isWholeFile ? undefined : 'cut';
  const delimiter = /\.tsv(\.gz)?$/i.test(path) ? '\t' : detectDelimiter(bytes, offset);
  const csvParser = new CsvParser(delimiter);
  const outcome = csvParser.parseRecord(bytes, offset, isWholeFile);
  if (outcome === 'cut') return 'cut';
  if (outcome === 'unclosed') throw new FileShapeError(line, 'a quote opens a name and never closes');
  if (outcome === 'trailing') throw new FileShapeError(line, 'a quoted name does not end where its quote ends');
  const record = bytes.subarray(offset, csvParser.recordEnd);
  if (record.includes(0) || !isUtf8(record)) throw new FileShapeError(line, 'the header is not text in UTF-8');
  const text = record.toString('utf8');
  const valueCounts = text.split(/\r\n|\r|\n/).map((headerLine) => headerLine.split(delimiter).length);
  if (valueCounts.length > 1 && valueCounts[0]! > 1 && valueCounts.slice(1).includes(valueCounts[0]!)) {
    const reason = 'a quote opens a name that continues on the next lines, which are rows of their own';
    throw new FileShapeError(line, reason);
  }
  return { delimiter, names: splitRecord(text, delimiter), line };
}

/** Returns the delimiter that occurs most often outside of quotes in the line at `offset`. */
function detectDelimiter(bytes: Buffer, offset: number): string {
  const line = bytes.toString('utf8', offset, findLineEnd(bytes, offset, bytes.length)).replaceAll(/"[^"]*("|$)/g, '');
  let bestDelimiter = ',';
  for (const candidate of [',', '\t', ';', '|']) {
    if (line.split(candidate).length > line.split(bestDelimiter).length) bestDelimiter = candidate;
  }
  return bestDelimiter;
}

/** Trims names, and names an empty one by its index: `column3`. Throws FileShapeError if two are equal. */
function checkedColumnNames({ names, line }: CsvHeader): string[] {
  const columnIndexes = new Map<string, number>();
  const trimmedNames = names.map((name) => name.trim());
  for (const [index, name] of trimmedNames.entries()) {
    const key = name.toLowerCase();
    const firstIndex = columnIndexes.get(key);
    if (name !== '' && firstIndex !== undefined) {
      const repeatedName =
        trimmedNames[firstIndex] === name ? `\`${name}\`` : `\`${trimmedNames[firstIndex]}\`, again as \`${name}\`,`;
      const columns = `columns ${firstIndex + 1} and ${index + 1}`;
      throw new FileShapeError(line, `the header has the name ${repeatedName} in ${columns}`);
    }
    columnIndexes.set(key, index);
  }
  return trimmedNames.map((name, index) => {
    if (name !== '') return name;
    let defaultName = `column${index + 1}`;
    while (columnIndexes.has(defaultName)) defaultName += '_';
    return defaultName;
  });
}

/**
 * A value with a leading zero is no number, and one with a plus sign is no integer, because only text preserves them. Neither is an integer with more digits
 * than its type.
 */
const typePatterns: ReadonlyMap<string, RegExp> = new Map([
  ['BIGINT', /^(0|-?[1-9]\d{0,17})$/],
  ['HUGEINT', /^(0|-?[1-9]\d{0,37})$/],
  ['DOUBLE', /^(?![+-]?\d{39})[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(nan|inf|infinity)$/i],
  ['BOOLEAN', /^(true|false)$/i],
  ['DATE', /^\d{4}-\d\d-\d\d$/],
  ['TIMESTAMP', /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/],
]);

/** Returns the narrowest type that fits nearly all values. The few values that do not fit become bad rows when the whole file is read. */
function detectType(values: readonly string[]): Omit<FileColumn, 'name'> {
  const presentValues = values.filter((value) => value !== '');
  const maxMisfits = Math.max(3, Math.floor(presentValues.length * 0.1));
  let type = 'VARCHAR';
  let misfits = Math.min(maxMisfits + 1, presentValues.length / 2);
  for (const [candidate, pattern] of typePatterns) {
    const count = presentValues.filter((value) => !pattern.test(value)).length;
    if (count < misfits) [type, misfits] = [candidate, count];
  }
  return { type, mixed: type !== 'VARCHAR' && misfits > 0, unknown: presentValues.length === 0 };
}

/** Reads lines of a user and items. Each item of a line is a record. */
export const lines: FileReader = {
  /** Throws if all of the first lines are bad, because the file then has another format. */
  async open(file) {
    const { bytes, isWhole } = await readBeginning(file, shortSample);
    let goodCount = 0;
    const badLines: { readonly line: number; readonly problem: RecordProblem }[] = [];
    new LinesScanner().scan(bytes, isWhole, (line, _from, _to, problem) => {
      if (problem === undefined) goodCount++;
      else badLines.push({ line, problem });
    });
    const [firstBad] = badLines;
    if (firstBad !== undefined && goodCount === 0)
      throw new FileShapeError(firstBad.line, `${firstBad.problem.reason}: a line is \`user item item …\``);
    if (isWhole && goodCount === 0) throw new Error('it is empty, and each of its lines should be `user item item …`');
    return {
      columns: lineColumns,
      load(input, fileIndex) {
        const scanner = new LinesScanner();
        const columnIndexes = [...input.types.keys()].map((name) =>
          lineColumns.findIndex((column) => column.name === name),
        );
        return loadTexts(input, file, fileIndex, (records) => (bytes, final) => {
          const takeLine: OnGoodLine = (line, from, to, items) => {
            for (const [itemIndex, [start, end]] of items.entries()) {
              const position = Buffer.from(String(itemIndex + 1));
              for (const [column, lineColumn] of columnIndexes.entries()) {
                if (lineColumn === 2) records.set(column, position, 0, position.length);
                else records.set(column, bytes, lineColumn === 0 ? from : start, lineColumn === 0 ? to : end);
              }
              records.endRow(line);
            }
          };
          return scanner.read(bytes, final, takeLine, (line, _from, _to, problem) => records.reject(line, problem!));
        });
      },
      scanner: () => new LinesScanner(),
    };
  },
};

type RecordSink = Pick<TextRowAppender, 'set' | 'endRow'> & { reject(line: number, problem: RecordProblem): void };

const typeWords: Readonly<Record<string, string>> = { DATE: 'a time', TIMESTAMP: 'a time', BOOLEAN: 'true or false' };

/** Maximum number of rows, and of pieces of a file, that wait as texts in the database before they are converted. */
const [maxWaitingRows, maxWaitingPieces] = [2 * 122_880, 16];

/**
 * Reads a text file once: the good records go to the database, which converts many at a time. A value that cannot be converted to the type of its column makes
 * its record a bad row.
 */
async function loadTexts(
  { database, source, types, signal }: LoadInput,
  file: DescribedFile,
  fileIndex: number,
  makeScan: (records: RecordSink) => (bytes: Buffer, final: boolean) => number,
): ReturnType<OpenedFile['load']> {
  const { role } = source;
  const columns = [...types].map(([name, readType], index) => {
    const textColumn = `c${index}`;
    if (readType === 'VARCHAR') return { name, type: readType, value: textColumn, isBad: 'false' };
    const [type, cast] = readType === NUMBER_TEXT ? ['VARCHAR', 'DOUBLE'] : [readType, readType];
    const number = `TRY_CAST(${textColumn} AS ${cast})`;
    const value = readType === NUMBER_TEXT ? `trim(${textColumn})` : number;
    return { name, type, value, isBad: `(${number} IS NULL AND ${textColumn} IS NOT NULL)` };
  });
  if (fileIndex === 0) {
    const columnDefinitions = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
    await database.run(`CREATE OR REPLACE TEMP TABLE ${role} (${columnDefinitions})`);
  }
  const textTable = quoteName(`texts of ${role}`);
  const isBad = columns.map((column) => column.isBad).join(' OR ');
  const openAppender = () => database.appendTexts(`texts of ${role}`, columns.length);
  const broken: BadRow[] = [];
  const skippedLines: number[] = [];
  let [rows, waitingRows, waitingPieces, rejectedRows] = [0, 0, 0, 0];
  let firstProblem: ScanResult['bad'][number] | undefined;
  let appender = await openAppender();
  const convertTexts = async (): Promise<void> => {
    appender.close();
    const badColumn = columns.map((column, index) => `WHEN ${column.isBad} THEN ${index}`).join(' ');
    const badValue = columns.map((_, index) => `WHEN ${index} THEN c${index}`).join(' ');
    const badRows = await database.rows(
      `SELECT line, bad_column, CASE bad_column ${badValue} END AS value FROM (SELECT *, CASE ${badColumn} END AS bad_column FROM ${textTable} WHERE ${isBad})`,
    );
    for (const { line, bad_column: index, value } of badRows) {
      const { name, type } = columns[Number(index)]!;
      const reason = `"${value}" is not ${typeWords[type] ?? 'a number'}`;
      addBadRow(broken, { role, file, at: { line: Number(line) }, column: name, reason });
      skippedLines.push(Number(line));
    }
    const valuesSql = columns.map((column) => column.value).join(', ');
    await database.run(`INSERT INTO ${role} SELECT ${valuesSql} FROM ${textTable} WHERE NOT (${isBad})`);
    rows += waitingRows - badRows.length;
    waitingRows = waitingPieces = 0;
  };
  const records: RecordSink = {
    set: (column, bytes, from, to) => appender.set(column, bytes, from, to),
    endRow(line) {
      waitingRows++;
      appender.endRow(line);
    },
    reject(line, problem) {
      addBadRow(broken, { role, file, at: { line }, ...problem });
      firstProblem ??= { line, problem };
      refuseHopeless(++rejectedRows, rows + waitingRows, firstProblem);
    },
  };
  await eachPiece(file, makeScan(records), signal, async () => {
    appender.flush();
    if (waitingRows < maxWaitingRows && ++waitingPieces < maxWaitingPieces) return;
    await convertTexts();
    appender = await openAppender();
  });
  await convertTexts();
  await database.run(`DROP TABLE ${textTable}`);
  return { rows, broken, skippedLines };
}
