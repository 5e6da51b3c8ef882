/**
 * Scores all items for a list of items by the sum of weights from item to item, and ranks them. Pure, like all of this folder: a server and a page compute the
 * same bits.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { type RankedRows, rankAll, type ScanRequest } from './candidates.ts';
import type { Scan } from './scan.ts';

/** Weights by code of an item. Code 0 stands for no item. */
export interface ItemWeights {
  /** float32 [codes, keep]: the codes to which an item has weights; 0 after the last one. */
  readonly neighbours: Float32Array;
  /** float32 [codes, keep] */
  readonly weights: Float32Array;
  /** float32 [codes]: training events of each item. Number 0 is the decay. */
  readonly events: Float32Array;
  /** The code of each item of the corpus; 0 for an item without one. */
  readonly codes: ArrayLike<number>;
  /** Maximum number of elements of a list that count: the latest. */
  readonly most: number;
}

/** Scores differ by more than this where an item of the list has a weight, so the number of events only orders the other items. */
const shareOfEvents = 1e-6;

/** Returns what is wrong with weights from elsewhere; undefined if they can be added up. */
export function weightsComplaint({ neighbours, events, codes }: ItemWeights): string | undefined {
  const isCode = (code: number): boolean => Number.isInteger(code) && code >= 0 && code < events.length;
  if (!neighbours.every(isCode) || !Array.prototype.every.call(codes, isCode)) return 'a weight belongs to no item';
  const decay = events[0]!;
  return decay > 0 && decay <= 1 ? undefined : `the decay is ${decay}`;
}

interface CodeLists {
  readonly starts: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** The vector of a query has the score of each item: float32 [items]. */
export class ItemSums {
  readonly rows: number;
  /** The row of the corpus of each code; −1 for a code without one. */
  private readonly rowOfCode: Int32Array;
  private readonly keep: number;
  /** The scores for an empty list. */
  private readonly first: Float32Array;
  /** The number of the last list that had an item, by its code. */
  private readonly lastList: Int32Array;
  private lists = 0;

  constructor(private readonly source: ItemWeights) {
    const { neighbours, events, codes } = source;
    this.rows = codes.length;
    this.keep = neighbours.length / events.length;
    this.rowOfCode = new Int32Array(events.length).fill(-1);
    this.lastList = new Int32Array(events.length);
    this.first = new Float32Array(this.rows);
    const mostEvents = events.subarray(1).reduce((most, count) => Math.max(most, count), 1);
    for (let row = 0; row < this.rows; row++) {
      const code = codes[row]!;
      if (code === 0) continue;
      this.rowOfCode[code] = row;
      this.first[row] = (shareOfEvents * events[code]!) / mostEvents;
    }
  }

  /** Adds up the weights from the codes `from` to before `to`, of which the last is the latest item. An item counts once, by its latest place. */
  weightsOfCodes(codes: ArrayLike<number>, from: number, to: number): Float32Array {
    const scores = Float64Array.from(this.first);
    const list = ++this.lists;
    const decay = this.source.events[0]!;
    let weight = 1;
    for (let index = to - 1; index >= Math.max(from, to - this.source.most); index--) {
      const code = codes[index]!;
      if (code <= 0 || this.lastList[code] === list) continue;
      this.lastList[code] = list;
      this.add(code, weight, scores);
      weight *= decay;
    }
    return Float32Array.from(scores);
  }

  /** Scores the lists of rows: float32 [rows, items]. @param index the list of each row; default: that of its number */
  ofLists({ starts, ends, values }: CodeLists, rows: Int32Array, index?: Int32Array): Float32Array {
    const data = new Float32Array(rows.length * this.rows);
    rows.forEach((row, at) => {
      const bag = index ? index[row]! : row;
      data.set(this.weightsOfCodes(values, starts[bag]!, ends[bag]!), at * this.rows);
    });
    return data;
  }

  /** Returns the scores for a list of one item of the corpus. */
  nearestWeights(row: number): Float32Array {
    return this.weightsOfCodes([this.source.codes[row]!], 0, 1);
  }

  /** Returns −1 for a code that the corpus does not have. */
  rowOf(code: number): number {
    return this.rowOfCode[code] ?? -1;
  }

  /**
   * Ranks queries by their own numbers. The vector of item j has 1 at j and 0 elsewhere, so the inner product with a query is number j of the query, and no item
   * vector is stored.
   */
  scan(): Scan {
    const { rows } = this;
    const score = (vectors: readonly Float64Array[], row: number): number =>
      vectors.reduce((best, vector) => Math.max(best, vector[row]!), Number.NEGATIVE_INFINITY);
    const answer = ({ vectors, ...request }: ScanRequest): RankedRows => {
      for (const vector of vectors) invariant(vector.length === rows, `a vector of ${vector.length} for ${rows}`);
      return rankAll(request, rows, (row) => score(vectors, row));
    };
    return {
      rows,
      width: rows,
      vector: (row) => this.nearestWeights(row),
      score,
      top: (requests) => requests.map(answer),
      estimates: (vector) => vector.slice(),
    };
  }

  private add(code: number, weight: number, scores: Float64Array): void {
    const { neighbours, weights } = this.source;
    for (let index = code * this.keep; index < (code + 1) * this.keep; index++) {
      const neighbour = neighbours[index]!;
      if (neighbour === 0) return;
      const row = this.rowOfCode[neighbour]!;
      if (row >= 0) scores[row]! += weight * weights[index]!;
    }
  }
}
