/** Inspects an unknown file. Returns a table with a sample of its rows, or the reason why it is none. */
import { isUtf8 } from 'node:buffer';
import { statSync } from 'node:fs';
import { describeError } from '../../base/diagnostics/diagnostic.ts';
import { pathKind } from '../files/access.ts';
import { readers } from '../files/data_source.ts';
import { openDatabase } from '../files/duckdb.ts';
import type { InputFile } from '../files/find_files.ts';
import { columnsOfRelation, countOf } from '../files/formats/reader.ts';
import { endingChoice, type FileKind, fileKinds, formats } from '../files/formats/table.ts';
import { readBeginning, sampleBytes } from '../files/records/scan_file.ts';
import { lookAtJson, tableOfObjects } from './look_at_json.ts';
import { decode, lookAtText, type SampledTable } from './look_at_text.ts';
import { cellOf, exactJson, type LookedTable, type TextEncoding } from './looked_table.ts';

export interface NoTable {
  readonly path: string;
  readonly reason: string;
}

const headBytes = 64 << 10;

/** @throws the reason of `signal` */
export async function lookAtFile(path: string, signal?: AbortSignal): Promise<LookedTable | NoTable> {
  signal?.throwIfAborted();
  try {
    const kind = pathKind(path);
    if (kind === undefined) return { path, reason: 'there is no such file' };
    if (kind !== 'file') return { path, reason: `it is ${kind}` };
    if (statSync(path).size === 0) return { path, reason: 'it is empty' };
    const looked = await look(path, signal);
    return 'reason' in looked ? { path, reason: looked.reason } : { path, ...looked };
  } catch (error) {
    signal?.throwIfAborted();
    return { path, reason: describeError(error) };
  }
}

async function look(path: string, signal: AbortSignal | undefined) {
  const ending = new RegExp(`\\.(${endingChoice})(\\.gz)?$`, 'i').exec(path);
  const endingWord = ending?.[1]?.toLowerCase() ?? '';
  const file: InputFile = { path, name: path, kind: 'csv', compressed: false };
  let headBuffer = (await readBeginning(file, headBytes)).bytes;
  let format = formatOf(headBuffer);
  const compressed = format.kind === 'gzip';
  if (compressed) {
    headBuffer = (await readBeginning({ ...file, compressed }, headBytes)).bytes;
    format = formatOf(headBuffer);
  }
  // A data block decompresses files whose names end in .gz.
  const isPacked = ending?.[2] !== undefined;
  if (compressed !== isPacked) {
    return {
      reason: compressed ? 'it is packed with gzip: name it `….gz`' : 'its name ends in .gz, and it is not packed',
    };
  }
  if (format.kind === 'no table') return { reason: format.reason };
  if (format.kind === 'gzip') return { reason: 'it is packed twice' };
  if (format.kind !== 'text') {
    const { title, endings } = formats[format.kind];
    return compressed
      ? { reason: `it is ${title} within gzip: unpack it` }
      : lookAtRelation(path, format.kind, endings.includes(endingWord), signal);
  }
  const sample = await sampleBytes({ ...file, compressed });
  const firstCharacter = decode(headBuffer, format.encoding).trimStart()[0];
  const isJson =
    firstCharacter === '{' || (firstCharacter === '[' && /^\s*\[\s*[{\]]/.test(decode(headBuffer, format.encoding)));
  if (isJson) return lookAtJson(sample, formats.json.endings.includes(endingWord));
  const readable = endingWord === 'tsv' ? 'tsv' : formats.csv.endings.includes(endingWord) ? 'csv' : undefined;
  return lookAtText(sample, format.encoding, readable);
}

const maxRows = 20_000;

/** @throws the error of the database for a damaged file */
async function lookAtRelation(
  path: string,
  kind: FileKind,
  isKnown: boolean,
  signal?: AbortSignal,
): Promise<SampledTable> {
  const database = await openDatabase(signal);
  try {
    const tableSql = readers[kind].relation!(path);
    const described = await columnsOfRelation(database, tableSql);
    const columns = described.map(({ name }) => name);
    const count = await countOf(database, tableSql);
    const sampled = await database.rows(
      `SELECT CAST(to_json(t) AS VARCHAR) AS row FROM (SELECT * FROM ${tableSql} LIMIT ${maxRows}) t`,
    );
    const objects = sampled.map(({ row }) => exactJson(String(row)) as Record<string, unknown>);
    const rows = objects.map((object) => columns.map((name) => cellOf(object[name])));
    const types = described.map(({ type }) => type);
    const sampledTable = { kind, columns, types, rows, count, isWhole: count <= maxRows, bad: 0 } as const;
    const structs = new Set(columns.filter((_, index) => types[index]!.startsWith('STRUCT(')));
    return tableOfObjects(sampledTable, objects, isKnown, ([name]) => !structs.has(name!));
  } finally {
    database.close();
  }
}

type FirstBytes =
  | { readonly kind: 'text'; readonly encoding: TextEncoding }
  | { readonly kind: FileKind | 'gzip' }
  | { readonly kind: 'no table'; readonly reason: string };

/** First bytes of files that contain no text rows, with advice. */
const knownFormats: readonly (readonly [string, string])[] = [
  ['504b0304', 'it is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV'],
  ['d0cf11e0', 'it is an Excel workbook: save the sheet as CSV'],
  ['28b52ffd', 'it is packed with zstd: unpack it'],
  ['425a68', 'it is packed with bzip2: unpack it'],
  ['fd377a58', 'it is packed with xz: unpack it'],
  ['53514c69', 'it is an SQLite database: write its tables as CSV'],
  ['25504446', 'it is a PDF'],
  ['89504e47', 'it is a picture'],
  ['ffd8ff', 'it is a picture'],
  ['934e554d', 'it is an array of NumPy: a feature may read it with `init`'],
];

function formatOf(bytes: Buffer): FirstBytes {
  if (bytes.length === 0) return { kind: 'no table', reason: 'it is empty' };
  const headBuffer = bytes.subarray(0, 8).toString('hex');
  const typed = fileKinds.find((kind) => headBuffer.startsWith(formats[kind].magic ?? '-'));
  if (typed) return { kind: typed };
  if (headBuffer.startsWith('1f8b')) return { kind: 'gzip' };
  const knownFormat = knownFormats.find(([magic]) => headBuffer.startsWith(magic));
  if (knownFormat) return { kind: 'no table', reason: knownFormat[1] };
  if (headBuffer.startsWith('fffe')) return { kind: 'text', encoding: 'utf-16le' };
  if (headBuffer.startsWith('feff')) return { kind: 'text', encoding: 'utf-16be' };
  // Text has no zero bytes and few other control characters.
  let controls = 0;
  for (const byte of bytes) {
    if (byte === 0) return { kind: 'no table', reason: 'it is binary' };
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) controls++;
  }
  if (controls * 100 > bytes.length) return { kind: 'no table', reason: 'it is binary' };
  if (bytes.every((byte) => byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf))
    return { kind: 'no table', reason: 'it holds blanks alone' };
  return { kind: 'text', encoding: isText(bytes) ? 'utf-8' : 'windows-1252' };
}

/** True if the bytes are UTF-8, although a piece may end within a character and some lines may be broken. */
function isText(bytes: Buffer): boolean {
  if (isUtf8(bytes.subarray(0, Math.max(0, bytes.length - 4)))) return true;
  const foreignLines = bytes
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .filter((line) => /[\x80-\xff]/.test(line));
  const invalidLines = foreignLines.filter((line) => !isUtf8(Buffer.from(line, 'latin1')));
  return invalidLines.length * 2 < foreignLines.length;
}
