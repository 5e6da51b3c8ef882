/**
 * A scan that items are added to. `firstRows(n)` is the scan of the first n items, and stays as it is: rows are never replaced, and what is added later lies past
 * its end. So a request that began before a write ends with the items that it began with.
 *
 * Adding an item writes the codes of its block of 64 anew, with the block's new scale and bounds. `bounds.ts` holds for any scale, so the answers of
 * older views stay the same bits. Memory for all items is asked for at the start, and the system gives it page by page as items come: nothing is ever copied.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import { blockRows, layoutOf } from './codes.ts';
import { type Scan, scanOf } from './scan.ts';
import { makeCodeStore, writeStore } from './store.ts';

export interface GrowingScan {
  readonly rows: number;
  /** @param vectors float32 [n, width], finite; there is room for n more */
  add(vectors: Float32Array): void;
  firstRows(rows: number): Scan;
}

export function makeGrowingScan(width: number, room: number): GrowingScan {
  const store = makeCodeStore(layoutOf(room, width), new Float32Array(width));
  const vectors = new Float32Array(room * width);
  let rowCount = 0;
  return {
    get rows() {
      return rowCount;
    },
    add(more) {
      invariant(more.length % width === 0, `${more.length} numbers for vectors of ${width}`);
      invariant(more.every(Number.isFinite), 'the vectors of items are finite');
      const count = more.length / width;
      invariant(rowCount + count <= room, `${count} items more than ${rowCount} of ${room}`);
      vectors.set(more, rowCount * width);
      const firstBlock = Math.floor(rowCount / blockRows);
      rowCount += count;
      writeStore(store, layoutOf(rowCount, width), vectors, firstBlock);
    },
    firstRows(first) {
      invariant(first <= rowCount, `the first ${first} of ${rowCount} items`);
      return scanOf(store, vectors.subarray(0, first * width), first, width);
    },
  };
}
