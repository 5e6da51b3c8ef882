/**
 * Named columns of numbers as bytes, some rows at a time: what a pile is a sequence of. A pile is read whole into typed arrays, as they
 * lie in memory, so that reading costs one copy.
 */
export type Numbers = Int32Array | Float32Array | Float64Array | Uint8Array;

/** Columns by name. */
export type Block = ReadonlyMap<string, Numbers>;

/** A block that is nobody else's. */
export type OwnBlock = Map<string, Numbers>;

const magic = 0x31425754;
const alignment = 8;
const makers = { i32: Int32Array, f32: Float32Array, f64: Float64Array, u8: Uint8Array } as const;
type Kind = keyof typeof makers;

const kindOf = (array: Numbers): Kind =>
  array instanceof Int32Array
    ? 'i32'
    : array instanceof Float32Array
      ? 'f32'
      : array instanceof Float64Array
        ? 'f64'
        : 'u8';

/** A call that writes or hashes takes less than 2 GiB, and a `Uint8Array` has less than 4 GiB; a column may have more. */
const pieceBytes = 2 ** 28;

/** The bytes of a block, in pieces: views of the arrays, not copies. */
export function piecesOf(block: Block, most = pieceBytes): Uint8Array[] {
  const header = Buffer.from(JSON.stringify([...block].map(([name, array]) => [name, kindOf(array), array.length])));
  const prefix = new Uint32Array([magic, header.byteLength]);
  const pieces = [...bytesOf(prefix, most), header, padding(8 + header.byteLength)];
  for (const array of block.values()) pieces.push(...bytesOf(array, most), padding(array.byteLength));
  return pieces.filter(({ byteLength }) => byteLength > 0);
}

function* bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView, most: number): Iterable<Uint8Array> {
  for (let at = 0; at < byteLength; at += most) {
    yield new Uint8Array(buffer, byteOffset + at, Math.min(most, byteLength - at));
  }
}

const padded = (length: number): number => Math.ceil(length / alignment) * alignment;
const padding = (length: number): Uint8Array => new Uint8Array(padded(length) - length);

/**
 * All blocks of a file, as views of its bytes.
 * @throws Error where the bytes are not blocks
 */
export function blocksIn(bytes: ArrayBuffer): OwnBlock[] {
  const blocks: OwnBlock[] = [];
  let at = 0;
  const take = (length: number): number => {
    const from = at;
    at += padded(length);
    if (!(length >= 0) || at > bytes.byteLength) throw new Error('a block is cut off');
    return from;
  };
  while (at < bytes.byteLength) {
    const start = at;
    const [found, length] = new Uint32Array(bytes, take(8), 2);
    if (found !== magic) throw new Error('a block has no beginning');
    at = start;
    const headerAt = take(8 + length!) + 8;
    const header = Buffer.from(bytes, headerAt, length).toString();
    const columns = JSON.parse(header) as [string, Kind, number][];
    blocks.push(
      new Map(
        columns.map(([name, kind, count]) => {
          const make = makers[kind];
          if (make === undefined || !Number.isSafeInteger(count)) throw new Error('a block has an unknown column');
          return [name, new make(bytes, take(count * make.BYTES_PER_ELEMENT), count)];
        }),
      ),
    );
  }
  return blocks;
}

/**
 * The columns of several blocks, end to end. Each is taken out of the blocks once it is there, so that no more than one column, or the
 * bytes of one file, is in memory twice.
 */
export function merged(blocks: readonly OwnBlock[]): OwnBlock {
  const all: OwnBlock = new Map();
  for (const [name, array] of blocks[0] ?? []) {
    all.set(name, joined(blocks, name, array.constructor as new (length: number) => Numbers));
    for (const block of blocks) block.delete(name);
  }
  return all;
}

/** A column of several blocks, end to end. */
export function joined<T extends Numbers>(blocks: readonly Block[], name: string, make: new (length: number) => T): T {
  const arrays = blocks.map((block) => block.get(name) as T);
  if (arrays.length === 1) return arrays[0]!;
  const all = new make(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
