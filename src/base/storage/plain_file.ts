/**
 * Plain data in a file, for another process of this machine: objects, maps, typed arrays and packed texts. Reading does not keep the event loop: arrays are
 * read by the system's threads straight into their memory. Long lists of texts are packed, since all else is read in one go. Only files of this program are
 * read: `v8.deserialize` trusts its input.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { invariant } from '../diagnostics/failure.ts';
import { PackedTexts } from '../text/texts.ts';
import { bytesOf } from './tensor_header.ts';

type PlainArray = Float32Array | Float64Array | Int32Array | Int8Array | Uint8Array | Uint32Array;
const kinds = { Float32Array, Float64Array, Int32Array, Int8Array, Uint8Array, Uint32Array } as const;
type ArrayKind = keyof typeof kinds;

/** Stands in the head for an array: its index among the slots. */
interface ArrayReference {
  readonly [mark]: number;
}
const mark = '\0place';

/** Packed texts: their bytes and ends, or the references to these. */
interface Packed {
  readonly [packedMark]: readonly [unknown, unknown];
}
const packedMark = '\0texts';

interface ArraySlot {
  readonly kind: ArrayKind;
  readonly at: number;
  readonly length: number;
}

interface Head {
  readonly stored: readonly ArraySlot[];
  readonly value: unknown;
}

/** Bytes from which an array has a place of its own, outside of the head. */
const largeBytes = 4096;
/** Bytes that one call reads or writes at most: the system takes no more than 2 GiB. */
const bytesAtOnce = 2 ** 28;
const trailerBytes = 16;

export async function writePlain(path: string, value: unknown): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    let at = 0;
    const write = async (bytes: Uint8Array): Promise<void> => {
      for (let from = 0; from < bytes.length; from += bytesAtOnce) {
        const { bytesWritten } = await handle.write(bytes.subarray(from, from + bytesAtOnce));
        if (bytesWritten < Math.min(bytesAtOnce, bytes.length - from)) throw new Error('the disk is full');
      }
      at += bytes.length;
    };
    const { parts, value: head } = withoutArrays(value);
    const stored: ArraySlot[] = [];
    for (const part of parts) {
      stored.push({ kind: part.constructor.name as ArrayKind, at, length: part.length });
      await write(bytesOf(part));
    }
    const bytes = serialize({ stored, value: head } satisfies Head);
    const trailer = Buffer.alloc(trailerBytes);
    trailer.writeBigUInt64LE(BigInt(at), 0);
    trailer.writeBigUInt64LE(BigInt(bytes.length), 8);
    await write(bytes);
    await write(trailer);
  } finally {
    await handle.close();
  }
}

export async function readPlain(path: string): Promise<unknown> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const trailer = await bytesAt(handle, size - trailerBytes, trailerBytes);
    const { stored, value } = deserialize(
      await bytesAt(handle, Number(trailer.readBigUInt64LE(0)), Number(trailer.readBigUInt64LE(8))),
    ) as Head;
    const parts: PlainArray[] = [];
    for (const { kind, at, length } of stored) {
      const array = new kinds[kind](length);
      await readInto(handle, bytesOf(array), at);
      parts.push(array);
    }
    return putBack(value, parts);
  } finally {
    await handle.close();
  }
}

async function bytesAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await readInto(handle, bytes, at);
  return bytes;
}

async function readInto(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    const length = Math.min(bytesAtOnce, bytes.length - from);
    const { bytesRead } = await handle.read(bytes, from, length, at + from);
    if (bytesRead === 0) throw new Error('the file of another process is not whole');
    from += bytesRead;
  }
}

/** Returns a copy with references in place of all large arrays, and those. What is shared is taken once. */
function withoutArrays(value: unknown): { readonly parts: readonly PlainArray[]; readonly value: unknown } {
  const parts: PlainArray[] = [];
  const copies = new Map<object, unknown>();
  const place = (part: PlainArray): ArrayReference => ({ [mark]: parts.push(part) - 1 });
  const copy = (each: unknown): unknown => {
    if (typeof each !== 'object' || each === null) return each;
    const before = copies.get(each);
    if (before !== undefined) return before;
    const made = copied(each);
    copies.set(each, made);
    return made;
  };
  const copied = (each: object): unknown => {
    if (ArrayBuffer.isView(each)) {
      return each.byteLength < largeBytes || !(each.constructor.name in kinds) ? each : place(each as PlainArray);
    }
    if (each instanceof PackedTexts) return { [packedMark]: [copy(each.bytes), copy(each.ends)] };
    if (each instanceof Map) return new Map([...each].map(([key, one]) => [copy(key), copy(one)]));
    if (Array.isArray(each)) return each.map(copy);
    invariant(
      [Object.prototype, null].includes(Object.getPrototypeOf(each)),
      `${each.constructor?.name} is plain data`,
    );
    return Object.fromEntries(Object.entries(each).map(([name, one]) => [name, copy(one)]));
  };
  return { value: copy(value), parts };
}

function putBack(value: unknown, parts: readonly unknown[]): unknown {
  const copies = new Map<object, unknown>();
  const put = (each: unknown): unknown => {
    if (typeof each !== 'object' || each === null || ArrayBuffer.isView(each)) return each;
    if (mark in each) return parts[(each as ArrayReference)[mark]];
    if (packedMark in each) {
      const [bytes, ends] = (each as Packed)[packedMark];
      return new PackedTexts(put(bytes) as Uint8Array, put(ends) as Uint32Array);
    }
    const before = copies.get(each);
    if (before !== undefined) return before;
    const made = rebuilt(each);
    copies.set(each, made);
    return made;
  };
  const rebuilt = (each: object): unknown => {
    if (each instanceof Map) return new Map([...each].map(([key, one]) => [put(key), put(one)]));
    if (Array.isArray(each)) return each.map(put);
    return Object.fromEntries(Object.entries(each).map(([name, one]) => [name, put(one)]));
  };
  return put(value);
}
