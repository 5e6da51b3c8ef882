/**
 * Keys and their rows. A `Map` of V8 holds at most 2²⁴ entries and a string object for each. Here the keys are bytes end to end, found by
 * open addressing, so tables of hundreds of millions of keys take their bytes and 12 more a key. Read-only once made.
 */
import { mixed } from '../random/mixed.ts';

export interface KeyTable {
  /** How many rows it has; a key that comes twice counts twice. */
  readonly size: number;
  /** The row of a key, −1 where there is none. Of a key that comes twice, the last. */
  rowOf(key: string): number;
  keyAt(row: number): string;
  /** Rows of keys that begin with a text, in their order, at most so many. It reads all keys: 10 million take about 0.1 s. */
  rowsWith(prefix: string, most: number): number[];
  /** What it is made of, to be kept: with the slots, if a key was looked up or `withSlots` asks for them. Not to be changed. */
  parts(withSlots?: boolean): KeyParts;
}

/** A table as plain data. */
export interface KeyParts {
  /** All keys end to end, as WTF-8. */
  readonly bytes: Uint8Array;
  /** By row: where its key ends. */
  readonly ends: Uint32Array;
  /** By the hash of a key, which other hashes may push on: its row + 1, or 0. A power of two of them, half of them 0 at least. */
  readonly slots?: Uint32Array;
}

/** Bytes of all keys: what a 32-bit offset reaches. */
const mostBytes = 2 ** 32 - 1;

export function makeKeyTable(keys: Iterable<string>, expected = 0): KeyTable {
  let bytes = new Uint8Array(Math.max(64, 8 * expected));
  let ends = new Uint32Array(Math.max(16, expected));
  let size = 0;
  let used = 0;
  for (const key of keys) {
    // A unit of UTF-16 is three bytes at most.
    if (used + 3 * key.length > bytes.length) bytes = enlarged(bytes, used + 3 * key.length, Uint8Array);
    if (size === ends.length) ends = enlarged(ends, size + 1, Uint32Array);
    used = encode(key, bytes, used);
    if (used > mostBytes) throw new RangeError('the keys of a table take more than 4 GiB');
    ends[size++] = used;
  }
  return keyTableOf({ bytes: bytes.subarray(0, used), ends: ends.subarray(0, size) });
}

/** How many slots a table of so many keys has. */
export const slotsFor = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, 2 * size)));

/** @param parts of `KeyTable.parts`, or data that `keyPartsComplaint` has nothing against */
export function keyTableOf({ bytes, ends, slots }: KeyParts): KeyTable {
  const size = ends.length;
  const startOf = (row: number): number => (row === 0 ? 0 : ends[row - 1]!);

  const find = (slots: Uint32Array, from: Uint8Array, start: number, end: number): number => {
    const mask = slots.length - 1;
    for (let slot = hash(from, start, end) & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot]! - 1;
      if (row < 0 || isSame(bytes, startOf(row), ends[row]!, from, start, end)) return slot;
    }
  };
  /** Titles are read by row alone: the index of a table is made when a key is first looked up. */
  let index = slots;
  const makeIndex = (): Uint32Array => {
    // At most half full. A slot holds a row + 1; 0 is empty.
    const made = new Uint32Array(slotsFor(size));
    for (let row = 0; row < size; row++) made[find(made, bytes, startOf(row), ends[row]!)] = row + 1;
    return made;
  };

  return {
    size,
    rowOf(key) {
      const room = 3 * key.length <= shared.length ? shared : new Uint8Array(3 * key.length);
      index ??= makeIndex();
      return index[find(index, room, 0, encode(key, room, 0))]! - 1;
    },
    rowsWith(prefix, most) {
      const wanted = new Uint8Array(3 * prefix.length);
      const length = encode(prefix, wanted, 0);
      const rows: number[] = [];
      for (let row = 0; row < size && rows.length < most; row++) {
        const start = startOf(row);
        if (ends[row]! - start >= length && isSame(bytes, start, start + length, wanted, 0, length)) rows.push(row);
      }
      return rows;
    },
    keyAt(row) {
      if (!(row >= 0 && row < size)) throw new RangeError(`there is no row ${row} of ${size} keys`);
      return decode(bytes, startOf(row), ends[row]!);
    },
    parts(withSlots = false) {
      if (withSlots) index ??= makeIndex();
      return index ? { bytes, ends, slots: index } : { bytes, ends };
    },
  };
}

/**
 * What is wrong with parts that come from a file; undefined where any lookup ends and stays within them. Bytes are not looked at: each text that they can be is one.
 */
export function keyPartsComplaint({ bytes, ends, slots }: KeyParts): string | undefined {
  let last = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row]!;
    if (end < last) return 'a text ends before it begins';
    last = end;
  }
  if (last !== bytes.length) return 'its texts do not fill their bytes';
  if (slots === undefined) return undefined;
  if (slots.length !== slotsFor(ends.length)) return 'it has another number of slots';
  let used = 0;
  for (let at = 0; at < slots.length; at++) {
    const slot = slots[at]!;
    if (slot > ends.length) return 'a slot has a row that is not there';
    if (slot > 0) used++;
  }
  // A search ends at an empty slot.
  return used > ends.length ? 'its slots hold a row twice' : undefined;
}

const shared = new Uint8Array(768);

function enlarged<T extends Uint8Array | Uint32Array>(from: T, least: number, make: new (length: number) => T): T {
  const larger = new make(Math.max(least, Math.ceil(1.5 * from.length)));
  larger.set(from as never);
  return larger;
}

/**
 * UTF-8, also of halves of surrogate pairs that have no other half, each as three bytes (WTF-8): different texts have different bytes.
 * Returns where the bytes end.
 */
function encode(text: string, to: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      to[at++] = unit;
      continue;
    }
    if (unit < 0x800) {
      to[at++] = 0xc0 | (unit >> 6);
      to[at++] = 0x80 | (unit & 0x3f);
      continue;
    }
    const next = (unit & 0xfc00) === 0xd800 ? text.charCodeAt(i + 1) : 0;
    if ((next & 0xfc00) === 0xdc00) {
      unit = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
      i++;
      to[at++] = 0xf0 | (unit >> 18);
      to[at++] = 0x80 | ((unit >> 12) & 0x3f);
    } else {
      to[at++] = 0xe0 | (unit >> 12);
    }
    to[at++] = 0x80 | ((unit >> 6) & 0x3f);
    to[at++] = 0x80 | (unit & 0x3f);
  }
  return at;
}

function decode(bytes: Uint8Array, from: number, end: number): string {
  let text = '';
  for (let at = from; at < end; ) {
    const first = bytes[at++]!;
    const rest = (): number => bytes[at++]! & 0x3f;
    if (first < 0x80) text += String.fromCharCode(first);
    else if (first < 0xe0) text += String.fromCharCode(((first & 0x1f) << 6) | rest());
    else if (first < 0xf0) text += String.fromCharCode(((first & 0x0f) << 12) | (rest() << 6) | rest());
    else
      text += String.fromCodePoint(
        Math.min(0x10ffff, ((first & 0x07) << 18) | (rest() << 12) | (rest() << 6) | rest()),
      );
  }
  return text;
}

/** FNV-1a, mixed so that the low bits depend on all. */
function hash(bytes: Uint8Array, from: number, end: number): number {
  let value = 0x811c9dc5;
  for (let at = from; at < end; at++) value = Math.imul(value ^ bytes[at]!, 0x01000193);
  return mixed(value);
}

function isSame(a: Uint8Array, from: number, end: number, b: Uint8Array, start: number, stop: number): boolean {
  if (end - from !== stop - start) return false;
  for (let i = from, j = start; i < end; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}
