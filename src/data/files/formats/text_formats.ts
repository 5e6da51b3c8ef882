/** Reads CSV, and lines that have a user and items: Tower parses each record and passes the good ones to the database. */
import { CsvScanner, FileShapeError, type RecordProblem } from '../../csv/csv_records.ts';
import { makeCsvShape } from '../../csv/csv_shape.ts';
import { quoteName, type TextRowAppender } from '../duckdb.ts';
import { addBadRow, type BadRow, type DescribedFile } from '../find_files.ts';
import { type EachGoodLine, LinesScanner, lineColumns } from '../records/line_records.ts';
import {
  eachPiece,
  readBeginning,
  refuseHopeless,
  type ScanResult,
  sampleCsv,
  shortSample,
} from '../records/scan_file.ts';
import { type FileReader, type LoadInput, NUMBER_TEXT, type OpenedFile } from './reader.ts';

export const csv: FileReader = {
  async open(file) {
    const csvLayout = await sampleCsv(file);
    const { columns } = csvLayout;
    const scanner = () => new CsvScanner(makeCsvShape(csvLayout));
    const headerNames = columns.map(({ name }) => name.toLowerCase());
    return {
      columns,
      load(input, at) {
        const csvScanner = scanner();
        const columnIndexes = [...input.types.keys()].map((name) => headerNames.indexOf(name.toLowerCase()));
        return loadTexts(input, file, at, (records) => {
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

/** Reads lines of a user and items. Each item of a line is a record. */
export const lines: FileReader = {
  /** Throws if all of the first lines are bad, because the file then has another format. */
  async open(file) {
    const { bytes, isWhole } = await readBeginning(file, shortSample);
    let goodCount = 0;
    const bad: { readonly line: number; readonly problem: RecordProblem }[] = [];
    new LinesScanner().scan(bytes, isWhole, (line, _from, _to, problem) => {
      if (problem === undefined) goodCount++;
      else bad.push({ line, problem });
    });
    const [firstBad] = bad;
    if (firstBad !== undefined && goodCount === 0)
      throw new FileShapeError(firstBad.line, `${firstBad.problem.reason}: a line is \`user item item …\``);
    if (isWhole && goodCount === 0) throw new Error('it is empty, and each of its lines should be `user item item …`');
    return {
      columns: lineColumns,
      load(input, at) {
        const scanner = new LinesScanner();
        const columnIndexes = [...input.types.keys()].map((name) =>
          lineColumns.findIndex((column) => column.name === name),
        );
        return loadTexts(input, file, at, (records) => (bytes, final) => {
          const takeLine: EachGoodLine = (line, from, to, items) => {
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

const kinds: Readonly<Record<string, string>> = { DATE: 'a time', TIMESTAMP: 'a time', BOOLEAN: 'true or false' };

/** Maximum number of rows, and of pieces of a file, that wait as texts in the database before they are converted. */
const [maxWaitingRows, maxWaitingPieces] = [2 * 122_880, 16];

/**
 * Reads a text file once: the good records go to the database, which converts many at a time. A value that cannot be converted to the type of its column makes
 * its record a bad row.
 */
async function loadTexts(
  { database, source, types, signal }: LoadInput,
  file: DescribedFile,
  at: number,
  take: (records: RecordSink) => (bytes: Buffer, final: boolean) => number,
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
  if (at === 0) {
    const columnDefinitions = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
    await database.run(`CREATE OR REPLACE TEMP TABLE ${role} (${columnDefinitions})`);
  }
  const textTable = quoteName(`texts of ${role}`);
  const isBad = columns.map((column) => column.isBad).join(' OR ');
  const openAppender = () => database.appendTexts(`texts of ${role}`, columns.length);
  const broken: BadRow[] = [];
  const skippedLines: number[] = [];
  let [rows, waiting, pieces, misshapen] = [0, 0, 0, 0];
  let firstProblem: ScanResult['bad'][number] | undefined;
  let appender = await openAppender();
  const makeValues = async (): Promise<void> => {
    appender.close();
    const badColumn = columns.map((column, index) => `WHEN ${column.isBad} THEN ${index}`).join(' ');
    const badValue = columns.map((_, index) => `WHEN ${index} THEN c${index}`).join(' ');
    const badRows = await database.rows(
      `SELECT line, place, CASE place ${badValue} END AS value FROM (SELECT *, CASE ${badColumn} END AS place FROM ${textTable} WHERE ${isBad})`,
    );
    for (const { line, place, value } of badRows) {
      const { name, type } = columns[Number(place)]!;
      const reason = `"${value}" is not ${kinds[type] ?? 'a number'}`;
      addBadRow(broken, { role, file, at: { line: Number(line) }, column: name, reason });
      skippedLines.push(Number(line));
    }
    const valuesSql = columns.map((column) => column.value).join(', ');
    await database.run(`INSERT INTO ${role} SELECT ${valuesSql} FROM ${textTable} WHERE NOT (${isBad})`);
    rows += waiting - badRows.length;
    waiting = pieces = 0;
  };
  const records: RecordSink = {
    set: (column, bytes, from, to) => appender.set(column, bytes, from, to),
    endRow(line) {
      waiting++;
      appender.endRow(line);
    },
    reject(line, problem) {
      addBadRow(broken, { role, file, at: { line }, ...problem });
      firstProblem ??= { line, problem };
      refuseHopeless(++misshapen, rows + waiting, firstProblem);
    },
  };
  await eachPiece(file, take(records), signal, async () => {
    appender.flush();
    if (waiting < maxWaitingRows && ++pieces < maxWaitingPieces) return;
    await makeValues();
    appender = await openAppender();
  });
  await makeValues();
  await database.run(`DROP TABLE ${textTable}`);
  return { rows, broken, skippedLines };
}
