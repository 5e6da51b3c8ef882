/**
 * Some items that were written, one slot for each write, in the order of the writes. A slot never changes and is never used again: a later write of its item, or its
 * deletion, only ends it. So the view of a moment stays as it is, and shares all arrays with later ones.
 */
import { defined } from '../../defined.ts';
import { Bits } from '../../scan/bits.ts';
import { type GrowingScan, makeGrowingScan } from '../../scan/growing.ts';
import { makeKeyIndex } from '../../text/key_index.ts';
import { directionsOf } from '../directions.ts';
import { valueAt } from '../filter/columns.ts';
import { type Snapshot, snapshotOf } from '../snapshot.ts';
import { type ItemValuesByName, makeGrowingColumns } from './growing_columns.ts';

export interface WrittenItem {
  readonly key: string;
  /** Where the items have titles. */
  readonly title?: string;
  /** float32 [width], finite: what the item tower makes of it. */
  readonly vector: Float32Array;
  readonly values: ItemValuesByName;
}

/** The slots of one moment. */
export interface SegmentView {
  readonly of: Segment;
  readonly snapshot: Snapshot;
  /** Slots whose item is there, and how many they are. */
  readonly alive: Bits;
  readonly count: number;
  /** The slot of an item, −1 where there is none. */
  slotOf(key: string): number;
}

export interface Segment {
  readonly slots: number;
  readonly room: number;
  /** Slots whose item is there now. */
  readonly alive: number;
  /** There is room for them, and each key is there once: an earlier slot of it has ended. */
  add(items: readonly WrittenItem[]): void;
  /** Ends the slot of an item. Gives whether there was one. */
  end(key: string): boolean;
  view(): SegmentView;
  /** The items of some slots that are there now. */
  items(from: number, to: number): WrittenItem[];
}

/** What all segments share: whether cosines were asked for, so that later items get their directions as they come. */
export interface Turning {
  isAsked: boolean;
}

/**
 * Long because all of it is about the same slots.
 * @param base gives width, objectives, and the names and kinds of the columns
 * @param room slots that it may have
 */
export function makeSegment(base: Snapshot, room: number, turning: Turning): Segment {
  const { width } = base;
  const scan = makeGrowingScan(width, room);
  /** Absent while each vector is its own direction, as those of a cosine are. */
  let turned: GrowingScan | undefined;
  let isUnit = true;
  const columns = makeGrowingColumns(base.columns);
  const keys: string[] = [];
  const titles: (string | undefined)[] = [];
  /** By slot: the slot that the same item had before, −1 for none. */
  const earlier = new Int32Array(room);
  const latest = makeKeyIndex((slot) => keys[slot]!, room);
  const now = new Bits(room);
  let alive = 0;
  /** Of now, until something changes. */
  let snapshot: Snapshot | undefined;
  let view: SegmentView | undefined;

  const directionsNow = (): GrowingScan => {
    turning.isAsked = true;
    if (isUnit) return scan;
    turned ??= makeGrowingScan(width, room);
    const { vectors } = scan.firstRows(keys.length);
    const missing = vectors.subarray(turned.rows * width);
    if (missing.length > 0) turned.add(directionsOf(missing, width));
    return turned;
  };
  /** Of these slots; their items stay what they are. */
  const snapshotNow = (rows: number): Snapshot => {
    const slotOf = (key: string): number => {
      let slot = latest.placeOf(key);
      while (slot >= rows) slot = earlier[slot]!;
      return slot;
    };
    const parts = {
      version: base.version,
      objectives: base.objectives,
      scan: scan.firstRows(rows),
      keys: { rowOf: slotOf, keyAt: (slot: number) => keys[slot]! },
      titleAt: (slot: number) => titles[slot],
      columns: columns.view(),
      userKeys: noUsers,
    };
    let own: Snapshot | undefined;
    return {
      ...snapshotOf(parts),
      directions: () => (own ??= snapshotOf({ ...parts, objectives: [], scan: directionsNow().firstRows(rows) })),
    };
  };

  const segment: Segment = {
    room,
    get slots() {
      return keys.length;
    },
    get alive() {
      return alive;
    },
    add(items) {
      const vectors = new Float32Array(items.length * width);
      for (const [at, item] of items.entries()) {
        const slot = keys.push(item.key) - 1;
        titles.push(item.title);
        earlier[slot] = latest.placeOf(item.key);
        latest.set(item.key, slot);
        now.add(slot);
        columns.add(item.values);
        vectors.set(item.vector, at * width);
      }
      alive += items.length;
      scan.add(vectors);
      isUnit &&= directionsOf(vectors, width) === vectors;
      if (turning.isAsked) directionsNow();
      snapshot = undefined;
      view = undefined;
    },
    end(key) {
      const slot = latest.placeOf(key);
      if (slot < 0 || !now.has(slot)) return false;
      now.delete(slot);
      alive--;
      view = undefined;
      return true;
    },
    view() {
      if (view) return view;
      const rows = keys.length;
      const bits = new Bits(rows, now.words.slice(0, 2 * Math.ceil(rows / 64)));
      const own = (snapshot ??= snapshotNow(rows));
      const slotOf = (key: string): number => {
        const slot = own.itemRow(key);
        return slot >= 0 && bits.has(slot) ? slot : -1;
      };
      view = { of: segment, snapshot: own, alive: bits, count: alive, slotOf };
      return view;
    },
    items(from, to) {
      const { vectors } = scan.firstRows(keys.length);
      const named = [...columns.view()];
      const items: WrittenItem[] = [];
      for (let slot = from; slot < to; slot++) {
        if (!now.has(slot)) continue;
        items.push({
          key: keys[slot]!,
          vector: vectors.subarray(slot * width, (slot + 1) * width),
          values: new Map(named.map(([name, column]) => [name, valueAt(column, slot)])),
          ...defined({ title: titles[slot] }),
        });
      }
      return items;
    },
  };
  return segment;
}

const noUsers = { size: 0, rowOf: () => -1, keyAt: () => '', rowsWith: () => [] };
