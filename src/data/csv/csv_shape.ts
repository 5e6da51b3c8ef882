/** Finds the columns of a CSV file, its delimiter and the types of its values, from its first records. */
import {
  CsvParser,
  CsvScanner,
  type CsvShape,
  FileShapeError,
  findLineEnd,
  skipByteOrderMark,
  skipLineEnd,
  splitRecord,
} from './csv_records.ts';

export interface CsvLayout {
  readonly delimiter: string;
  /** `mixed`: some values of the sample are of another type; `unknown`: the sample has none. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: CsvType;
    readonly mixed: boolean;
    readonly unknown: boolean;
  }[];
}

type CsvType = 'VARCHAR' | 'BIGINT' | 'HUGEINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP';

/** Returns the layout that the beginning of a file shows; `cut` if its header continues after `bytes`. Throws FileShapeError if the header cannot be read. */
export function detectCsvLayout(bytes: Buffer, isWholeFile: boolean, path: string): CsvLayout | 'cut' {
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

export function makeCsvShape({ delimiter, columns }: CsvLayout): CsvShape {
  return {
    delimiter,
    columns: columns.map(({ name, type }) => {
      const typePattern =
        type === 'VARCHAR' ? undefined : typePatterns.find(([candidateType]) => candidateType === type)![1];
      return { name, fits: typePattern && ((value) => typePattern.test(value)) };
    }),
  };
}

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
  if (record.includes(0)) throw new FileShapeError(line, 'the header is not text in UTF-8');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record);
  } catch {
    throw new FileShapeError(line, 'the header is not text in UTF-8');
  }
  const valueCounts = text.split(/\r\n|\r|\n/).map((headerLine) => headerLine.split(delimiter).length);
  if (valueCounts.length > 1 && valueCounts[0]! > 1 && valueCounts.slice(1).includes(valueCounts[0]!)) {
    throw new FileShapeError(
      line,
      'a quote opens a name that continues on the next lines, which are rows of their own',
    );
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
      throw new FileShapeError(
        line,
        `the header has the name ${repeatedName} in columns ${firstIndex + 1} and ${index + 1}`,
      );
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
const typePatterns: readonly (readonly [CsvType, RegExp])[] = [
  ['BIGINT', /^(0|-?[1-9]\d{0,17})$/],
  ['HUGEINT', /^(0|-?[1-9]\d{0,37})$/],
  ['DOUBLE', /^(?![+-]?\d{39})[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(nan|inf|infinity)$/i],
  ['BOOLEAN', /^(true|false)$/i],
  ['DATE', /^\d{4}-\d\d-\d\d$/],
  ['TIMESTAMP', /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/],
];

/** Returns the narrowest type that fits nearly all values. The few values that do not fit become bad rows when the whole file is read. */
function detectType(values: readonly string[]): { type: CsvType; mixed: boolean; unknown: boolean } {
  const presentValues = values.filter((value) => value !== '');
  const maxMisfits = Math.max(3, Math.floor(presentValues.length * 0.1));
  let bestType: { type: CsvType; wrong: number } | undefined;
  for (const [type, typePattern] of typePatterns) {
    const wrongCount = presentValues.reduce((count, value) => count + (typePattern.test(value) ? 0 : 1), 0);
    if (
      wrongCount <= maxMisfits &&
      wrongCount * 2 < presentValues.length &&
      wrongCount < (bestType?.wrong ?? Number.POSITIVE_INFINITY)
    ) {
      bestType = { type, wrong: wrongCount };
    }
  }
  return { type: bestType?.type ?? 'VARCHAR', mixed: (bestType?.wrong ?? 0) > 0, unknown: presentValues.length === 0 };
}
