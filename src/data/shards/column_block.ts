/**
 * Stores named columns of numbers as bytes in blocks of some rows; a shard is a sequence of blocks. A whole shard is read into typed arrays with the memory
 * layout of the file, so that reading costs one copy.
 */
import { findKeyPartsError } from '../../base/text/key_table.ts';
import { PackedTexts } from '../../base/text/texts.ts';

export type BlockArray = Int32Array | Float32Array | Float64Array | Uint8Array;

export type ColumnBlock = ReadonlyMap<string, BlockArray>;

/** A block whose columns are not shared with other code. */
export type OwnBlock = Map<string, BlockArray>;

const magic = 0x31425754;
const alignment = 8;
const arrayTypes = { i32: Int32Array, f32: Float32Array, f64: Float64Array, u8: Uint8Array } as const;
type BlockArrayKind = keyof typeof arrayTypes;

const kindOf = (array: BlockArray): BlockArrayKind =>
  array instanceof Int32Array
    ? 'i32'
    : array instanceof Float32Array
      ? 'f32'
      : array instanceof Float64Array
        ? 'f64'
        : 'u8';

/** Maximum bytes of a piece: a call that writes or hashes takes less than 2 GiB, and a `Uint8Array` less than 4 GiB, but a column may be larger. */
const pieceBytes = 2 ** 28;

/** Returns the bytes of a block in pieces, which are views of the arrays and not copies. */
export function piecesOf(block: ColumnBlock, maxBytes = pieceBytes): Uint8Array[] {
  const header = Buffer.from(JSON.stringify([...block].map(([name, array]) => [name, kindOf(array), array.length])));
  const prefix = new Uint32Array([magic, header.byteLength]);
  const pieces = [...bytesOf(prefix, maxBytes), header, padding(8 + header.byteLength)];
  for (const array of block.values()) {
    for (const piece of bytesOf(array, maxBytes)) pieces.push(piece);
    pieces.push(padding(array.byteLength));
  }
  return pieces.filter(({ byteLength }) => byteLength > 0);
}

function* bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView, maxBytes: number): Iterable<Uint8Array> {
  for (let offset = 0; offset < byteLength; offset += maxBytes) {
    yield new Uint8Array(buffer, byteOffset + offset, Math.min(maxBytes, byteLength - offset));
  }
}

export const padded = (length: number): number => Math.ceil(length / alignment) * alignment;
const padding = (length: number): Uint8Array => new Uint8Array(padded(length) - length);

export interface PlacedColumn {
  readonly name: string;
  readonly make: (typeof arrayTypes)[BlockArrayKind];
  readonly length: number;
  /** The offset of its bytes in the file. */
  readonly start: number;
}

/** Bytes in front of a header, which give its length. */
export const prefixBytes = 8;

/** @throws Error if a block does not begin with these bytes */
export function headerBytes(prefix: Uint32Array): number {
  if (prefix[0] !== magic) throw new Error('a block has no beginning');
  return prefix[1]!;
}

/** Returns where the columns of a block are, and where the block ends. @param start of the block in a file of `size` bytes @throws Error if it is none */
export function columnsOf(
  header: string,
  start: number,
  size: number,
): { readonly columns: readonly PlacedColumn[]; readonly end: number } {
  let offset = start;
  const take = (length: number): number => {
    const blockOffset = offset;
    offset += padded(length);
    if (!(length >= 0) || offset > size) throw new Error('a block is cut off');
    return blockOffset;
  };
  take(prefixBytes + Buffer.byteLength(header));
  const columns = (JSON.parse(header) as [string, BlockArrayKind, number][]).map(([name, kind, length]) => {
    const make = arrayTypes[kind];
    if (make === undefined || !Number.isSafeInteger(length)) throw new Error('a block has an unknown column');
    return { name, make, length, start: take(length * make.BYTES_PER_ELEMENT) };
  });
  return { columns, end: offset };
}

/** Returns all blocks of a file as views of its bytes. @throws Error if the bytes are not blocks */
export function blocksIn(bytes: ArrayBuffer): OwnBlock[] {
  const blocks: OwnBlock[] = [];
  for (let offset = 0; offset < bytes.byteLength; ) {
    if (offset + prefixBytes > bytes.byteLength) throw new Error('a block is cut off');
    const length = headerBytes(new Uint32Array(bytes, offset, 2));
    if (offset + prefixBytes + length > bytes.byteLength) throw new Error('a block is cut off');
    const header = Buffer.from(bytes, offset + prefixBytes, length).toString();
    const { columns, end } = columnsOf(header, offset, bytes.byteLength);
    blocks.push(new Map(columns.map(({ name, make, length, start }) => [name, new make(bytes, start, length)])));
    offset = end;
  }
  return blocks;
}

export function joinedArrays<T extends BlockArray>(
  blocks: readonly ColumnBlock[],
  name: string,
  make: new (length: number) => T,
): T {
  const arrays = blocks.map((block) => block.get(name) as T);
  if (arrays.length === 1) return arrays[0]!;
  const column = new make(arrays.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const array of arrays) {
    column.set(array, offset);
    offset += array.length;
  }
  return column;
}

/**
 * Packs plain data with typed arrays and maps into one block, and unpacks it. So the data that accompanies shards is stored for the next command.
 * Long lists of texts are packed as bytes, because a string of V8 has at most 2²⁹ characters and the rest is JSON.
 */

const description = 'description';

/** Packs objects, lists, packed texts, maps with text keys, numbers, texts, booleans and typed arrays. Undefined values are omitted. */
export function packPlain(value: unknown): ColumnBlock {
  const block = new Map<string, BlockArray>();
  const arrayNames = new Map<BlockArray, string>();
  const signedEnds = new Map<PackedTexts, Int32Array>();
  /** Returns a signed view of unsigned numbers, because blocks only have signed ones. */
  const signedView = (texts: PackedTexts): Int32Array => {
    const { buffer, byteOffset, length } = texts.ends;
    const array = signedEnds.get(texts) ?? new Int32Array(buffer, byteOffset, length);
    signedEnds.set(texts, array);
    return array;
  };
  const arrayOf = (array: BlockArray): string => {
    const before = arrayNames.get(array);
    if (before !== undefined) return before;
    const name = `a${arrayNames.size}`;
    arrayNames.set(array, name);
    block.set(name, array);
    return name;
  };
  const pack = (value: unknown): unknown => {
    if (isNumbers(value)) return { array: arrayOf(value) };
    if (value instanceof PackedTexts) return { packed: arrayOf(value.bytes), ends: arrayOf(signedView(value)) };
    if (value instanceof Map) return { map: [...value].map(([key, element]) => [key, pack(element)]) };
    if (Array.isArray(value)) return { list: value.map(pack) };
    if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([, element]) => element !== undefined);
    return { object: entries.map(([key, element]) => [key, pack(element)]) };
  };
  block.set(description, new Uint8Array(Buffer.from(JSON.stringify(pack(value)))));
  return block;
}

const isNumbers = (value: unknown): value is BlockArray =>
  value instanceof Int32Array ||
  value instanceof Float32Array ||
  value instanceof Float64Array ||
  value instanceof Uint8Array;

type PackedValue =
  | { readonly array: string }
  | { readonly map: readonly [string, unknown][] }
  | { readonly list: readonly unknown[] }
  | { readonly object: readonly [string, unknown][] }
  | { readonly number: string }
  | { readonly packed: string; readonly ends: string };

/** @throws Error if `packPlain` did not make the block */
export function unpackPlain(block: ColumnBlock): unknown {
  const arrayOf = (name: string): BlockArray => {
    const array = block.get(name);
    if (array === undefined) throw new Error('an array is missing');
    return array;
  };
  const unpack = (packed: unknown): unknown => {
    if (typeof packed !== 'object' || packed === null) return packed;
    const packedValue = packed as PackedValue;
    if ('array' in packedValue) return arrayOf(packedValue.array);
    if ('map' in packedValue) return new Map(packedValue.map.map(([key, element]) => [key, unpack(element)]));
    if ('list' in packedValue) return packedValue.list.map(unpack);
    if ('object' in packedValue)
      return Object.fromEntries(packedValue.object.map(([key, element]) => [key, unpack(element)]));
    if ('number' in packedValue) return Number(packedValue.number);
    return packedOf(arrayOf(packedValue.packed) as Uint8Array, arrayOf(packedValue.ends) as Int32Array);
  };
  return unpack(JSON.parse(Buffer.from(arrayOf(description) as Uint8Array).toString()));
}

function packedOf(bytes: Uint8Array, { buffer, byteOffset, length }: Int32Array): PackedTexts {
  const ends = new Uint32Array(buffer, byteOffset, length);
  const complaint = findKeyPartsError({ bytes, ends });
  if (complaint !== undefined) throw new Error(complaint);
  return new PackedTexts(bytes, ends);
}
