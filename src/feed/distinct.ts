/** Each item of a batch once, so that its tower computes it once. */
import type { Corpus, Events, IndexedColumn } from '../data/dataset.ts';
import { makeGroups } from './groups.ts';
import { makeIdentity } from './identity.ts';

export interface Distinct {
  /** Event rows, one for each item of the batch in the order they come up, then the first again until there are `padding` × k. */
  readonly rows: Int32Array;
  /** For each row of the batch, which of `rows` has its item. */
  readonly places: Int32Array;
  /** How many rows of the batch have each item; 0 past the last. */
  readonly counts: Float32Array;
}

export interface DistinctItems {
  /** False where events tell more of an item than which it is: then each event keeps a row of its own. */
  readonly byItem: boolean;
  /** Views that the next batch reuses. */
  of(rows: Int32Array): Distinct;
}

/** Few different lengths, as engines prepare themselves anew for each. */
const padding = 64;

/** @param features those of the item tower */
export function makeDistinctItems(
  events: Events,
  corpus: Corpus,
  key: string,
  features: readonly string[],
): DistinctItems {
  const identity = makeIdentity(events, corpus, key);
  const byItem = features.every((name) => dependsOnItem(events.features.get(name)!, events, identity));
  const groups = makeGroups();
  let rows = new Int32Array(0);
  let places = new Int32Array(0);
  let counts = new Float32Array(0);
  return {
    byItem,
    of(batch) {
      const most = batch.length;
      if (places.length < most) {
        rows = new Int32Array(most);
        places = new Int32Array(most);
        counts = new Float32Array(most);
      }
      counts.fill(0);
      let used = 0;
      if (byItem) groups.fill(most, (place) => identity(batch[place]!));
      for (let place = 0; place < most; place++) {
        const first = byItem ? groups.first(identity(batch[place]!)) : -1;
        if (first >= 0 && first < place) places[place] = places[first]!;
        else {
          rows[used] = batch[place]!;
          places[place] = used++;
        }
        counts[places[place]!]! += 1;
      }
      const length = Math.min(most, Math.ceil(used / padding) * padding);
      rows.fill(batch[0] ?? 0, used, length);
      return { rows: rows.subarray(0, length), places: places.subarray(0, most), counts: counts.subarray(0, length) };
    },
  };
}

/** Whether all events of an item have the same value: those of one that the corpus has, in a column of codes or by an index. */
function dependsOnItem({ column, index }: IndexedColumn, events: Events, identity: (row: number) => number): boolean {
  const values = index ?? (column.kind === 'codes' ? column.values : undefined);
  if (values === undefined) return false;
  if (values === events.item) return true;
  const known = new Map<number, number>();
  for (let row = 0; row < events.rows; row++) {
    const item = identity(row);
    if (item < 0) continue;
    const first = known.get(item);
    if (first === undefined) known.set(item, values[row]!);
    else if (first !== values[row]) return false;
  }
  return true;
}
