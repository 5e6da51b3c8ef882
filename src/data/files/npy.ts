/**
 * Arrays of NumPy's format 1 to 3, as its `lib.format` says: two dimensions, float32 or float64, row by row. The header is a Python literal
 * that is matched and never evaluated; types that hold objects are refused. Values are read row by row where they are asked for.
 */
import type { FileHandle } from 'node:fs/promises';

export interface NpyArray {
  readonly rows: number;
  readonly columns: number;
  /** Numbers of one row in single precision. @throws NpyError for a number that is not finite in it */
  row(at: number, into: Float32Array): Promise<void>;
}

/** `reason` completes "cannot be read: …". */
export class NpyError extends Error {}

const magic = Buffer.from('\x93NUMPY', 'latin1');
/** The largest header: NumPy itself reads 10,000 bytes at most by default. */
const longestHeader = 10_000;
/** Bytes read at a time, unless a row is longer. */
const pieceBytes = 2 ** 20;

/** @param size of the file in bytes */
export async function openNpy(file: FileHandle, size: number): Promise<NpyArray> {
  const start = await read(file, 0, 12, size);
  if (!start.subarray(0, 6).equals(magic)) throw new NpyError('it does not begin as a .npy file');
  const version = start[6]!;
  if (version < 1 || version > 3) throw new NpyError(`its format is ${version}.${start[7]}, and Tower reads 1 to 3`);
  const [length, from] = version === 1 ? [start.readUInt16LE(8), 10] : [start.readUInt32LE(8), 12];
  if (length > longestHeader) throw new NpyError(`its header has ${length} bytes, more than ${longestHeader}`);
  const text = (await read(file, from, length, size)).toString('latin1');
  const { width, isLittle, rows, columns } = parseHeader(text);
  const offset = from + length;
  const [expected, found] = [rows * columns * width, size - offset];
  if (expected !== found) {
    throw new NpyError(`its header says ${rows} × ${columns} numbers, ${expected} bytes, and ${found} bytes follow`);
  }
  const perRow = columns * width;
  const perPiece = Math.max(1, Math.floor(pieceBytes / perRow));
  let piece: { first: number; count: number; bytes: Buffer } = { first: 0, count: 0, bytes: Buffer.alloc(0) };
  return {
    rows,
    columns,
    async row(at, into) {
      if (at < piece.first || at >= piece.first + piece.count) {
        const count = Math.min(perPiece, rows - at);
        piece = { first: at, count, bytes: await read(file, offset + at * perRow, count * perRow, size) };
      }
      const { bytes, first } = piece;
      for (let column = 0; column < columns; column++) {
        const place = (at - first) * perRow + column * width;
        const value =
          width === 4
            ? isLittle
              ? bytes.readFloatLE(place)
              : bytes.readFloatBE(place)
            : isLittle
              ? bytes.readDoubleLE(place)
              : bytes.readDoubleBE(place);
        into[column] = value;
        if (!Number.isFinite(into[column]!)) {
          throw new NpyError(`row ${at} has ${value} at place ${column}, which is no finite float32`);
        }
      }
    },
  };
}

async function read(file: FileHandle, from: number, length: number, size: number): Promise<Buffer> {
  if (from + length > size) throw new NpyError('it ends within its header');
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, from + done);
    if (bytesRead === 0) throw new NpyError('it became shorter while it was read');
    done += bytesRead;
  }
  return bytes;
}

const entries = {
  descr: /'descr'\s*:\s*'([^']*)'/,
  order: /'fortran_order'\s*:\s*(True|False)/,
  shape: /'shape'\s*:\s*\(([\d\s,]*)\)/,
} as const;

function parseHeader(text: string): { width: 4 | 8; isLittle: boolean; rows: number; columns: number } {
  const [descr, order, shape] = [entries.descr, entries.order, entries.shape].map((entry) => entry.exec(text)?.[1]);
  if (descr === undefined) throw new NpyError('its numbers have no plain type: save float32 or float64');
  const type = /^([<>])f([48])$/.exec(descr);
  if (!type) throw new NpyError(`its numbers are \`${descr.slice(0, 20)}\`: save float32 or float64`);
  if (order === undefined || shape === undefined) throw new NpyError('its header has no order or no shape');
  const rest = Object.values(entries).reduce((left, entry) => left.replace(entry, ''), text);
  if (!/^\{[\s,]*\}\s*$/.test(rest)) throw new NpyError('its header has more than a type, an order and a shape');
  if (order === 'True') throw new NpyError('it is stored by column: save `numpy.ascontiguousarray(array)`');
  const sizes = shape.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size.trim())]));
  const [rows, columns] = sizes;
  if (sizes.length !== 2 || !sizes.every(Number.isSafeInteger)) {
    throw new NpyError(`it has the shape (${shape.trim()}), and a table needs (rows, numbers of a row)`);
  }
  if (rows === 0 || columns === 0) throw new NpyError('it has no numbers');
  return { width: type[2] === '4' ? 4 : 8, isLittle: type[1] === '<', rows: rows!, columns: columns! };
}
