/**
 * Named columns of numbers as bytes, some rows at a time; a shard is a sequence of them. A shard is read whole into typed arrays, as they
 * lie in memory, so that reading costs one copy.
 */
export type BlockArray = Int32Array | Float32Array | Float64Array | Uint8Array;

export type ColumnBlock = ReadonlyMap<string, BlockArray>;

/** A block whose columns nobody else uses. */
export type OwnBlock = Map<string, BlockArray>;

const magic = 0x31425754;
const alignment = 8;
const arrayTypes = { i32: Int32Array, f32: Float32Array, f64: Float64Array, u8: Uint8Array } as const;
type ArrayKind = keyof typeof arrayTypes;

const kindOf = (array: BlockArray): ArrayKind =>
  array instanceof Int32Array
    ? 'i32'
    : array instanceof Float32Array
      ? 'f32'
      : array instanceof Float64Array
        ? 'f64'
        : 'u8';

/** A call that writes or hashes takes less than 2 GiB, and a `Uint8Array` has less than 4 GiB; a column may have more. */
const pieceBytes = 2 ** 28;

/** Returns the bytes of a block, in pieces: views of the arrays, not copies. */
export function piecesOf(block: ColumnBlock, maxBytes = pieceBytes): Uint8Array[] {
  const header = Buffer.from(JSON.stringify([...block].map(([name, array]) => [name, kindOf(array), array.length])));
  const prefix = new Uint32Array([magic, header.byteLength]);
  const pieces = [...bytesOf(prefix, maxBytes), header, padding(8 + header.byteLength)];
  for (const array of block.values()) pieces.push(...bytesOf(array, maxBytes), padding(array.byteLength));
  return pieces.filter(({ byteLength }) => byteLength > 0);
}

function* bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView, maxBytes: number): Iterable<Uint8Array> {
  for (let offset = 0; offset < byteLength; offset += maxBytes) {
    yield new Uint8Array(buffer, byteOffset + offset, Math.min(maxBytes, byteLength - offset));
  }
}

const padded = (length: number): number => Math.ceil(length / alignment) * alignment;
const padding = (length: number): Uint8Array => new Uint8Array(padded(length) - length);

/**
 * Returns all blocks of a file, as views of its bytes.
 * @throws Error where the bytes are not blocks
 */
export function blocksIn(bytes: ArrayBuffer): OwnBlock[] {
  const blocks: OwnBlock[] = [];
  let offset = 0;
  const take = (length: number): number => {
    const start = offset;
    offset += padded(length);
    if (!(length >= 0) || offset > bytes.byteLength) throw new Error('a block is cut off');
    return start;
  };
  while (offset < bytes.byteLength) {
    const blockStart = offset;
    const [foundMagic, length] = new Uint32Array(bytes, take(8), 2);
    if (foundMagic !== magic) throw new Error('a block has no beginning');
    offset = blockStart;
    const headerStart = take(8 + length!) + 8;
    const header = Buffer.from(bytes, headerStart, length).toString();
    const columns = JSON.parse(header) as [string, ArrayKind, number][];
    blocks.push(
      new Map(
        columns.map(([name, kind, count]) => {
          const make = arrayTypes[kind];
          if (make === undefined || !Number.isSafeInteger(count)) throw new Error('a block has an unknown column');
          return [name, new make(bytes, take(count * make.BYTES_PER_ELEMENT), count)];
        }),
      ),
    );
  }
  return blocks;
}

/**
 * Joins the columns of several blocks. Each is taken out of the blocks once it is joined, so that no more than one column, or the bytes of
 * one file, is in memory twice.
 */
export function merged(blocks: readonly OwnBlock[]): OwnBlock {
  const mergedBlock: OwnBlock = new Map();
  for (const [name, array] of blocks[0] ?? []) {
    mergedBlock.set(name, joined(blocks, name, array.constructor as new (length: number) => BlockArray));
    for (const block of blocks) block.delete(name);
  }
  return mergedBlock;
}

export function joined<T extends BlockArray>(
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
