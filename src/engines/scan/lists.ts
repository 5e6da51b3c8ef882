/**
 * Finds the best items in some of many lists, whose items lie near each other. By the mean and the spread of a list, a query knows which lists may hold an
 * item above its k-th best score so far. The kernel of the scan reads the codes of these lists alone, and the scores are those of the scan.
 */
import type { ListIndex } from './approximate.ts';
import { Bits } from './bits.ts';
import { BestRows } from './candidates.ts';
import { makeScan, type Scan } from './scan.ts';

export interface ItemLists {
  /** The rows of the items, list after list. */
  readonly order: Int32Array;
  /** By list: the end of its rows in `order`. */
  readonly ends: Int32Array;
  /** float32 [lists, width]: the mean of the items of each list. */
  readonly means: Float32Array;
  /** By list: root mean square of the distance from the mean, in one direction. */
  readonly spreads: Float32Array;
  /** float32 [width, width]: the covariance of items around the means of their lists, scaled to a mean variance of 1. */
  readonly covariance: Float32Array;
}

/** Number of lists that are read first, to learn a score that others must reach. */
const firstLists = 32;
/** A request that leaves out more rows than this is answered by the scan. */
const mostRemoved = 5000;

/**
 * Returns a function that makes searches which read the lists that reach the k-th best score at `reach` deviations above their mean. They share the codes.
 * @param scan of the items of the lists
 */
export function prepareLists(lists: ItemLists, { vectors: data, rows, width }: Scan) {
  const { order, ends, means, spreads, covariance } = lists;
  const listScan = makeScan(data, rows, width, order);
  const meanScan = makeScan(means, ends.length, width);
  const places = new Int32Array(rows);
  for (let place = 0; place < rows; place++) places[order[place]!] = place;
  /** Returns by how much the scores of the items vary in a list of spread 1. */
  const deviationOf = (query: Float64Array): number => {
    let variance = 0;
    for (let i = 0; i < width; i++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += query[j]! * covariance[i * width + j]!;
      variance += query[i]! * sum;
    }
    return Math.sqrt(Math.max(0, variance));
  };
  /** Returns the score that each list probably does not exceed. */
  const boundsOf = (queries: readonly Float64Array[], reach: number): Float64Array => {
    let bounds: Float64Array | undefined;
    for (const query of queries) {
      const scores = meanScan.estimates(query);
      const deviation = reach * deviationOf(query);
      for (let list = 0; list < scores.length; list++) scores[list]! += deviation * spreads[list]!;
      bounds = bounds?.map((bound, list) => Math.max(bound, scores[list]!)) ?? scores;
    }
    return bounds!;
  };

  return (k: number, reach: number): ListIndex => ({
    k,
    search({ vectors, k: wanted, allowed, isFiltered }) {
      if (isFiltered || wanted === 0 || wanted > k) return undefined;
      if (allowed && rows - allowed.count() > mostRemoved) return undefined;
      const removedRows = allowed?.not().list();
      const best = new BestRows(wanted, rows);
      const readLists = (chosen: Iterable<number>, least: number): void => {
        const chosenPlaces = new Bits(rows);
        for (const list of chosen) chosenPlaces.addRange(list === 0 ? 0 : ends[list - 1]!, ends[list]!);
        removedRows?.forEach((row) => {
          chosenPlaces.delete(places[row]!);
        });
        const [found] = listScan.top([{ vectors, k: wanted, allowed: chosenPlaces, least, isInRuns: true }]);
        for (let at = 0; at < found!.rows.length; at++) best.push(order[found!.rows[at]!]!, found!.scores[at]!);
      };
      const bounds = boundsOf(vectors, reach);
      const nearest = new BestRows(firstLists, bounds.length);
      for (let list = 0; list < bounds.length; list++) nearest.push(list, bounds[list]!);
      const { rows: first } = nearest.ordered();
      readLists(first, Number.NEGATIVE_INFINITY);
      for (const list of first) bounds[list] = Number.NaN;
      const others: number[] = [];
      for (let list = 0; list < bounds.length; list++) if (bounds[list]! >= best.worst) others.push(list);
      if (others.length > 0) readLists(others, best.worst);
      return best.ordered();
    },
  });
}
