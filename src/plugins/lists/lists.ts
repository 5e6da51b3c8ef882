/**
 * Finds the best items in some of many lists, whose items lie near each other. An item is the mean of its list and an offset. Offsets have all directions, so
 * what one adds to the score of the mean is roughly normal, and varies with its length: a list has the longest offsets first, and is read up to the length at
 * which `reach` deviations do not reach the k-th best score so far. Codes of 2 bits a number then estimate the score (a sieve, 16 items at a time, by
 * tables in registers: André, Kermarrec and Le Scouarnec, Quicker ADC, 2019), and the scan finds the best of the items whose score may be high enough.
 */
import type { ApproximateIndex } from '../../retrieval/scan/approximate.ts';
import { BestRows } from '../../retrieval/scan/candidates.ts';
import { makeScan, type VectorScan } from '../../retrieval/scan/scan.ts';
import { aligned, codesStart, instantiateScan, page } from '../../retrieval/scan/store.ts';

export interface ItemLists {
  /** The rows of the items, list after list. */
  readonly order: Int32Array;
  /** By list: the end of its rows in `order`. */
  readonly ends: Int32Array;
  /** float32 [lists, width]: the mean of the items of each list. */
  readonly means: Float32Array;
  /** float32 [width, width]: the covariance of items around the means of their lists, scaled to a mean variance of 1. */
  readonly covariance: Float32Array;
}

/** Numbers of lists that are read first and second, to learn a score that others must reach. */
const stages = [4, 64];
/** A request that leaves out more rows than this is answered by the scan. */
const maxRemovedRows = 5000;

/** What stands for a standard normal number with the least error, and the limit of both (Max, Quantizing for Minimum Distortion, 1960). */
const [inner, levelLimit, outer] = [0.4528, 0.9816, 1.51];
const levels = [-outer, -inner, inner, outer];
/** Share of the score of an offset that its codes keep in the mean, and how much an estimate may be below that, as a share of the reach. */
const [keptShare, slack] = [0.9, 0.22];
const maxTableEntry = 63;

/**
 * Returns a function that makes searches for `k` items at most, which read the items that reach the k-th best score at `reach` deviations above the mean. They share the codes.
 * @param scan of the items of the lists
 */
export function prepareLists(lists: ItemLists, scan: VectorScan) {
  const { rows, width } = scan;
  const { covariance } = lists;
  const meanScan = makeScan(lists.means, lists.ends.length, width);
  const { rowOf, placeAt, longest, sieve } = makeSieve(lists, scan);
  const listScan = makeScan(scan.vectors, rows, width, rowOf);
  /** Returns by how much the scores of items vary whose offsets have the length 1. */
  const deviationOf = (query: Float64Array): number => {
    let variance = 0;
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += query[j]! * covariance[i * width + j]!;
      variance += query[i]! * sum;
    }
    return Math.sqrt(Math.max(0, variance));
  };

  return (k: number, reach: number): ApproximateIndex => ({
    search({ vectors, k: wanted, allowed, isFiltered }) {
      if (isFiltered || wanted === 0 || wanted > k) return undefined;
      if (allowed && rows - allowed.count() > maxRemovedRows) return undefined;
      const queries = vectors.map((query) => {
        const [scores, deviation] = [meanScan.estimates(query), deviationOf(query)];
        const bounds = new Float32Array(scores.length);
        const nearest = new BestRows(stages.at(-1)!, bounds.length);
        for (let list = 0; list < bounds.length; list++) {
          bounds[list] = scores[list]! + reach * deviation * longest[list]!;
          nearest.push(list, bounds[list]!);
        }
        return { query, scores, bounds, deviation, nearest: nearest.ordered().scores };
      });
      const listedBefore = vectors.length > 1 ? new Set<number>() : undefined;
      let stage = 0;
      /** Returns the places of the next stage. */
      const nextPlaces = (least: number): Uint32Array | undefined => {
        if (stage > stages.length) return undefined;
        const listedPlaces: number[] = [];
        for (const { nearest, ...each } of queries) {
          const boundOf = (at: number): number => nearest[Math.min(stages[at]!, nearest.length) - 1]!;
          const from = stage < stages.length ? boundOf(stage) : least;
          const below = stage === 0 ? Number.POSITIVE_INFINITY : boundOf(stage - 1);
          for (const at of sieve(each, { from, below, least, reach })) {
            const place = placeAt[at]!;
            if (place < 0 || (allowed && !allowed.has(rowOf[place]!)) || listedBefore?.has(place)) continue;
            listedBefore?.add(place);
            listedPlaces.push(place);
          }
        }
        stage++;
        return new Uint32Array(listedPlaces);
      };
      const [answer] = listScan.top([{ vectors, k: wanted, listed: nextPlaces }]);
      const best = new BestRows(wanted, rows);
      for (let index = 0; index < answer!.rows.length; index++)
        best.push(rowOf[answer!.rows[index]!]!, answer!.scores[index]!);
      return best.ordered();
    },
  });
}

interface SievedQuery {
  readonly query: Float64Array;
  /** By list: the score of its mean, and the score that its items probably do not exceed. */
  readonly scores: Float64Array;
  readonly bounds: Float32Array;
  readonly deviation: number;
}

/**
 * Codes offsets by 2 bits a number, in blocks of 16 of one list, and returns a function that finds places whose items may reach a score. Long because codes
 * and the kernel that reads them agree on each address here.
 */
function makeSieve({ order, ends, means, covariance }: ItemLists, { vectors: data, width }: VectorScan) {
  const deviations = Float64Array.from({ length: width }, (_, i) =>
    Math.sqrt(Math.max(0, covariance[i * (width + 1)]!)),
  );
  const listCount = ends.length;
  const firstBlocks = new Uint32Array(listCount + 1);
  for (let list = 0; list < listCount; list++) {
    firstBlocks[list + 1] = firstBlocks[list]! + Math.ceil((ends[list]! - (ends[list - 1] ?? 0)) / 16);
  }
  const blocks = firstBlocks[listCount]!;
  /** Each of two numbers. */
  const tableCount = 4 * Math.ceil(width / 8);
  const blockBytes = 8 * tableCount;
  const firsts = codesStart + aligned((blocks + 3) * blockBytes);
  const lengths = firsts + aligned(4 * listCount + 4);
  const tables = lengths + aligned(4 * blocks);
  const scores = tables + 16 * tableCount;
  const found = scores + aligned(12 * listCount + 4);
  const memory = new WebAssembly.Memory({ initial: Math.ceil((found + 64 * blocks) / page), maximum: 65_536 });
  const kernel = instantiateScan(memory);
  const codes = new Uint8Array(memory.buffer, codesStart, blocks * blockBytes);
  new Uint32Array(memory.buffer, firsts, listCount + 1).set(firstBlocks);
  const lengthOfBlock = new Float32Array(memory.buffer, lengths, blocks);
  const [rowOf, placeAt] = [order.slice(), new Int32Array(16 * blocks).fill(-1)];
  const offsets = new Float64Array(rowOf.length);
  for (let list = 0; list < listCount; list++) {
    const [from, to] = [ends[list - 1] ?? 0, ends[list]!];
    for (let place = from; place < to; place++) {
      let squares = 0;
      for (let i = 0; i < width; i++) squares += (data[order[place]! * width + i]! - means[list * width + i]!) ** 2;
      offsets[order[place]!] = Math.sqrt(squares / width);
    }
    rowOf.subarray(from, to).sort((a, b) => offsets[b]! - offsets[a]!);
    for (let place = from; place < to; place++) {
      const [row, at] = [rowOf[place]!, 16 * firstBlocks[list]! + place - from];
      const block = at >> 4;
      placeAt[at] = place;
      // Not 0, which nothing may be divided by.
      if (at % 16 === 0) lengthOfBlock[block] = Math.max(1e-30, offsets[row]!);
      const limitLength = levelLimit * lengthOfBlock[block]!;
      for (let i = 0; i < width; i++) {
        const [offset, limit] = [data[row * width + i]! - means[list * width + i]!, limitLength * deviations[i]!];
        const code = offset < 0 ? (offset < -limit ? 0 : 1) : offset < limit ? 2 : 3;
        codes[block * blockBytes + 16 * (i >> 2) + (at & 15)]! |= code << (2 * (i & 3));
      }
    }
  }
  const entries = new Uint8Array(memory.buffer, tables, 16 * tableCount);
  const listScores = new Float32Array(memory.buffer, scores, 2 * listCount);
  const maxEntry = Math.min(maxTableEntry, Math.floor(32_767 / tableCount));
  return {
    rowOf,
    placeAt,
    /** By list: the length of the longest offset. */
    longest: Float64Array.from({ length: listCount }, (_, list) => lengthOfBlock[firstBlocks[list]!]!),
    sieve(
      { query, scores: scoresOf, bounds, deviation }: SievedQuery,
      { from, below, least, reach }: Readonly<Record<'from' | 'below' | 'least' | 'reach', number>>,
    ): Uint32Array {
      const weights = new Float64Array(2 * tableCount);
      for (let i = 0; i < width; i++) weights[i] = query[i]! * deviations[i]!;
      let [largest, sum] = [0, 0];
      for (let i = 0; i < width; i += 2) {
        const range = outer * (Math.abs(weights[i]!) + Math.abs(weights[i + 1]!));
        largest = Math.max(largest, range);
        sum += range;
      }
      const unit = largest > 0 ? (2 * largest) / maxEntry : 1;
      for (let index = 0; index < entries.length; index++) {
        const [one, other] = [weights[2 * (index >> 4)]!, weights[2 * (index >> 4) + 1]!];
        const value = one * levels[index & 3]! + other * levels[(index >> 2) & 3]!;
        entries[index] = Math.floor((value + outer * (Math.abs(one) + Math.abs(other))) / unit + 0.5);
      }
      listScores.set(scoresOf);
      listScores.set(bounds, listCount);
      const [slope, base] = [keptShare / unit, (slack * reach * deviation - sum) / unit];
      const inputs = [codesStart, tableCount / 2, listCount, firsts, lengths, tables, scores] as const;
      const end = kernel.sieve(...inputs, from, below, least, reach * deviation, slope, base, found);
      return new Uint32Array(memory.buffer, found, (end - found) / 4);
    },
  };
}
