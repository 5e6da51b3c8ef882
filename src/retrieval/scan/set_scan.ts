/**
 * Scores items that have several vectors each, for queries that have several: Σ over the vectors of the query of the largest inner product with a vector of the
 * item. Exact, by a pass over the int8 codes of all vectors: these tell what no item exceeds, and items are scored in that order until none can be better.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { BestRows, type RankedRows, rankAll, type ScanRequest } from './candidates.ts';
import { type GrowingScan, makeScan, type Scan, scoreOf, type VectorScan } from './scan.ts';

export interface ItemSets {
  /** float32 [rows, perItem, width]. The last number of a vector is 1, or 0 if the item lacks it. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
  readonly perItem: number;
}

/** @param isCoded false to score all items of each request, as for few of them that change */
export function makeSetScan({ data, rows, width, perItem }: ItemSets, isCoded = true): Scan {
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
  const vectorRows = isCoded ? listVectors(data, rows * perItem, width) : undefined;
  const vectorScan = vectorRows && makeScan(data, vectorRows.length, width, vectorRows);
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
        const scoreRow = (row: number): number => score(queries, row);
        const isShort = request.listed || request.k >= (request.allowed?.count() ?? rows) / 8;
        if (isShort || !vectorScan || queries.length === 0) return rankAll(request, rows, scoreRow);
        return bestFirst(request, ceilingsOf(vectorScan, vectorRows, queries, { rows, perItem }), scoreRow);
      }),
    estimates: (query) => Float64Array.from({ length: rows }, (_, row) => score([query], row)),
  };
}

/** Returns the numbers of the vectors that items have. */
function listVectors(data: Float32Array, count: number, width: number): Int32Array {
  const numbers = new Int32Array(count);
  let found = 0;
  for (let index = 0; index < count; index++) if (data[(index + 1) * width - 1] === 1) numbers[found++] = index;
  return numbers.slice(0, found);
}

/** Returns numbers that no score of an item exceeds: sums of float64 in the order of `score`, of terms that are not smaller. */
function ceilingsOf(
  scan: VectorScan,
  vectorRows: Int32Array,
  queries: readonly Float64Array[],
  { rows, perItem }: Pick<ItemSets, 'rows' | 'perItem'>,
): Float64Array {
  const ceilings = new Float64Array(rows);
  for (const query of queries) {
    const ofVectors = scan.ceilings(query);
    for (let index = 0; index < vectorRows.length; ) {
      const item = Math.floor(vectorRows[index]! / perItem);
      let largest = ofVectors[index]!;
      for (index++; index < vectorRows.length && vectorRows[index]! < (item + 1) * perItem; index++) {
        if (ofVectors[index]! > largest) largest = ofVectors[index]!;
      }
      ceilings[item]! += largest;
    }
  }
  return ceilings;
}

/** Scores items from the highest ceiling on, until no other can be among the best. */
function bestFirst(
  { k, allowed }: Omit<ScanRequest, 'vectors'>,
  ceilings: Float64Array,
  scoreOf: (row: number) => number,
): RankedRows {
  const best = new BestRows(k, ceilings.length);
  const order = Int32Array.from(ceilings, (_, row) => row).sort((a, b) => ceilings[b]! - ceilings[a]!);
  for (const row of order) {
    if (ceilings[row]! < best.worst) break;
    if (!allowed || allowed.has(row)) best.push(row, scoreOf(row));
  }
  return best.ordered();
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
    firstRows: (rows) => makeSetScan({ data: data.subarray(0, rows * perItem * width), rows, width, perItem }, false),
  };
}
