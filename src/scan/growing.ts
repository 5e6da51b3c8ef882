/**
 * A scan that items are added to. `firstRows(n)` is the scan of the first n items, and stays as it is: rows are never replaced, and what is added later lies past
 * its end. So a request that began before a write ends with the items that it began with.
 *
 * Adding an item writes the codes of its block of 64 anew, with the block's new scale and bounds. `bounds.ts` holds for any scale, so the answers of
 * older views stay the same bits.
 */
import { invariant } from '../diagnostics/failure.ts';
import { blockRows, layoutOf } from './codes.ts';
import { type CodeStore, makeCodeStore, type Scan, scanOf, writeStore } from './scan.ts';

export interface GrowingScan {
  readonly rows: number;
  /** @param vectors float32 [n, width], finite */
  add(vectors: Float32Array): void;
  /** The first items, at most all so far. */
  firstRows(rows: number): Scan;
}

/** Items that there is room for at first. */
const firstRoom = 1024;

export function makeGrowingScan(width: number): GrowingScan {
  let room = firstRoom;
  let store: CodeStore = makeCodeStore(layoutOf(room, width));
  let vectors = new Float32Array(room * width);
  let rows = 0;

  /** Views of before keep the memory that they have. */
  const enlarge = (least: number): void => {
    room = Math.max(least, 2 * room);
    const larger = new Float32Array(room * width);
    larger.set(vectors.subarray(0, rows * width));
    vectors = larger;
    store = makeCodeStore(layoutOf(room, width));
    writeStore(store, layoutOf(rows, width), vectors);
  };

  return {
    get rows() {
      return rows;
    },
    add(more) {
      invariant(more.length % width === 0, `${more.length} numbers for vectors of ${width}`);
      invariant(more.every(Number.isFinite), 'the vectors of items are finite');
      const count = more.length / width;
      if (rows + count > room) enlarge(rows + count);
      vectors.set(more, rows * width);
      const from = Math.floor(rows / blockRows);
      rows += count;
      writeStore(store, layoutOf(rows, width), vectors, from);
    },
    firstRows(first) {
      invariant(first <= rows, `the first ${first} of ${rows} items`);
      return scanOf(store, vectors.subarray(0, first * width), first, width);
    },
  };
}
