/**
 * Packs plain data with typed arrays and maps as one block, and back: the data next to the shards, stored for the next command. Long lists of
 * texts are packed: others are JSON, and a text of V8 has at most 2²⁹ characters.
 */
import { keyPartsComplaint } from '../../base/text/key_table.ts';
import { PackedTexts } from '../../base/text/texts.ts';
import type { BlockArray, ColumnBlock } from './block.ts';

const description = 'description';

/** Objects, lists, packed texts, maps with text keys, numbers, texts, booleans and typed arrays; what is undefined is left out. */
export function packPlain(value: unknown): ColumnBlock {
  const block = new Map<string, BlockArray>();
  const arrayNames = new Map<BlockArray, string>();
  const signedEnds = new Map<PackedTexts, Int32Array>();
  /** Returns the bits of unsigned numbers: blocks have signed ones alone. */
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
    if (value instanceof Map) return { map: [...value].map(([key, its]) => [key, pack(its)]) };
    if (Array.isArray(value)) return { list: value.map(pack) };
    if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(([, its]) => its !== undefined);
    return { object: entries.map(([key, its]) => [key, pack(its)]) };
  };
  const text = JSON.stringify(pack(value));
  block.set(description, new Uint8Array(Buffer.from(text)));
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

/** @throws Error where the block is not one of these */
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
    if ('map' in packedValue) return new Map(packedValue.map.map(([key, its]) => [key, unpack(its)]));
    if ('list' in packedValue) return packedValue.list.map(unpack);
    if ('object' in packedValue) return Object.fromEntries(packedValue.object.map(([key, its]) => [key, unpack(its)]));
    if ('number' in packedValue) return Number(packedValue.number);
    return packedOf(arrayOf(packedValue.packed) as Uint8Array, arrayOf(packedValue.ends) as Int32Array);
  };
  return unpack(JSON.parse(Buffer.from(arrayOf(description) as Uint8Array).toString()));
}

function packedOf(bytes: Uint8Array, { buffer, byteOffset, length }: Int32Array): PackedTexts {
  const ends = new Uint32Array(buffer, byteOffset, length);
  const complaint = keyPartsComplaint({ bytes, ends });
  if (complaint !== undefined) throw new Error(complaint);
  return new PackedTexts(bytes, ends);
}
