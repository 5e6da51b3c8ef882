/** What a CSV file looks like, from its first records: its columns, what separates them, and what they seem to hold. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { InputFile } from './files.ts';

export interface CsvLook {
  readonly delimiter: string;
  readonly columns: readonly CsvColumn[];
}

export interface CsvColumn {
  readonly name: string;
  /** What DuckDB should read it as, when an expression reads it. */
  readonly type: CsvType;
  /** Some values of the sample are not of that type; where an expression needs text, it is text. */
  readonly mixed: boolean;
  /** The sample has no value at all. */
  readonly unknown: boolean;
}

export type CsvType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP';

const SAMPLE_BYTES = 64 * 1024;

/** Reads the beginning of the file. Throws what the file system or zlib throws, and an Error where its first line is no text. */
export async function lookAtCsv(file: InputFile): Promise<CsvLook> {
  const { text, whole } = await beginningOf(file);
  const delimiter = delimiterOf(text, file.path);
  const records = parseRecords(text, delimiter, whole);
  const [header, ...rows] = records;
  if (header === undefined) return { delimiter, columns: [] };
  if (header.some((name) => name.includes('\0'))) throw new Error('its first line is not text in UTF-8');
  return {
    delimiter,
    columns: uniqueNames(header).map((name, at) => ({ name, ...typeOf(rows.map((row) => row[at] ?? '')) })),
  };
}

async function beginningOf(file: InputFile): Promise<{ text: string; whole: boolean }> {
  const raw = createReadStream(file.path, { highWaterMark: SAMPLE_BYTES });
  const stream = file.compressed ? raw.pipe(createGunzip()) : raw;
  // An error of the file must reach the loop below, which only listens to the last of the two.
  if (stream !== raw) raw.on('error', (error) => stream.destroy(error));
  const chunks: Buffer[] = [];
  let bytes = 0;
  let whole = true;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= SAMPLE_BYTES) {
      whole = false;
      break;
    }
  }
  raw.destroy();
  const text = new TextDecoder('utf-8').decode(Buffer.concat(chunks));
  return { text, whole };
}

function delimiterOf(text: string, path: string): string {
  if (/\.tsv(\.gz)?$/i.test(path)) return '\t';
  const header = text.slice(0, lineEnd(text)).replaceAll(/"[^"]*"/g, '');
  let best = ',';
  for (const candidate of [',', '\t', ';', '|']) {
    if (header.split(candidate).length > header.split(best).length) best = candidate;
  }
  return best;
}

function lineEnd(text: string): number {
  const end = text.search(/[\r\n]/);
  return end === -1 ? text.length : end;
}

/** Records of RFC 4180: quoted values may hold separators, line ends and doubled quotes. A record that is cut off is left out. */
export function parseRecords(text: string, delimiter: string, whole: boolean): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    let value: string;
    if (text[at] === '"') {
      let close = text.indexOf('"', at + 1);
      while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
      if (close === -1) return records;
      value = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    } else {
      const start = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
      value = text.slice(start, at);
    }
    record.push(value);
    if (text[at] === delimiter) {
      at++;
      if (at === text.length) record.push('');
      if (at < text.length) continue;
    }
    if (at >= text.length && !whole) return records;
    while (text[at] === '\r' || text[at] === '\n') at++;
    records.push(record);
    record = [];
  }
  return records;
}

/** Without the blanks around them; empty and repeated names are numbered: `column3`, `title_2`. */
function uniqueNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  return header.map((written, at) => {
    const stem = written.trim() === '' ? `column${at + 1}` : written.trim();
    let name = stem;
    for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${stem}_${count}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

/** Leading zeros and plus signs are kept by text alone, so a value with one is no number. */
const shapes: readonly (readonly [CsvType, RegExp])[] = [
  ['BIGINT', /^(0|-?[1-9]\d{0,17})$/],
  ['DOUBLE', /^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?(nan|inf|infinity)$/i],
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
