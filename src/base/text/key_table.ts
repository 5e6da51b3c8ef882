/**
 * Keys and their rows. A `Map` of V8 holds at most 2²⁴ entries and a string object for each. Here the keys are bytes end to end, found by
 * open addressing, so tables of hundreds of millions of keys take their bytes and 12 more a key. Read-only once made.
 */
import { mixed } from '../random/random.ts';
import { decodeText, encodeText, packTexts, type Texts } from './texts.ts';

export interface KeyTable {
  /** Number of rows. A repeated key counts for each row. */
  readonly size: number;
  /** The row of a key, −1 if there is none; the last row of a repeated key. */
  rowOf(key: string): number;
  /** The rows of keys, as `rowOf` says them. */
  rowsOf(keys: Texts): Int32Array;
  keyAt(row: number): string;
  /** Rows of keys that begin with a text, in their order, at most so many. It reads all keys: 10 million take about 0.1 s. */
  rowsWith(prefix: string, most: number): number[];
  /** The arrays of the table, for storage. They have the hash slots if a key was looked up or `withSlots` is set. Must not be changed. */
  parts(withSlots?: boolean): KeyParts;
}

export interface KeyParts {
  /** All keys end to end, as WTF-8. */
  readonly bytes: Uint8Array;
  /** By row: where its key ends. */
  readonly ends: Uint32Array;
  /** By the hash of a key, which other hashes may push on: its row + 1, or 0. A power of two of them, half of them 0 at least. */
  readonly slots?: Uint32Array;
}

/** @throws TextsTooLarge where the keys take more than 4 GiB */
export const makeKeyTable = (keys: Iterable<string>, expected = 0): KeyTable => keyTableOf(packTexts(keys, expected));

/** Returns the number of hash slots for this many keys. */
const slotsFor = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, 2 * size)));

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
  let keySlots = slots;
  const makeIndex = (): Uint32Array => {
    // At most half full. A slot holds a row + 1; 0 is empty.
    const newSlots = new Uint32Array(slotsFor(size));
    for (let row = 0; row < size; row++) newSlots[find(newSlots, bytes, startOf(row), ends[row]!)] = row + 1;
    return newSlots;
  };

  return {
    size,
    rowOf(key) {
      const keyBytes = 3 * key.length <= shared.length ? shared : new Uint8Array(3 * key.length);
      keySlots ??= makeIndex();
      return keySlots[find(keySlots, keyBytes, 0, encodeText(key, keyBytes, 0))]! - 1;
    },
    rowsOf(keys) {
      const packedKeys = packTexts(keys, keys.length);
      const rows = new Int32Array(packedKeys.length);
      const builtSlots = (keySlots ??= makeIndex());
      for (let at = 0; at < rows.length; at++) {
        rows[at] = builtSlots[find(builtSlots, packedKeys.bytes, packedKeys.startOf(at), packedKeys.ends[at]!)]! - 1;
      }
      return rows;
    },
    rowsWith(prefix, most) {
      const wanted = new Uint8Array(3 * prefix.length);
      const length = encodeText(prefix, wanted, 0);
      const rows: number[] = [];
      for (let row = 0; row < size && rows.length < most; row++) {
        const start = startOf(row);
        if (ends[row]! - start >= length && isSame(bytes, start, start + length, wanted, 0, length)) rows.push(row);
      }
      return rows;
    },
    keyAt(row) {
      if (!(row >= 0 && row < size)) throw new RangeError(`there is no row ${row} of ${size} keys`);
      return decodeText(bytes, startOf(row), ends[row]!);
    },
    parts(withSlots = false) {
      if (withSlots) keySlots ??= makeIndex();
      return keySlots ? { bytes, ends, slots: keySlots } : { bytes, ends };
    },
  };
}

/**
 * Returns why parts from a file are invalid; undefined if every lookup terminates within them. Any bytes are valid keys.
 */
export function keyPartsComplaint({ bytes, ends, slots }: KeyParts): string | undefined {
  let previousEnd = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row]!;
    if (end < previousEnd) return 'a text ends before it begins';
    previousEnd = end;
  }
  if (previousEnd !== bytes.length) return 'its texts do not fill their bytes';
  if (slots === undefined) return undefined;
  if (slots.length !== slotsFor(ends.length)) return 'it has another number of slots';
  let usedSlots = 0;
  for (let at = 0; at < slots.length; at++) {
    const slot = slots[at]!;
    if (slot > ends.length) return 'a slot has a row that is not there';
    if (slot > 0) usedSlots++;
  }
  // A search ends at an empty slot.
  return usedSlots > ends.length ? 'its slots hold a row twice' : undefined;
}

const shared = new Uint8Array(768);

/** FNV-1a, mixed so that the low bits depend on all. */
function hash(bytes: Uint8Array, from: number, end: number): number {
  let hashValue = 0x811c9dc5;
  for (let at = from; at < end; at++) hashValue = Math.imul(hashValue ^ bytes[at]!, 0x01000193);
  return mixed(hashValue);
}

function isSame(a: Uint8Array, from: number, end: number, b: Uint8Array, start: number, stop: number): boolean {
  if (end - from !== stop - start) return false;
  for (let i = from, j = start; i < end; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}

/**
 * Finds the places of texts in a list that grows. A `Map` holds at most 2²⁴ of them, takes an entry on the heap for each, which every collection of garbage visits, and
 * stops for tens of milliseconds when it grows. Here a text takes two numbers, found by open addressing.
 */
interface KeyIndex {
  /** −1 where there is none. */
  placeOf(text: string): number;
  /** In place of an earlier place of the same text. @param place whose text is in the list by now */
  set(text: string, place: number): void;
}

/**
 * @param textAt the list
 * @param expected texts that there is room for at first
 */
export function makeKeyIndex(textAt: (place: number) => string, expected = 0): KeyIndex {
  /** Place + 1, or 0; and the hash of its text. At most half of them are used. */
  let places = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(64, 2 * expected))));
  let hashes = new Int32Array(places.length);
  let usedSlots = 0;

  /** Where the text is, or the free slot where it goes. */
  const find = (text: string, hash: number): number => {
    const mask = places.length - 1;
    let at = hash & mask;
    while (places[at] !== 0 && (hashes[at] !== hash || textAt(places[at]! - 1) !== text)) at = (at + 1) & mask;
    return at;
  };
  const enlarge = (): void => {
    const [before, known] = [places, hashes];
    places = new Int32Array(2 * before.length);
    hashes = new Int32Array(places.length);
    const mask = places.length - 1;
    for (let i = 0; i < before.length; i++) {
      if (before[i] === 0) continue;
      let freeSlot = known[i]! & mask;
      while (places[freeSlot] !== 0) freeSlot = (freeSlot + 1) & mask;
      places[freeSlot] = before[i]!;
      hashes[freeSlot] = known[i]!;
    }
  };

  return {
    placeOf: (text) => places[find(text, hashOf(text))]! - 1,
    set(text, place) {
      const hash = hashOf(text);
      let keySlot = find(text, hash);
      if (places[keySlot] === 0 && 2 * ++usedSlots > places.length) {
        enlarge();
        keySlot = find(text, hash);
      }
      places[keySlot] = place + 1;
      hashes[keySlot] = hash;
    },
  };
}

/** FNV-1a over the units, mixed so that the low bits depend on all: as an Int32Array has it. */
function hashOf(text: string): number {
  let hashValue = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hashValue = Math.imul(hashValue ^ text.charCodeAt(at), 0x01000193);
  return mixed(hashValue) | 0;
}
