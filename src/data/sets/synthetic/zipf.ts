/** Draws from Zipf's law over ranks 0 … n − 1 in constant time by Vose's alias method (IEEE TSE 1991). */

/** The exponent of popularity within a cluster: an item of rank r weighs 1 ÷ (r + 1). */
export interface Zipf {
  readonly size: number;
  /** P(rank). */
  chance(rank: number): number;
  /** The rank of two uniform numbers in [0, 1). */
  draw(column: number, coin: number): number;
}

export function makeZipf(size: number): Zipf {
  const total = harmonic(size);
  const chance = (rank: number): number => 1 / (rank + 1) / total;
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

/** Fills each rank below the mean up by one above it. */
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
  // Rounding leaves numbers next to 1.
  while (smalls > 0) keep[below[--smalls]!] = 1;
  while (larges > 0) keep[above[--larges]!] = 1;
}

function harmonic(size: number): number {
  let sum = 0;
  for (let rank = size; rank > 0; rank--) sum += 1 / rank;
  return sum;
}
