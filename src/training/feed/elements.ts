/** Collects the items of the lists of a batch, each once, so that the item tower computes it once however often it comes up. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { BagColumn } from '../../data/dataset.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';

/** A list that goes through the item tower, for some rows of a batch. */
export interface ItemList {
  readonly rows: RowsOf;
  readonly column: BagColumn;
  readonly index?: Int32Array;
  /** Elements of a row that are read at most: the first. */
  readonly most: number;
}

export interface ListedItems {
  /** Rows of the corpus, in the order they come up; the first again fills up. A view that the next batch reuses. */
  of(batch: BatchRows): Int32Array;
  /** Index of an item among the rows of the last batch. */
  place(item: number): number;
}

interface BatchRows {
  readonly rows: Int32Array;
  rowsOf(rows: RowsOf): Int32Array;
}

export interface ListedItemsOptions {
  readonly items: number;
  /** Rows are as many as a multiple of this. Default 64: few different counts, as engines prepare themselves anew for each. */
  readonly padding?: number | undefined;
  /** The item of an event, which a batch without any element reads: no tensor is empty. */
  itemOf(event: number): number;
}

export function makeListedItems(
  lists: readonly ItemList[],
  { items, padding = 64, itemOf }: ListedItemsOptions,
): ListedItems {
  /** By item, its index; −1 where the batch has none. */
  const placeOf = new Int32Array(items).fill(-1);
  let rows = new Int32Array(padding);
  let used = 0;
  let length = 0;
  let currentBatch: BatchRows | undefined;
  const add = (item: number): void => {
    if (placeOf[item]! >= 0) return;
    if (used === rows.length) rows = enlarged(rows, 2 * rows.length);
    rows[used] = item;
    placeOf[item] = used++;
  };
  const collect = (batch: BatchRows): void => {
    for (let at = 0; at < used; at++) placeOf[rows[at]!] = -1;
    used = 0;
    for (const { rows: of, column, index, most } of lists) {
      const { starts, ends, items: elements } = column;
      invariant(elements, 'the elements of a list have rows in the corpus');
      for (const row of batch.rowsOf(of)) {
        const bag = index ? index[row]! : row;
        const end = Math.min(ends[bag]!, starts[bag]! + most);
        for (let at = starts[bag]!; at < end; at++) add(elements[at]!);
      }
    }
    if (used === 0) add(Math.max(0, itemOf(batch.rows[0]!)));
    length = Math.ceil(used / padding) * padding;
    if (rows.length < length) rows = enlarged(rows, length);
    rows.fill(rows[0]!, used, length);
  };
  return {
    of(batch) {
      if (batch !== currentBatch) collect(batch);
      currentBatch = batch;
      return rows.subarray(0, length);
    },
    place: (item) => placeOf[item]!,
  };
}

function enlarged(rows: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const largerRows = new Int32Array(length);
  largerRows.set(rows);
  return largerRows;
}
