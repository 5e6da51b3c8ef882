/**
 * Items that were written after a snapshot was made, one slot for each write, in the order of the writes. A slot never changes and is never used again: a later write
 * of its item, or its deletion, only ends it. So the view of a moment stays as it is, and shares all arrays with later ones.
 */
import { Bits } from '../../scan/bits.ts';
import { type GrowingScan, makeGrowingScan } from '../../scan/growing.ts';
import { directionsOf } from '../directions.ts';
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
export interface WrittenView {
  readonly snapshot: Snapshot;
  /** Slots whose item is there. */
  readonly alive: Bits;
  /** The slot of an item, −1 where there is none. */
  slotOf(key: string): number;
}

export interface WrittenItems {
  readonly slots: number;
  /** Slots whose item is there now. */
  readonly alive: number;
  add(item: WrittenItem): void;
  /** Ends the slot of an item, if there is one. */
  end(key: string): void;
  view(): WrittenView;
  /** What was written of the items that are there, in the order of their slots. */
  items(): Iterable<WrittenItem>;
}

/** @param base gives width, objectives, and the names and kinds of the columns */
export function makeWrittenItems(base: Snapshot): WrittenItems {
  const scan = makeGrowingScan(base.width);
  let directions: GrowingScan | undefined;
  const columns = makeGrowingColumns(base.columns);
  const items: WrittenItem[] = [];
  /** By slot: the moment that ended it. */
  const endedAt: number[] = [];
  /** By slot: the slot that the same item had before, −1 for none. */
  const earlier: number[] = [];
  const latest = new Map<string, number>();
  let alive = 0;
  let moment = 0;

  const end = (key: string): void => {
    const slot = latest.get(key);
    if (slot === undefined || endedAt[slot] !== Number.POSITIVE_INFINITY) return;
    endedAt[slot] = moment;
    alive--;
  };
  const directionsNow = (): GrowingScan => {
    directions ??= makeGrowingScan(base.width);
    const missing = items.slice(directions.rows);
    for (const { vector } of missing) directions.add(directionsOf(vector, base.width));
    return directions;
  };

  return {
    get slots() {
      return items.length;
    },
    get alive() {
      return alive;
    },
    add(item) {
      end(item.key);
      earlier.push(latest.get(item.key) ?? -1);
      latest.set(item.key, items.push(item) - 1);
      endedAt.push(Number.POSITIVE_INFINITY);
      alive++;
      scan.add(item.vector);
      columns.add(item.values);
    },
    end,
    view() {
      const now = moment++;
      const rows = items.length;
      const bits = new Bits(rows);
      for (let slot = 0; slot < rows; slot++) if (endedAt[slot]! > now) bits.add(slot);
      const slotOf = (key: string): number => {
        let slot = latest.get(key) ?? -1;
        while (slot >= rows) slot = earlier[slot]!;
        return slot >= 0 && endedAt[slot]! > now ? slot : -1;
      };
      const parts = {
        version: base.version,
        objectives: base.objectives,
        scan: scan.firstRows(rows),
        keys: { rowOf: slotOf, keyAt: (slot: number) => items[slot]!.key },
        titleAt: (slot: number) => items[slot]!.title,
        columns: columns.view(),
        userKeys: noUsers,
      };
      let turned: Snapshot | undefined;
      const snapshot: Snapshot = {
        ...snapshotOf(parts),
        directions: () => (turned ??= snapshotOf({ ...parts, objectives: [], scan: directionsNow().firstRows(rows) })),
      };
      return { snapshot, alive: bits, slotOf };
    },
    *items() {
      for (const [slot, item] of items.entries()) if (endedAt[slot] === Number.POSITIVE_INFINITY) yield item;
    },
  };
}

const noUsers = { size: 0, rowOf: () => -1, keyAt: () => '', rowsWith: () => [] };
