/**
 * Draws users, items and events of a synthetic set. Each number is a function of (seed, purpose, row), so any range of rows can be drawn independently, with
 * the same result for any size of the range.
 *
 * Items form clusters of (almost) equal size, and within a cluster their popularity follows Zipf's law. A user prefers two clusters. With the fixed
 * probabilities of `tastes` an event takes an item of the first cluster, of the second, or of any. Events of a user are independent, so P(item | user) is known
 * in closed form: see `boundsOf` in `synthetic.ts`.
 */

import type { SyntheticOptions } from '../../../app/api/data_sets.ts';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { withDefaults } from '../../../base/util/objects.ts';

/** Probabilities that an event is from the user's first cluster, from the second, and from any. */
export const tastes = { first: 0.6, second: 0.25, any: 0.15 } as const;

export interface SyntheticDraws {
  /** Return the two distinct clusters that a user prefers. */
  firstOf(user: number): number;
  secondOf(user: number): number;
  /** Return the cluster and the rank of an item. */
  clusterOf(item: number): number;
  rankOf(item: number): number;
  /** Writes the user and the item of events `from`, `from` + 1, … */
  events(from: number, users: Int32Array, items: Int32Array): void;
}

const purpose = { first: 1, second: 2, row: 3 } as const;

export function makeDraws(shape: SyntheticShape): SyntheticDraws {
  const { users, items, clusters, seed } = shape;
  const key = (what: number): number => mix(mix(low(seed)) ^ mix(high(seed) ^ Math.imul(what, 0x9e3779b9)));
  const [firstKey, secondKey, rowKey] = [key(purpose.first), key(purpose.second), key(purpose.row)];
  // Clusters 0 … `larger` − 1 have one more item.
  const largerClusters = items % clusters;
  const smallZipf = makeZipf(Math.floor(items / clusters));
  const largeZipf = largerClusters === 0 ? smallZipf : makeZipf(smallZipf.size + 1);
  const zipfOf = (cluster: number): Zipf => (cluster < largerClusters ? largeZipf : smallZipf);
  const itemNumbers = makeNumbers(items, mix(rowKey));

  const firstOf = (user: number): number => below(mix(mix(user ^ firstKey)), clusters);
  const secondOf = (user: number): number => {
    const step = 1 + below(mix(mix(user ^ secondKey)), clusters - 1);
    return (firstOf(user) + step) % clusters;
  };
  return {
    firstOf,
    secondOf,
    clusterOf: (item) => itemNumbers.placeOf(item) % clusters,
    rankOf: (item) => Math.floor(itemNumbers.placeOf(item) / clusters),
    events(from, toUsers, toItems) {
      for (let index = 0; index < toUsers.length; index++) {
        const row = from + index;
        const bits = mix(low(row) ^ mix(rowKey ^ high(row)));
        const user = below(mix(bits + 0x9e3779b9), users);
        const taste = unit(mix(bits + 0x3c6ef372));
        const cluster =
          taste < tastes.first
            ? firstOf(user)
            : taste < tastes.first + tastes.second
              ? secondOf(user)
              : below(mix(bits + 0xdaa66d2b), clusters);
        const rank = zipfOf(cluster).draw(unit(mix(bits + 0x78dde6e4)), unit(mix(bits + 0x1715609d)));
        toUsers[index] = user;
        toItems[index] = itemNumbers.itemAt(rank * clusters + cluster);
      }
    },
  };
}

/** Makes a permutation, so that the number of an item reveals neither its cluster nor its rank, and ties do not favour popular items. */
function makeNumbers(items: number, bits: number): { itemAt(place: number): number; placeOf(item: number): number } {
  let factor = 1 + below(bits, items - 1);
  while (greatestDivisor(factor, items) !== 1) factor = (factor % (items - 1)) + 1;
  const inverse = inverseOf(factor, items);
  return { itemAt: (place) => multiply(factor, place, items), placeOf: (item) => multiply(inverse, item, items) };
}

/** Returns a × b mod m, exact for numbers below 2³¹. */
export function multiply(a: number, b: number, m: number): number {
  const upper = remainder(Math.floor(a / 65_536) * b, m);
  return remainder(upper * 65_536 + (a % 65_536) * b, m);
}

/** Returns x mod m for a number below 2⁵³, several times as fast as `%`. */
function remainder(x: number, m: number): number {
  const difference = x - Math.floor(x / m) * m;
  return difference < 0 ? difference + m : difference >= m ? difference - m : difference;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Returns the inverse of `a` modulo m by Euclid's algorithm. */
function inverseOf(a: number, m: number): number {
  let [r, next] = [m, a];
  let [x, nextX] = [0, 1];
  while (next !== 0) {
    const quotient = Math.floor(r / next);
    [r, next] = [next, r - quotient * next];
    [x, nextX] = [nextX, x - quotient * nextX];
  }
  return x < 0 ? x + m : x;
}

const low = (number: number): number => number >>> 0;
const high = (number: number): number => Math.floor(number / 2 ** 32);
const unit = (bits: number): number => (bits >>> 0) / 2 ** 32;
const below = (bits: number, count: number): number => Math.floor(unit(bits) * count);

/** Mixes bits like `src/training/embedding/kernels/uniform.ts`. */
function mix(bits: number): number {
  let x = bits | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/** All parameters that determine the bytes of a set. */
export type SyntheticShape = Required<SyntheticOptions>;

const syntheticDefaults: Omit<SyntheticShape, 'clusters'> = { rows: 1_000_000, users: 10_000, items: 10_000, seed: 1 };

/** User and item numbers are 32-bit integers in the files. */
const maxNumber = 2 ** 31 - 1;
/** A double represents all row numbers exactly. */
const maxRows = 2 ** 53;
/** Maximum number of items in a cluster, because ranks are drawn from a table with an entry for each. */
const maxInCluster = 2 ** 24;

/** Completes and checks the parameters. The default number of clusters is about the square root of the items. @throws Failure `synthetic-shape` */
export function syntheticShape(options: SyntheticOptions): SyntheticShape {
  const { rows, users, items, seed } = withDefaults(syntheticDefaults, options);
  const clusters = options.clusters ?? Math.max(2, Math.ceil(items / maxInCluster), Math.round(Math.sqrt(items)));
  inRange('rows', rows, 1, maxRows);
  inRange('users', users, 1, maxNumber);
  inRange('items', items, 2, maxNumber);
  inRange('clusters', clusters, Math.max(2, Math.ceil(items / maxInCluster)), items);
  return { rows, users, items, clusters, seed };
}

function inRange(option: string, value: number, from: number, to: number): void {
  if (value < from || value > to) throw failure('synthetic-shape', { option, value, from, to });
}

// Draws from Zipf's law over ranks 0 … n − 1 in constant time by Vose's alias method (IEEE TSE 1991).

/** Zipf's law with exponent 1 within a cluster: an item of rank r has the weight 1 ÷ (r + 1). */
interface Zipf {
  readonly size: number;
  /** Returns P(rank). */
  chance(rank: number): number;
  /** Returns the rank for two uniform numbers in [0, 1). */
  draw(column: number, coin: number): number;
}

export function makeZipf(size: number): Zipf {
  const harmonicSum = harmonic(size);
  const chance = (rank: number): number => 1 / (rank + 1) / harmonicSum;
  const keep = new Float64Array(size);
  const alias = new Int32Array(size);
  for (let rank = 0; rank < size; rank++) keep[rank] = chance(rank) * size;
  fillAlias(keep, alias);
  return {
    size,
    chance,
    draw(column, coin) {
      const rank = Math.floor(column * size);
      return coin < keep[rank]! ? rank : alias[rank]!;
    },
  };
}

/** Fills each rank below the mean with the excess of one above it. */
function fillAlias(keep: Float64Array, alias: Int32Array): void {
  const below = new Int32Array(keep.length);
  const above = new Int32Array(keep.length);
  let [smalls, larges] = [0, 0];
  for (let rank = keep.length - 1; rank >= 0; rank--) {
    if (keep[rank]! < 1) below[smalls++] = rank;
    else above[larges++] = rank;
  }
  while (smalls > 0 && larges > 0) {
    const small = below[--smalls]!;
    const large = above[larges - 1]!;
    alias[small] = large;
    keep[large]! -= 1 - keep[small]!;
    if (keep[large]! >= 1) continue;
    larges--;
    below[smalls++] = large;
  }
  // Rounding errors leave numbers close to 1.
  while (smalls > 0) keep[below[--smalls]!] = 1;
  while (larges > 0) keep[above[--larges]!] = 1;
}

function harmonic(size: number): number {
  let sum = 0;
  for (let rank = size; rank > 0; rank--) sum += 1 / rank;
  return sum;
}
