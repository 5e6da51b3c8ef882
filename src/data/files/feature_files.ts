/** Reads files that features name: vocabularies, and vectors with their keys. Their paths are relative to the folder of the data block. */
import { isUtf8 } from 'node:buffer';
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { type Diagnostic, describeSystemError, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeKeyTable } from '../../base/text/key_table.ts';
import type { Span } from '../../base/text/source.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { Encoder, FeaturePlan } from '../../graph/plan/plan.ts';
import { bigramsOf, type SplitText, wordsOfText } from '../encoders/text_pieces.ts';
import type { Access } from './access.ts';
import { findFile } from './find_files.ts';

/**
 * Reads arrays of NumPy's formats 1 to 3 (`lib.format`): two dimensions, float32 or float64, row-major. The header is a Python literal that is
 * matched and never evaluated; object types are refused. Only requested rows are read.
 */
interface NpyArray {
  readonly rows: number;
  readonly columns: number;
  /** Reads one row in single precision. @throws FeatureFileError for a number that is not finite in it */
  readRow(index: number, into: Float32Array): Promise<void>;
}

/** Has the reason why a file of a feature cannot be read; `message` completes "cannot be read: …". */
export class FeatureFileError extends Error {}

const magic = Buffer.from('\x93NUMPY', 'latin1');
/** Maximum length of the header in bytes, which is also NumPy's default. */
const maxHeaderBytes = 10_000;
/** Bytes of one read, unless a row is longer. */
const readBytes = 2 ** 20;

/** @param size bytes of the file */
export async function openNpy(file: FileHandle, size: number): Promise<NpyArray> {
  const preamble = await readRange(file, 0, 12, size);
  if (!preamble.subarray(0, 6).equals(magic)) throw new FeatureFileError('it does not begin as a .npy file');
  const version = preamble[6]!;
  if (version < 1 || version > 3)
    throw new FeatureFileError(`its format is ${version}.${preamble[7]}, and Tower reads 1 to 3`);
  const [headerLength, headerStart] = version === 1 ? [preamble.readUInt16LE(8), 10] : [preamble.readUInt32LE(8), 12];
  if (headerLength > maxHeaderBytes)
    throw new FeatureFileError(`its header has ${headerLength} bytes, more than ${maxHeaderBytes}`);
  const headerText = (await readRange(file, headerStart, headerLength, size)).toString('latin1');
  const { width, isLittle, rows, columns } = parseHeader(headerText);
  const dataOffset = headerStart + headerLength;
  const [expectedBytes, actualBytes] = [rows * columns * width, size - dataOffset];
  if (expectedBytes !== actualBytes) {
    throw new FeatureFileError(
      `its header says ${rows} × ${columns} numbers, ${expectedBytes} bytes, and ${actualBytes} bytes follow`,
    );
  }
  const rowBytes = columns * width;
  const pieceRows = Math.max(1, Math.floor(readBytes / rowBytes));
  let cached: { firstRow: number; count: number; bytes: Buffer } = { firstRow: 0, count: 0, bytes: Buffer.alloc(0) };
  return {
    rows,
    columns,
    async readRow(row, into) {
      if (row < cached.firstRow || row >= cached.firstRow + cached.count) {
        const count = Math.min(pieceRows, rows - row);
        cached = {
          firstRow: row,
          count,
          bytes: await readRange(file, dataOffset + row * rowBytes, count * rowBytes, size),
        };
      }
      const { bytes, firstRow: first } = cached;
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      for (let column = 0; column < columns; column++) {
        const valueOffset = (row - first) * rowBytes + column * width;
        const value = width === 4 ? view.getFloat32(valueOffset, isLittle) : view.getFloat64(valueOffset, isLittle);
        into[column] = value;
        if (!Number.isFinite(into[column]!)) {
          throw new FeatureFileError(`row ${row} has ${value} at place ${column}, which is no finite float32`);
        }
      }
    },
  };
}

async function readRange(file: FileHandle, from: number, length: number, size: number): Promise<Buffer> {
  if (from + length > size) throw new FeatureFileError('it ends within its header');
  const bytes = Buffer.alloc(length);
  let bytesDone = 0;
  while (bytesDone < length) {
    const { bytesRead } = await file.read(bytes, bytesDone, length - bytesDone, from + bytesDone);
    if (bytesRead === 0) throw new FeatureFileError('it became shorter while it was read');
    bytesDone += bytesRead;
  }
  return bytes;
}

const headerEntries = {
  descr: /'descr'\s*:\s*'([^']*)'/,
  order: /'fortran_order'\s*:\s*(True|False)/,
  shape: /'shape'\s*:\s*\(([\d\s,]*)\)/,
} as const;

function parseHeader(text: string): { width: 4 | 8; isLittle: boolean; rows: number; columns: number } {
  const [descr, fortranOrder, shapeText] = [headerEntries.descr, headerEntries.order, headerEntries.shape].map(
    (entry) => entry.exec(text)?.[1],
  );
  if (descr === undefined) throw new FeatureFileError('its numbers have no plain type: save float32 or float64');
  const typeMatch = /^([<>])f([48])$/.exec(descr);
  if (!typeMatch) throw new FeatureFileError(`its numbers are \`${descr.slice(0, 20)}\`: save float32 or float64`);
  if (fortranOrder === undefined || shapeText === undefined)
    throw new FeatureFileError('its header has no order or no shape');
  const remainder = Object.values(headerEntries).reduce((unread, entry) => unread.replace(entry, ''), text);
  if (!/^\{[\s,]*\}\s*$/.test(remainder))
    throw new FeatureFileError('its header has more than a type, an order and a shape');
  if (fortranOrder === 'True')
    throw new FeatureFileError('it is stored by column: save `numpy.ascontiguousarray(array)`');
  const sizes = shapeText.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size.trim())]));
  const [rows, columns] = sizes;
  if (sizes.length !== 2 || !sizes.every(Number.isSafeInteger)) {
    throw new FeatureFileError(`it has the shape (${shapeText.trim()}), and a table needs (rows, numbers of a row)`);
  }
  if (rows === 0 || columns === 0) throw new FeatureFileError('it has no numbers');
  return { width: typeMatch[2] === '4' ? 4 : 8, isLittle: typeMatch[1] === '<', rows: rows!, columns: columns! };
}

// Files with one value in each line: vocabularies, and the keys of vectors. Lines end with LF or CR LF; values are not trimmed and must be unique.

/** Maximum bytes of such a file, because its text must fit into one string. */
const maxListBytes = 256 * 2 ** 20;

/** @param size bytes of the file */
export async function readValueList(path: string, size: number): Promise<readonly string[]> {
  if (size > maxListBytes) throw new FeatureFileError(`it has ${size} bytes, more than ${maxListBytes}`);
  const bytes = await readFile(path);
  if (!isUtf8(bytes)) throw new FeatureFileError('it is not UTF-8');
  const lines = bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) throw new FeatureFileError('it has no line');
  /** The first line with a value, from 1, by the row that the table has of the value. */
  const firstLines = new Int32Array(lines.length);
  const rows = makeKeyTable(lines, lines.length).rowsOf(lines);
  for (let index = 0; index < lines.length; index++) {
    if (lines[index] === '') throw new FeatureFileError(`line ${index + 1} is empty`);
    const tableRow = rows[index]!;
    if (firstLines[tableRow]! > 0) throw new FeatureFileError(`line ${index + 1} repeats line ${firstLines[tableRow]}`);
    firstLines[tableRow] = index + 1;
  }
  return lines;
}

export interface FeatureFile {
  /** Values of its vocabulary, in order. */
  readonly values?: readonly string[];
  readonly vectors?: KeyedVectors;
  /** The file of the values, or of the keys, and the feature that names it. */
  readonly list: { readonly path: string; readonly span: Span };
}

interface KeyedVectors {
  readonly keys: readonly string[];
  readonly width: number;
  /** Returns float32 [indexes.length, width]: the vectors of these keys. */
  read(indexes: readonly number[]): Promise<Float32Array>;
}

/** Returns the files by feature. A feature with an error has no entry. */
export async function readFeatureFiles(
  description: DataDescription,
  features: readonly FeaturePlan[],
  spanOf: (feature: string) => Span,
  access: Access | undefined,
): Promise<{ readonly output: ReadonlyMap<string, FeatureFile>; readonly diagnostics: readonly Diagnostic[] }> {
  const filesByFeature = new Map<string, FeatureFile>();
  const diagnostics: Diagnostic[] = [];
  for (const feature of features) {
    const { name, encoder, vectors, encoderOf, width } = feature;
    if (encoderOf !== name) continue;
    const span = spanOf(name);
    const readOrFail = <T>(path: string, use: (fullPath: string, size: number) => Promise<T>): Promise<T> =>
      readFileOrFail(description, path, span, access, use);
    try {
      if ('file' in encoder && encoder.file !== undefined) {
        const values = await readOrFail(encoder.file, readValueList);
        const reason = invalidPieceReason(encoder, values);
        if (reason !== undefined) throw failure('data-file-unreadable', { path: encoder.file, reason }, span);
        filesByFeature.set(name, { values, list: { path: encoder.file, span } });
      } else if (vectors) {
        const keys = await readOrFail(vectors.keys, readValueList);
        const { rows, columns } = await readOrFail(vectors.file, (path, size) =>
          withFile(path, (file) => openNpy(file, size)),
        );
        let reason: string | undefined;
        if (rows !== keys.length) reason = `it has ${rows} rows, and \`${vectors.keys}\` has ${keys.length} keys`;
        else if (columns !== width)
          reason = `its rows have ${columns} numbers, and \`${name}\` has \`dim: ${width}\`: write \`dim: ${columns}\``;
        if (reason !== undefined) throw failure('data-file-unreadable', { path: vectors.file, reason }, span);
        const readVectors = (indexes: readonly number[]): Promise<Float32Array> =>
          readOrFail(vectors.file, (path, size) => readRows(path, size, indexes, width));
        filesByFeature.set(name, { vectors: { keys, width, read: readVectors }, list: { path: vectors.keys, span } });
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      for (const diagnostic of error.diagnostics) diagnostics.push(diagnostic);
    }
  }
  return { output: filesByFeature, diagnostics };
}

/** Reads in ascending order of the indexes, so that rows come in pieces. */
async function readRows(path: string, size: number, indexes: readonly number[], width: number): Promise<Float32Array> {
  const vectorData = new Float32Array(indexes.length * width);
  await withFile(path, async (file) => {
    const array = await openNpy(file, size);
    const ascending = Array.from(indexes.keys()).sort((a, b) => indexes[a]! - indexes[b]!);
    for (const index of ascending)
      await array.readRow(indexes[index]!, vectorData.subarray(index * width, (index + 1) * width));
  });
  return vectorData;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  return use(file).finally(() => file.close());
}

async function readFileOrFail<T>(
  description: DataDescription,
  path: string,
  span: Span,
  access: Access | undefined,
  use: (fullPath: string, size: number) => Promise<T>,
): Promise<T> {
  const fullPath = findFile(description, { path, span }, access);
  try {
    return await use(fullPath, (await stat(fullPath)).size);
  } catch (error) {
    const reason = error instanceof FeatureFileError ? error.message : describeSystemError(error);
    if (reason === undefined) throw error;
    throw failure('data-file-unreadable', { path, reason }, span);
  }
}

/** Maps kinds of encoders to the pieces that a text is cut into: a line that is no piece would be a row that no text reads. */
const pieceRules: Readonly<Record<string, { readonly what: string; readonly isOne: (line: string) => boolean }>> = {
  words: { what: 'a word in lower case, such as `night`', isOne: (line) => isSinglePiece(line, wordsOfText) },
  bigrams: {
    what: 'a word in lower case, or two with a blank between them, such as `new york`',
    isOne: (line) => isSinglePiece(line, wordsOfText) || bigramsOf(line)[1] === line,
  },
  trigrams: {
    what: 'three letters of `#word#` in lower case, such as `#ni`',
    isOne: (line) => [...line].length === 3 && isSinglePiece(line.replace(/^#|#$/g, ''), wordsOfText),
  },
};

const isSinglePiece = (line: string, splitText: SplitText): boolean => {
  const [firstPiece, ...otherPieces] = splitText(line);
  return firstPiece === line && otherPieces.length === 0;
};

/** Returns the error of the first line that is not a piece, as the rest of "cannot be read: …"; undefined if all lines are pieces. */
export function invalidPieceReason({ kind }: Encoder, lines: readonly string[]): string | undefined {
  const rule = pieceRules[kind];
  const lineIndex = rule ? lines.findIndex((line) => !rule.isOne(line)) : -1;
  return lineIndex < 0
    ? undefined
    : `line ${lineIndex + 1}, ${JSON.stringify(lines[lineIndex]!.slice(0, 40))}, is not ${rule!.what}`;
}
