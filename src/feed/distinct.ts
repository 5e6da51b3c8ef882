/** Each item of a batch once, so that its tower computes it once. */
import type { Corpus, Events, IndexedColumn } from '../data/dataset.ts';
import { invariant } from '../diagnostics/failure.ts';

export interface Distinct {
  /** Event rows, one for each item of the batch in the order they come up, then the first again until there are `padding` × k. */
  readonly rows: Int32Array;
  /** For each row of the batch, which of `rows` has its item. */
  readonly places: Int32Array;
  /** How many rows of the batch have each item; 0 past the last. */
  readonly counts: Float32Array;
}

export interface DistinctItems {
  /** False if events have features of the item: then each event keeps a row of its own. */
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
  // The key says which item it is: tens of millions of rows need not be asked.
  const byItem = features.every(
    (name) => name === key || dependsOnItem(events.features.get(name)!, events, corpus, identity),
  );
  let rows = new Int32Array(0);
  let places = new Int32Array(0);
  let counts = new Float32Array(0);
  let items = new Int32Array(0);
  /** For each item, its place among `rows`; −1 between batches. */
  let placeOf = nothingOf(corpus.rows);
  return {
    byItem,
    of(batch) {
      const most = batch.length;
      if (places.length < most) {
        rows = new Int32Array(most);
        places = new Int32Array(most);
        counts = new Float32Array(most);
        items = new Int32Array(most);
      }
      counts.fill(0);
      let used = 0;
      for (let i = 0; i < most; i++) {
        const item = byItem ? identity(batch[i]!) : -1;
        if (item >= placeOf.length) placeOf = withRoom(placeOf, item);
        let place = item < 0 ? -1 : placeOf[item]!;
        if (place < 0) {
          place = used++;
          rows[place] = batch[i]!;
          items[place] = item;
          if (item >= 0) placeOf[item] = place;
        }
        places[i] = place;
        counts[place]! += 1;
      }
      for (let place = 0; place < used; place++) if (items[place]! >= 0) placeOf[items[place]!] = -1;
      const length = Math.min(most, Math.ceil(used / padding) * padding);
      rows.fill(batch[0] ?? 0, used, length);
      return { rows: rows.subarray(0, length), places: places.subarray(0, most), counts: counts.subarray(0, length) };
    },
  };
}

/** Whether all events of an item have the same value: those of one that the corpus has, in a column of codes or by an index. */
function dependsOnItem(
  { column, index }: IndexedColumn,
  events: Events,
  corpus: Corpus,
  identity: (row: number) => number,
): boolean {
  const values = index ?? (column.kind === 'codes' ? column.values : undefined);
  if (values === undefined) return false;
  if (values === events.item) return true;
  // No `Map`: of tens of millions of rows it takes longer than to train on them.
  let known = nothingOf(corpus.rows);
  for (let row = 0; row < events.rows; row++) {
    const item = identity(row);
    if (item < 0) continue;
    if (item >= known.length) known = withRoom(known, item);
    const first = known[item]!;
    if (first < 0) known[item] = values[row]!;
    else if (first !== values[row]) return false;
  }
  return true;
}

/** A number an item, of which none is known: −1. */
const nothingOf = (items: number): Int32Array<ArrayBuffer> => new Int32Array(items).fill(-1);

function withRoom(known: Int32Array<ArrayBuffer>, item: number): Int32Array<ArrayBuffer> {
  const more = nothingOf(2 * (item + 1));
  more.set(known);
  return more;
}

// Which item an event is about, to distinguish items: its corpus row, or, where the corpus does not have it, its key's code.

/**
 * A number an event row: below `corpus.rows` a corpus row, from there on the code of an item that the corpus does not have. −1: an
 * item of which nothing is known, equal to no other.
 */
export function makeIdentity(events: Events, corpus: Corpus, key: string): (row: number) => number {
  const indexed = events.features.get(key);
  const { item } = events;
  if (!indexed) return (row) => item[row]!;
  const { column, index } = indexed;
  invariant(column.kind === 'codes', `key ${key} is fed by a column of ${column.kind}`);
  return (row) => {
    const known = item[row]!;
    if (known >= 0) return known;
    return corpus.rows + column.values[index ? index[row]! : row]!;
  };
}
