/**
 * Some items that were written, one slot for each write, in the order of the writes. A slot never changes and is never used again: a later write of its item, or its
 * deletion, only ends it. So the view of a moment stays as it is, and shares all arrays with later ones.
 */
import { makeKeyIndex } from '../../../base/text/key_index.ts';
import { defined } from '../../../base/util/defined.ts';
import { Bits } from '../../../engines/scan/bits.ts';
import { type GrowingScan, makeGrowingScan } from '../../../engines/scan/growing.ts';
import { type ItemColumn, type ItemColumns, valueAt } from '../filter/columns.ts';
import { directionsOf, type Snapshot, snapshotOf } from '../snapshot.ts';

// Columns that filters read, of items that are added one after the other. What is given away stays as it is: later values lie past its end.

/** Values of one item by column. A value that is left out, null or an empty text is missing. */
type ItemValuesByName = ReadonlyMap<string, unknown>;

interface GrowingColumns {
  readonly rows: number;
  add(values: ItemValuesByName): void;
  view(): ItemColumns;
}

interface GrowingColumn {
  add(value: unknown): void;
  view(): ItemColumn;
}

/** @param like names and kinds of the columns */
function makeGrowingColumns(like: ItemColumns): GrowingColumns {
  const columns = new Map([...like].map(([name, { kind }]) => [name, makers[kind]()] as const));
  let rowCount = 0;
  let lastView: ItemColumns | undefined;
  return {
    get rows() {
      return rowCount;
    },
    add(values) {
      for (const [name, column] of columns) column.add(values.get(name) ?? undefined);
      rowCount++;
      lastView = undefined;
    },
    view: () => (lastView ??= new Map([...columns].map(([name, column]) => [name, column.view()]))),
  };
}

const makers: Readonly<Record<ItemColumn['kind'], () => GrowingColumn>> = {
  number() {
    const values = growing(Float64Array);
    return {
      add: (value) => values.push(typeof value === 'number' ? value : Number.NaN),
      view: () => ({ kind: 'number', values: values.view() }),
    };
  },
  text() {
    const codes = growing(Int32Array);
    const { codeOf, words } = makeWords();
    return {
      // A column of whole numbers is one of texts where some have many digits.
      add: (value) => codes.push(codeOf(typeof value === 'number' ? String(value) : value)),
      view: () => ({ kind: 'text', codes: codes.view(), words }),
    };
  },
  texts() {
    const [starts, ends, codes] = [growing(Int32Array), growing(Int32Array), growing(Int32Array)];
    const { codeOf, words } = makeWords();
    return {
      add(value) {
        const isList = Array.isArray(value);
        starts.push(isList ? codes.length : -1);
        if (isList) for (const each of value) codes.push(codeOf(each));
        ends.push(isList ? codes.length : -1);
      },
      view: () => ({ kind: 'texts', starts: starts.view(), ends: ends.view(), codes: codes.view(), words }),
    };
  },
  truth() {
    const values = growing(Int8Array);
    return {
      add: (value) => values.push(value === undefined ? -1 : Number(value)),
      view: () => ({ kind: 'truth', values: values.view() }),
    };
  },
};

/** Texts and their places: more may come, and the places stay. */
function makeWords() {
  const words: string[] = [];
  const places = makeKeyIndex((place) => words[place]!);
  const codeOf = (text: unknown): number => {
    if (typeof text !== 'string' || text === '') return -1;
    const knownIndex = places.placeOf(text);
    if (knownIndex >= 0) return knownIndex;
    places.set(text, words.push(text) - 1);
    return words.length - 1;
  };
  return { words, codeOf };
}

type GrowingArray = Int8Array | Int32Array | Float64Array;

function growing<T extends GrowingArray>(make: new (length: number) => T) {
  let array = new make(64);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value: number): void {
      if (length === array.length) {
        const larger = new make(2 * length);
        larger.set(array);
        array = larger;
      }
      array[length++] = value;
    },
    view: (): T => array.subarray(0, length) as T,
  };
}

export interface WrittenItem {
  readonly key: string;
  readonly title?: string;
  /** float32 [width], finite: the output of the item tower. */
  readonly vector: Float32Array;
  readonly values: ItemValuesByName;
}

export interface SegmentView {
  readonly of: ItemSegment;
  readonly snapshot: Snapshot;
  /** Slots whose item is there, and how many they are. */
  readonly alive: Bits;
  readonly count: number;
  /** −1 where there is none. */
  slotOf(key: string): number;
}

export interface ItemSegment {
  readonly slots: number;
  readonly room: number;
  readonly alive: number;
  /** There is room for them, and each key is there once: an earlier slot of it has ended. */
  add(items: readonly WrittenItem[]): void;
  /** Returns true if the item had a slot. */
  end(key: string): boolean;
  view(): SegmentView;
  items(from: number, to: number): WrittenItem[];
}

/** True once cosines were queried: later items then get their directions as they come. */
export interface DirectionsState {
  isAsked: boolean;
}

/**
 * Long because all of it is about the same slots.
 * @param base gives width, objectives, and the names and kinds of the columns
 * @param room slots that it may have
 */
export function makeSegment(base: Snapshot, room: number, turning: DirectionsState): ItemSegment {
  const { width } = base;
  const scan = makeGrowingScan(width, room);
  /** Absent while each vector is its own direction, as those of a cosine are. */
  let directionScan: GrowingScan | undefined;
  let isUnit = true;
  const columns = makeGrowingColumns(base.columns);
  const keys: string[] = [];
  const titles: (string | undefined)[] = [];
  /** By slot: the slot that the same item had before, −1 for none. */
  const earlierSlot = new Int32Array(room);
  const latestSlot = makeKeyIndex((slot) => keys[slot]!, room);
  const aliveSlots = new Bits(room);
  let aliveCount = 0;
  /** Cached until something changes. */
  let snapshot: Snapshot | undefined;
  let lastView: SegmentView | undefined;

  const directionsNow = (): GrowingScan => {
    turning.isAsked = true;
    if (isUnit) return scan;
    directionScan ??= makeGrowingScan(width, room);
    const { vectors } = scan.firstRows(keys.length);
    const newVectors = vectors.subarray(directionScan.rows * width);
    if (newVectors.length > 0) directionScan.add(directionsOf(newVectors, width));
    return directionScan;
  };
  const snapshotNow = (rows: number): Snapshot => {
    const slotOf = (key: string): number => {
      let slot = latestSlot.placeOf(key);
      while (slot >= rows) slot = earlierSlot[slot]!;
      return slot;
    };
    const snapshotParts = {
      version: base.version,
      objectives: base.objectives,
      scan: scan.firstRows(rows),
      keys: { rowOf: slotOf, keyAt: (slot: number) => keys[slot]! },
      titleAt: (slot: number) => titles[slot],
      columns: columns.view(),
      userKeys: noUsers,
    };
    let ownDirections: Snapshot | undefined;
    return {
      ...snapshotOf(snapshotParts),
      directions: () =>
        (ownDirections ??= snapshotOf({ ...snapshotParts, objectives: [], scan: directionsNow().firstRows(rows) })),
    };
  };

  const segment: ItemSegment = {
    room,
    get slots() {
      return keys.length;
    },
    get alive() {
      return aliveCount;
    },
    add(items) {
      const vectors = new Float32Array(items.length * width);
      for (const [at, item] of items.entries()) {
        const slot = keys.push(item.key) - 1;
        titles.push(item.title);
        earlierSlot[slot] = latestSlot.placeOf(item.key);
        latestSlot.set(item.key, slot);
        aliveSlots.add(slot);
        columns.add(item.values);
        vectors.set(item.vector, at * width);
      }
      aliveCount += items.length;
      scan.add(vectors);
      isUnit &&= directionsOf(vectors, width) === vectors;
      if (turning.isAsked) directionsNow();
      snapshot = undefined;
      lastView = undefined;
    },
    end(key) {
      const slot = latestSlot.placeOf(key);
      if (slot < 0 || !aliveSlots.has(slot)) return false;
      aliveSlots.delete(slot);
      aliveCount--;
      lastView = undefined;
      return true;
    },
    view() {
      if (lastView) return lastView;
      const rows = keys.length;
      const aliveNow = new Bits(rows, aliveSlots.words.slice(0, 2 * Math.ceil(rows / 64)));
      const currentSnapshot = (snapshot ??= snapshotNow(rows));
      const slotOf = (key: string): number => {
        const slot = currentSnapshot.itemRow(key);
        return slot >= 0 && aliveNow.has(slot) ? slot : -1;
      };
      lastView = { of: segment, snapshot: currentSnapshot, alive: aliveNow, count: aliveCount, slotOf };
      return lastView;
    },
    items(from, to) {
      const { vectors } = scan.firstRows(keys.length);
      const namedColumns = [...columns.view()];
      const items: WrittenItem[] = [];
      for (let slot = from; slot < to; slot++) {
        if (!aliveSlots.has(slot)) continue;
        items.push({
          key: keys[slot]!,
          vector: vectors.subarray(slot * width, (slot + 1) * width),
          values: new Map(namedColumns.map(([name, column]) => [name, valueAt(column, slot)])),
          ...defined({ title: titles[slot] }),
        });
      }
      return items;
    },
  };
  return segment;
}

const noUsers = { size: 0, rowOf: () => -1, keyAt: () => '', rowsWith: () => [] };
