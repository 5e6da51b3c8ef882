/** What a CSV file looks like, from its first records: its columns, what separates them, and what they seem to hold. */
import type { InputFile } from './files.ts';
import { CsvParser, CsvScanner, type CsvShape, firstByte, LONGEST, valuesOf } from './records/csv.ts';
import { beginning } from './records/scan.ts';
import { ShapeError } from './records/scanner.ts';
import { lineEnd, pastLineEnd } from './records/text_bytes.ts';

export interface CsvLook {
  readonly delimiter: string;
  readonly columns: readonly CsvColumn[];
}

interface CsvColumn {
  readonly name: string;
  /** What DuckDB should read it as, when an expression reads it. */
  readonly type: CsvType;
  /** Some values of the sample are not of that type; where an expression needs text, it is text. */
  readonly mixed: boolean;
  /** The sample has no value at all. */
  readonly unknown: boolean;
}

type CsvType = 'VARCHAR' | 'BIGINT' | 'HUGEINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP';

const SAMPLE_BYTES = 64 * 1024;

/** Reads the beginning of the file. Throws what the file system or zlib throws, and ShapeError where its header cannot be read. */
export async function lookAtCsv(file: InputFile): Promise<CsvLook> {
  let { bytes, whole } = await beginning(file, SAMPLE_BYTES);
  let header = headerOf(bytes, whole, file.path);
  // Rarely, the header is longer than a sample.
  if (header === 'cut') {
    ({ bytes, whole } = await beginning(file, LONGEST + 1));
    header = headerOf(bytes, whole, file.path);
  }
  if (header === undefined) return { delimiter: ',', columns: [] };
  if (header === 'cut')
    throw new ShapeError(1, `the header, or a quote in it, does not end in ${LONGEST.toLocaleString('en')} bytes`);
  const { delimiter } = header;
  const named = columnNames(header);
  const rows: string[][] = [];
  const scanner = new CsvScanner({ delimiter, columns: named.map((name) => ({ name })) });
  scanner.take(bytes, whole, (_line, from, to, problem) => {
    if (problem === undefined) rows.push(valuesOf(bytes.toString('utf8', from, to), delimiter));
  });
  const columns = named.map((name, at) => ({ name, ...typeOf(rows.map((row) => row[at] ?? '')) }));
  return { delimiter, columns };
}

/** What its scanner needs to know of a file. */
export function shapeOf({ delimiter, columns }: CsvLook): CsvShape {
  return {
    delimiter,
    columns: columns.map(({ name, type }) => {
      const shape = type === 'VARCHAR' ? undefined : shapes.find(([other]) => other === type)![1];
      return { name, fits: shape && ((value) => shape.test(value)) };
    }),
  };
}

interface Header {
  readonly delimiter: string;
  readonly names: readonly string[];
  readonly line: number;
}

/** The first record that is no blank line: `undefined` where there is none, `cut` where it goes on after `bytes`. */
function headerOf(bytes: Buffer, whole: boolean, path: string): Header | 'cut' | undefined {
  let at = firstByte(bytes);
  let line = 1;
  for (let after = pastLineEnd(bytes, at); after > at; after = pastLineEnd(bytes, at)) {
    at = after;
    line++;
  }
  if (at === bytes.length) return whole ? undefined : 'cut';
  const delimiter = /\.tsv(\.gz)?$/i.test(path) ? '\t' : delimiterOf(bytes, at);
  const parser = new CsvParser(delimiter);
  const outcome = parser.parse(bytes, at, whole);
  if (outcome === 'cut') return 'cut';
  if (outcome === 'unclosed') throw new ShapeError(line, 'a quote opens a name and never closes');
  if (outcome === 'trailing') throw new ShapeError(line, 'a quoted name does not end where its quote ends');
  const record = bytes.subarray(at, parser.end);
  if (record.includes(0)) throw new ShapeError(line, 'the header is not text in UTF-8');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record);
  } catch {
    throw new ShapeError(line, 'the header is not text in UTF-8');
  }
  const separators = text.split(/\r\n|\r|\n/).map((part) => part.split(delimiter).length);
  if (separators.length > 1 && separators[0]! > 1 && separators.slice(1).includes(separators[0]!)) {
    throw new ShapeError(line, 'a quote opens a name that continues on the next lines, which are rows of their own');
  }
  return { delimiter, names: valuesOf(text, delimiter), line };
}

/** What separates most names, outside of quotes, in the line at `at`. */
function delimiterOf(bytes: Buffer, at: number): string {
  const line = bytes.toString('utf8', at, lineEnd(bytes, at, bytes.length)).replaceAll(/"[^"]*("|$)/g, '');
  let best = ',';
  for (const candidate of [',', '\t', ';', '|']) {
    if (line.split(candidate).length > line.split(best).length) best = candidate;
  }
  return best;
}

/** Without the blanks around them; an empty name is that of its place: `column3`. Throws ShapeError where two are the same. */
function columnNames({ names, line }: Header): string[] {
  const places = new Map<string, number>();
  const trimmed = names.map((name) => name.trim());
  for (const [at, name] of trimmed.entries()) {
    const key = name.toLowerCase();
    const first = places.get(key);
    if (name !== '' && first !== undefined) {
      const same = trimmed[first] === name ? `\`${name}\`` : `\`${trimmed[first]}\`, again as \`${name}\`,`;
      throw new ShapeError(line, `the header has the name ${same} in columns ${first + 1} and ${at + 1}`);
    }
    places.set(key, at);
  }
  return trimmed.map((name, at) => {
    if (name !== '') return name;
    let own = `column${at + 1}`;
    while (places.has(own)) own += '_';
    return own;
  });
}

/**
 * Leading zeros and plus signs are kept by text alone, so a value with one is no number; nor is a whole number of more digits than a type
 * of whole numbers has.
 */
const shapes: readonly (readonly [CsvType, RegExp])[] = [
  ['BIGINT', /^(0|-?[1-9]\d{0,17})$/],
  ['HUGEINT', /^(0|-?[1-9]\d{0,37})$/],
  ['DOUBLE', /^(?![+-]?\d{39})[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(nan|inf|infinity)$/i],
  ['BOOLEAN', /^(true|false)$/i],
  ['DATE', /^\d{4}-\d\d-\d\d$/],
  ['TIMESTAMP', /^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/],
];

/** The narrowest type of nearly all values: a few that are not of it are bad rows, found again when all are read. */
function typeOf(values: readonly string[]): { type: CsvType; mixed: boolean; unknown: boolean } {
  const present = values.filter((value) => value !== '');
  const allowed = Math.max(3, Math.floor(present.length * 0.1));
  let best: { type: CsvType; wrong: number } | undefined;
  for (const [type, shape] of shapes) {
    const wrong = present.reduce((count, value) => count + (shape.test(value) ? 0 : 1), 0);
    if (wrong <= allowed && wrong * 2 < present.length && wrong < (best?.wrong ?? Number.POSITIVE_INFINITY)) {
      best = { type, wrong };
    }
  }
  const unknown = present.length === 0;
  return { type: best?.type ?? 'VARCHAR', mixed: (best?.wrong ?? 0) > 0, unknown };
}
