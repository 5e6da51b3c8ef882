/**
 * A segment of written items, with one slot for each write, in order. A slot is never changed or reused: a later write or deletion of its item only
 * ends it. So a view is immutable and shares all arrays with later ones.
 */
import { makeKeyIndex } from '../../base/text/key_table.ts';
import { makeGrowingColumn, valueAt } from '../../retrieval/filter/filter_columns.ts';
import { Bits } from '../../retrieval/scan/bits.ts';
import { type GrowingScan, makeGrowingScan, type Scan } from '../../retrieval/scan/scan.ts';
import { makeGrowingSets } from '../../retrieval/scan/set_scan.ts';
import { directionsOf, type Snapshot, snapshotOf } from '../../retrieval/snapshot.ts';

export interface WrittenItem {
  readonly key: string;
  readonly title?: string;
  /** float32 [width], or all vectors of the item, finite: the output of the item tower. */
  readonly vector: Float32Array;
  /** By column. */
  readonly values: ReadonlyMap<string, unknown>;
}

export interface SegmentView {
  readonly segment: ItemSegment;
  readonly snapshot: Snapshot;
  /** Slots whose item exists. `count`: their number. */
  readonly alive: Bits;
  readonly count: number;
  /** Returns −1 if there is none. */
  slotOf(key: string): number;
}

export interface ItemSegment {
  readonly slotCount: number;
  readonly room: number;
  readonly alive: number;
  /** Adds items. There must be room for them, and each key must occur once, with any earlier slot ended. */
  add(items: readonly WrittenItem[]): void;
  /** Returns true if the item had a slot. */
  endItem(key: string): boolean;
  view(): SegmentView;
  items(from: number, to: number): WrittenItem[];
}

/** True once cosines were queried. Later items then get their directions when they are written. */
export interface DirectionsState {
  isAsked: boolean;
}

/**
 * Makes a segment. The function is long because all methods share the slots.
 * @param base has the width, objectives, and the names and kinds of the columns
 * @param room maximum number of slots
 */
export function makeSegment(base: Snapshot, room: number, turning: DirectionsState): ItemSegment {
  const { width, sets } = base;
  const numbersPerItem = width * (sets?.perItem ?? 1);
  const vectorScan = sets ? undefined : makeGrowingScan(width, room);
  const scan: GrowingScan<Scan> = vectorScan ?? makeGrowingSets(width, sets!.perItem, room);
  /** Absent while all vectors have length 1, as those of a cosine score do, and thus are their own directions. */
  let directionScan: GrowingScan | undefined;
  let isUnit = true;
  const columns = [...base.columns].map(([name, { kind }]) => ({ name, column: makeGrowingColumn(kind) }));
  const columnsNow = () => new Map(columns.map(({ name, column }) => [name, column.view()]));
  const keys: string[] = [];
  const titles: (string | undefined)[] = [];
  /** By slot: the previous slot of the same item, −1 for none. */
  const earlierSlot = new Int32Array(room);
  const latestSlot = makeKeyIndex((slot) => keys[slot]!, room);
  const aliveSlots = new Bits(room);
  let aliveCount = 0;
  /** Cached until the segment changes. */
  let snapshot: Snapshot | undefined;
  let lastView: SegmentView | undefined;

  const directionsNow = (): GrowingScan<Scan> => {
    turning.isAsked = true;
    if (isUnit || !vectorScan) return scan;
    directionScan ??= makeGrowingScan(width, room);
    const { vectors } = vectorScan.firstRows(keys.length);
    const newVectors = vectors.subarray(directionScan.rows * width);
    if (newVectors.length > 0) directionScan.add(directionsOf(newVectors, width));
    return directionScan;
  };
  const snapshotNow = (rows: number): Snapshot => {
    const slotOf = (key: string): number => {
      let slot = latestSlot.indexOf(key);
      while (slot >= rows) slot = earlierSlot[slot]!;
      return slot;
    };
    const snapshotParts = {
      version: base.version,
      objectives: base.objectives,
      scan: scan.firstRows(rows),
      keys: { rowOf: slotOf, keyAt: (slot: number) => keys[slot]! },
      titleAt: (slot: number) => titles[slot],
      columns: columnsNow(),
      userKeys: noUsers,
    };
    let ownDirections: Snapshot | undefined;
    return {
      ...snapshotOf(snapshotParts),
      orderDirections: () =>
        (ownDirections ??= snapshotOf({ ...snapshotParts, objectives: [], scan: directionsNow().firstRows(rows) })),
    };
  };

  const segment: ItemSegment = {
    room,
    get slotCount() {
      return keys.length;
    },
    get alive() {
      return aliveCount;
    },
    add(items) {
      const vectors = new Float32Array(items.length * numbersPerItem);
      for (const [index, item] of items.entries()) {
        const slot = keys.push(item.key) - 1;
        titles.push(item.title);
        earlierSlot[slot] = latestSlot.indexOf(item.key);
        latestSlot.set(item.key, slot);
        aliveSlots.add(slot);
        for (const { name, column } of columns) column.add(item.values.get(name));
        vectors.set(item.vector, index * numbersPerItem);
      }
      aliveCount += items.length;
      scan.add(vectors);
      isUnit &&= directionsOf(vectors, width) === vectors;
      if (turning.isAsked) directionsNow();
      snapshot = undefined;
      lastView = undefined;
    },
    endItem(key) {
      const slot = latestSlot.indexOf(key);
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
      lastView = { segment, snapshot: currentSnapshot, alive: aliveNow, count: aliveCount, slotOf };
      return lastView;
    },
    items(from, to) {
      const { vector } = scan.firstRows(keys.length);
      const namedColumns = [...columnsNow()];
      const items: WrittenItem[] = [];
      for (let slot = from; slot < to; slot++) {
        if (!aliveSlots.has(slot)) continue;
        items.push({
          key: keys[slot]!,
          vector: vector(slot),
          values: new Map(namedColumns.map(([name, column]) => [name, valueAt(column, slot)])),
          title: titles[slot],
        });
      }
      return items;
    },
  };
  return segment;
}

const noUsers = { size: 0, rowOf: () => -1, keyAt: () => '', rowsByPrefix: () => [] };
