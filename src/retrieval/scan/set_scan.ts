/**
 * Scores items that have several vectors each, for queries that have several: Σ over the vectors of the query of the largest inner product with a vector of the
 * item. Exact, by one pass over all vectors of the allowed items.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
import { rankAll } from './candidates.ts';
import { type GrowingScan, type Scan, scoreOf } from './scan.ts';

export interface ItemSets {
  /** float32 [rows, perItem, width]. The last number of a vector is 1, or 0 if the item lacks it. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
  readonly perItem: number;
}

export function makeSetScan({ data, rows, width, perItem }: ItemSets): Scan {
  const numbersPerItem = perItem * width;
  invariant(data.length === rows * numbersPerItem, `${data.length} numbers for ${rows} × ${perItem} × ${width}`);
  const isThere = (offset: number): boolean => data[offset + width - 1] === 1;
  const score = (queries: readonly Float64Array[], row: number): number => {
    const [start, end] = [row * numbersPerItem, (row + 1) * numbersPerItem];
    let sum = 0;
    for (const query of queries) {
      let best = Number.NEGATIVE_INFINITY;
      for (let offset = start; offset < end; offset += width) {
        if (isThere(offset)) best = Math.max(best, scoreOf(query, data, offset));
      }
      if (best > Number.NEGATIVE_INFINITY) sum += best;
    }
    return sum;
  };
  const isNone = (query: Float64Array): boolean => query.every((number) => number === 0);
  return {
    rows,
    width,
    sets: {
      perItem,
      queryOf(row) {
        const offsets = Array.from({ length: perItem }, (_, index) => row * numbersPerItem + index * width);
        const own = offsets.filter(isThere).map((offset) => data.slice(offset, offset + width).fill(0, width - 1));
        return own.length > 0 ? own : [new Float32Array(width)];
      },
    },
    vector: (row) => data.slice(row * numbersPerItem, (row + 1) * numbersPerItem),
    score,
    // A vector that a query lacks is zeros, and adds nothing.
    top: (requests) =>
      requests.map(({ vectors, ...request }) => {
        const queries = vectors.filter((query) => !isNone(query));
        return rankAll(request, rows, (row) => score(queries, row));
      }),
    estimates: (query) => Float64Array.from({ length: rows }, (_, row) => score([query], row)),
  };
}

/** Returns a scan to which items are added, as `makeGrowingScan` does for one vector each. */
export function makeGrowingSets(width: number, perItem: number, room: number): GrowingScan<Scan> {
  const data = new Float32Array(room * perItem * width);
  let rowCount = 0;
  return {
    get rows() {
      return rowCount;
    },
    add(values) {
      invariant(values.every(Number.isFinite), 'the vectors of items are finite');
      data.set(values, rowCount * perItem * width);
      rowCount += values.length / (perItem * width);
    },
    firstRows: (rows) => makeSetScan({ data: data.subarray(0, rows * perItem * width), rows, width, perItem }),
  };
}
