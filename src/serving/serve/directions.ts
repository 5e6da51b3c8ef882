/** Vectors as directions: their inner products are cosines. */

/** What float32 loses of a length of 1. */
const rounding = 1e-6;

/**
 * float32 [rows, width], each with length 1; a vector of zeros stays one. A vector that has this length, as those of a cosine do, stays as it is, whatever
 * the others are. Where all do, these are the vectors themselves.
 */
export function directionsOf(vectors: Float32Array, width: number): Float32Array {
  let data: Float32Array | undefined;
  for (let from = 0; from < vectors.length; from += width) {
    let square = 0;
    for (let at = from; at < from + width; at++) square += vectors[at]! * vectors[at]!;
    if (Math.abs(square - 1) <= rounding) continue;
    data ??= vectors.slice();
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let at = from; at < from + width; at++) data[at] = vectors[at]! * scale;
  }
  return data ?? vectors;
}
