/**
 * Maps keys to rows and back. A `Map` of V8 holds at most 2²⁴ entries and a string object for each. Here the keys are contiguous bytes, found by open
 * addressing, so a table of hundreds of millions of keys takes their bytes and 12 more per key. Read-only once made.
 */
import { mixBits } from '../random/random.ts';
import { decodeText, encodeText, packTexts, type Texts } from './texts.ts';

export interface KeyTable {
  /** Number of rows. A key that is repeated counts once for each of its rows. */
  readonly size: number;
  /** Returns the row of a key, −1 if there is none; the last row of a repeated key. */
  rowOf(key: string): number;
  /** Returns the row of each key, as `rowOf` does. */
  rowsOf(keys: Texts): Int32Array;
  keyAt(row: number): string;
  /** Returns rows of keys that begin with a text, in order, at most this many. Reads all keys: 10 million take about 0.1 s. */
  rowsByPrefix(prefix: string, limit: number): number[];
  /** The arrays of the table, for storage. They have the hash slots if a key was looked up or `withSlots` is set. Must not be changed. */
  arrays(withSlots?: boolean): KeyParts;
}

export interface KeyParts {
  /** All keys one after another, as WTF-8. */
  readonly bytes: Uint8Array;
  /** The end of each row's key in `bytes`. */
  readonly ends: Uint32Array;
  /** Hash slots with a key's row + 1, or 0 if empty. If a slot is taken, the next free one is used. Their number is a power of two; half or more are empty. */
  readonly slots?: Uint32Array;
}

/** @throws TextsTooLarge if the keys take more than 4 GiB */
export const makeKeyTable = (keys: Iterable<string>, expected = 0): KeyTable => keyTableOf(packTexts(keys, expected));

/** Returns the number of hash slots for this many keys. */
const slotCountFor = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, 2 * size)));

/** @param parts from `KeyTable.arrays`, or data in which `findKeyPartsError` finds none */
export function keyTableOf({ bytes, ends, slots }: KeyParts): KeyTable {
  const size = ends.length;
  const startOf = (row: number): number => (row === 0 ? 0 : ends[row - 1]!);

  const find = (slots: Uint32Array, from: Uint8Array, start: number, end: number): number => {
    const mask = slots.length - 1;
    for (let slot = hashBytes(from, start, end) & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot]! - 1;
      if (row < 0 || areBytesEqual(bytes, startOf(row), ends[row]!, from, start, end)) return slot;
    }
  };
  /** Built when a key is first looked up, because some tables, such as titles, are only read by row. */
  let keySlots = slots;
  const makeIndex = (): Uint32Array => {
    // At most half full. A slot holds a row + 1; 0 is empty.
    const newSlots = new Uint32Array(slotCountFor(size));
    for (let row = 0; row < size; row++) newSlots[find(newSlots, bytes, startOf(row), ends[row]!)] = row + 1;
    return newSlots;
  };

  return {
    size,
    rowOf(key) {
      const keyBytes = 3 * key.length <= keyBuffer.length ? keyBuffer : new Uint8Array(3 * key.length);
      keySlots ??= makeIndex();
      return keySlots[find(keySlots, keyBytes, 0, encodeText(key, keyBytes, 0))]! - 1;
    },
    rowsOf(keys) {
      const packedKeys = packTexts(keys, keys.length);
      const rows = new Int32Array(packedKeys.length);
      const builtSlots = (keySlots ??= makeIndex());
      for (let index = 0; index < rows.length; index++) {
        rows[index] =
          builtSlots[find(builtSlots, packedKeys.bytes, packedKeys.startOf(index), packedKeys.ends[index]!)]! - 1;
      }
      return rows;
    },
    rowsByPrefix(prefix, limit) {
      const prefixBytes = new Uint8Array(3 * prefix.length);
      const length = encodeText(prefix, prefixBytes, 0);
      const rows: number[] = [];
      for (let row = 0; row < size && rows.length < limit; row++) {
        const start = startOf(row);
        if (ends[row]! - start >= length && areBytesEqual(bytes, start, start + length, prefixBytes, 0, length))
          rows.push(row);
      }
      return rows;
    },
    keyAt(row) {
      if (!(row >= 0 && row < size)) throw new RangeError(`there is no row ${row} of ${size} keys`);
      return decodeText(bytes, startOf(row), ends[row]!);
    },
    arrays(withSlots = false) {
      if (withSlots) keySlots ??= makeIndex();
      return keySlots ? { bytes, ends, slots: keySlots } : { bytes, ends };
    },
  };
}

/** Returns why parts from a file are invalid; undefined if every lookup terminates within them. Any bytes are valid keys. */
export function findKeyPartsError({ bytes, ends, slots }: KeyParts): string | undefined {
  let previousEnd = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row]!;
    if (end < previousEnd) return 'a text ends before it begins';
    previousEnd = end;
  }
  if (previousEnd !== bytes.length) return 'its texts do not fill their bytes';
  if (slots === undefined) return undefined;
  if (slots.length !== slotCountFor(ends.length)) return 'it has another number of slots';
  let usedSlots = 0;
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index]!;
    if (slot > ends.length) return 'a slot has a row that is not there';
    if (slot > 0) usedSlots++;
  }
  // A search ends at an empty slot.
  return usedSlots > ends.length ? 'its slots hold a row twice' : undefined;
}

const keyBuffer = new Uint8Array(768);

/** FNV-1a, mixed so that the low bits depend on all. */
export function hashBytes(bytes: Uint8Array, from: number, end: number): number {
  let hashValue = 0x811c9dc5;
  for (let index = from; index < end; index++) hashValue = Math.imul(hashValue ^ bytes[index]!, 0x01000193);
  return mixBits(hashValue);
}

function areBytesEqual(a: Uint8Array, from: number, end: number, b: Uint8Array, start: number, stop: number): boolean {
  if (end - from !== stop - start) return false;
  for (let i = from, j = start; i < end; i++, j++) if (a[i] !== b[j]) return false;
  return true;
}

/**
 * Finds the indexes of texts in a list that grows. A `Map` holds at most 2²⁴ texts, takes an entry on the heap for each, which every garbage collection visits,
 * and stops for tens of milliseconds when it grows. Here a text takes two numbers, found by open addressing.
 */
interface KeyIndex {
  /** Returns −1 if the text is not in the list. */
  indexOf(text: string): number;
  /** Replaces an earlier index of the same text. @param index index of the text, which must be in the list already */
  set(text: string, index: number): void;
}

/** @param textAt returns a text of the list @param expected number of texts to reserve memory for */
export function makeKeyIndex(textAt: (index: number) => string, expected = 0): KeyIndex {
  /** Index + 1 of a text, or 0 for a free slot. `hashes` has the hash of that text. At most half of the slots are used. */
  let slotIndexes = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(64, 2 * expected))));
  let hashes = new Int32Array(slotIndexes.length);
  let usedSlots = 0;

  /** Returns the slot of the text, or the free slot where it belongs. */
  const find = (text: string, hash: number): number => {
    const mask = slotIndexes.length - 1;
    let slot = hash & mask;
    while (slotIndexes[slot] !== 0 && (hashes[slot] !== hash || textAt(slotIndexes[slot]! - 1) !== text))
      slot = (slot + 1) & mask;
    return slot;
  };
  const enlarge = (): void => {
    const [oldIndexes, oldHashes] = [slotIndexes, hashes];
    slotIndexes = new Int32Array(2 * oldIndexes.length);
    hashes = new Int32Array(slotIndexes.length);
    const mask = slotIndexes.length - 1;
    for (let i = 0; i < oldIndexes.length; i++) {
      if (oldIndexes[i] === 0) continue;
      let freeSlot = oldHashes[i]! & mask;
      while (slotIndexes[freeSlot] !== 0) freeSlot = (freeSlot + 1) & mask;
      slotIndexes[freeSlot] = oldIndexes[i]!;
      hashes[freeSlot] = oldHashes[i]!;
    }
  };

  return {
    indexOf: (text) => slotIndexes[find(text, hashText(text))]! - 1,
    set(text, index) {
      const hash = hashText(text);
      let keySlot = find(text, hash);
      if (slotIndexes[keySlot] === 0 && 2 * ++usedSlots > slotIndexes.length) {
        enlarge();
        keySlot = find(text, hash);
      }
      slotIndexes[keySlot] = index + 1;
      hashes[keySlot] = hash;
    },
  };
}

/** FNV-1a over the UTF-16 units, mixed so that the low bits depend on all of them. A signed number, as an Int32Array stores it. */
function hashText(text: string): number {
  let hashValue = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hashValue = Math.imul(hashValue ^ text.charCodeAt(index), 0x01000193);
  return mixBits(hashValue) | 0;
}
