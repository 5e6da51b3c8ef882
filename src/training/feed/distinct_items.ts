/** Lists each item of a batch once, so that its tower computes it once. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { BagColumn, Corpus, Events, IndexedColumn } from '../../data/dataset.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';

export interface DistinctRows {
  /** Event rows, one for each item of the batch in order of occurrence, padded with the first one to a multiple of `padding`. */
  readonly rows: Int32Array;
  /** For each row of the batch, the index of its item in `rows`. */
  readonly places: Int32Array;
  /** Number of rows of the batch that have each item; 0 for padding. */
  readonly counts: Float32Array;
}

export interface DistinctItems {
  /** False if events have features of the item: then each event has a row of its own. */
  readonly byItem: boolean;
  /** Returns views that the next batch reuses. */
  distinctRowsOf(rows: Int32Array): DistinctRows;
}

/** Lengths are multiples of this, because engines prepare themselves for each new length. */
const padding = 64;

/** @param features of the item tower */
export function makeDistinctItems(
  events: Events,
  corpus: Corpus,
  key: string,
  features: readonly string[],
): DistinctItems {
  const identity = makeIdentity(events, corpus, key);
  // The key identifies the item, so tens of millions of rows need not be compared.
  const byItem = features.every(
    (name) => name === key || dependsOnItem(events.features.get(name)!, events, corpus, identity),
  );
  let rows = new Int32Array(0);
  let places = new Int32Array(0);
  let counts = new Float32Array(0);
  let items = new Int32Array(0);
  /** For each item, its index in `rows`; −1 between batches. */
  let placeOf = makeUnknownItems(corpus.rows);
  return {
    byItem,
    distinctRowsOf(batch) {
      const batchSize = batch.length;
      if (places.length < batchSize) {
        rows = new Int32Array(batchSize);
        places = new Int32Array(batchSize);
        counts = new Float32Array(batchSize);
        items = new Int32Array(batchSize);
      }
      counts.fill(0);
      let usedSlots = 0;
      for (let i = 0; i < batchSize; i++) {
        const item = byItem ? identity(batch[i]!) : -1;
        if (item >= placeOf.length) placeOf = enlarge(placeOf, 2 * (item + 1));
        let slot = item < 0 ? -1 : placeOf[item]!;
        if (slot < 0) {
          slot = usedSlots++;
          rows[slot] = batch[i]!;
          items[slot] = item;
          if (item >= 0) placeOf[item] = slot;
        }
        places[i] = slot;
        counts[slot]! += 1;
      }
      for (let slot = 0; slot < usedSlots; slot++) if (items[slot]! >= 0) placeOf[items[slot]!] = -1;
      const paddedLength = Math.min(batchSize, Math.ceil(usedSlots / padding) * padding);
      rows.fill(batch[0] ?? 0, usedSlots, paddedLength);
      return {
        rows: rows.subarray(0, paddedLength),
        places: places.subarray(0, batchSize),
        counts: counts.subarray(0, paddedLength),
      };
    },
  };
}

/** True if all events of an item have the same value, by the codes of the column or by its index. */
function dependsOnItem(
  { column, index }: IndexedColumn,
  events: Events,
  corpus: Corpus,
  identity: (row: number) => number,
): boolean {
  const values = index ?? (column.kind === 'codes' ? column.values : undefined);
  if (values === undefined) return false;
  if (values === events.item) return true;
  // A `Map` of tens of millions of rows would take longer than training on them.
  let valueOfItem = makeUnknownItems(corpus.rows);
  for (let row = 0; row < events.rows; row++) {
    const item = identity(row);
    if (item < 0) continue;
    if (item >= valueOfItem.length) valueOfItem = enlarge(valueOfItem, 2 * (item + 1));
    const firstValue = valueOfItem[item]!;
    if (firstValue < 0) valueOfItem[item] = values[row]!;
    else if (firstValue !== values[row]) return false;
  }
  return true;
}

/** Makes one number per item, initially −1 for unknown. */
const makeUnknownItems = (items: number): Int32Array<ArrayBuffer> => new Int32Array(items).fill(-1);

/** Returns a longer copy, with −1 in its new entries. */
function enlarge(numbers: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const largerNumbers = makeUnknownItems(length);
  largerNumbers.set(numbers);
  return largerNumbers;
}

/**
 * Returns a function that numbers the item of an event row: below `corpus.rows` it is a corpus row, from there on the code of an item that is not in the
 * corpus. −1 is an unknown item, which equals no other.
 */
export function makeIdentity(events: Events, corpus: Corpus, key: string): (row: number) => number {
  const indexed = events.features.get(key);
  const { item } = events;
  if (!indexed) return (row) => item[row]!;
  const { column, index } = indexed;
  invariant(column.kind === 'codes', `key ${key} is fed by a column of ${column.kind}`);
  return (row) => {
    const corpusRow = item[row]!;
    if (corpusRow >= 0) return corpusRow;
    return corpus.rows + column.values[index ? index[row]! : row]!;
  };
}

/** Numbers the rows of one table that a batch looks up, from 0 in order of occurrence. */
export type RowNumbers = ReturnType<typeof makeRowNumbers>;

/** Makes a numbering whose memory depends on the batch, not on the length of the table. */
export function makeRowNumbers() {
  const numberOfCode = new Map<number, number>();
  let currentBatch: object | undefined;
  return {
    /** Starts over with a new batch. Must be called before `place`, any number of times per batch. */
    begin(batch: object): void {
      if (batch === currentBatch) return;
      currentBatch = batch;
      numberOfCode.clear();
    },
    /** Returns the number of a row of the table. */
    place(code: number): number {
      const knownNumber = numberOfCode.get(code);
      if (knownNumber !== undefined) return knownNumber;
      const nextNumber = numberOfCode.size;
      numberOfCode.set(code, nextNumber);
      return nextNumber;
    },
    get count(): number {
      return numberOfCode.size;
    },
  };
}

/** Pads a length to a multiple of `padding`, because engines prepare themselves for each new length. Never 0, because no tensor may be empty. */
export const paddedLength = (length: number): number => Math.max(1, Math.ceil(length / padding)) * padding;

/** A list that goes through the item tower, for some rows of a batch. */
export interface ItemList {
  readonly rows: RowsOf;
  readonly column: BagColumn;
  readonly index?: Int32Array;
  /** Maximum number of elements that are read of a row: the first ones. */
  readonly maxElements: number;
}

export interface ListedItems {
  /** Returns rows of the corpus in order of occurrence, padded with the first one. A view that the next batch reuses. */
  itemsOf(batch: BatchRows): Int32Array;
  /** Returns the index of an item among the rows of the last batch. */
  place(item: number): number;
}

interface BatchRows {
  readonly rows: Int32Array;
  rowsOf(rows: RowsOf): Int32Array;
}

interface ListedItemsOptions {
  readonly items: number;
  /** The number of rows is a multiple of this. Default: 64, because engines prepare themselves for each new number. */
  readonly padding?: number | undefined;
  /** Returns the item of an event, which a batch without any element reads, because no tensor may be empty. */
  itemOf(event: number): number;
}

export function makeListedItems(
  lists: readonly ItemList[],
  { items, padding = 64, itemOf }: ListedItemsOptions,
): ListedItems {
  /** For each item, its index in `rows`; −1 if the batch does not have it. */
  const placeOf = new Int32Array(items).fill(-1);
  let rows = new Int32Array(padding);
  let usedCount = 0;
  let paddedLength = 0;
  let currentBatch: BatchRows | undefined;
  const addItem = (item: number): void => {
    if (placeOf[item]! >= 0) return;
    if (usedCount === rows.length) rows = enlarge(rows, 2 * rows.length);
    rows[usedCount] = item;
    placeOf[item] = usedCount++;
  };
  const collectItems = (batch: BatchRows): void => {
    for (let index = 0; index < usedCount; index++) placeOf[rows[index]!] = -1;
    usedCount = 0;
    for (const { rows: listRows, column, index, maxElements } of lists) {
      const { starts, ends, items: elements } = column;
      invariant(elements, 'the elements of a list have rows in the corpus');
      for (const row of batch.rowsOf(listRows)) {
        const bag = index ? index[row]! : row;
        const end = Math.min(ends[bag]!, starts[bag]! + maxElements);
        for (let index = starts[bag]!; index < end; index++) addItem(elements[index]!);
      }
    }
    if (usedCount === 0) addItem(Math.max(0, itemOf(batch.rows[0]!)));
    paddedLength = Math.ceil(usedCount / padding) * padding;
    if (rows.length < paddedLength) rows = enlarge(rows, paddedLength);
    rows.fill(rows[0]!, usedCount, paddedLength);
  };
  return {
    itemsOf(batch) {
      if (batch !== currentBatch) collectItems(batch);
      currentBatch = batch;
      return rows.subarray(0, paddedLength);
    },
    place: (item) => placeOf[item]!,
  };
}
