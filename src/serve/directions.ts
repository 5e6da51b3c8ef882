/** Vectors as directions: their inner products are cosines. */

/** float32 [rows, width], each with length 1; a vector of zeros stays one. */
export function directionsOf(vectors: Float32Array, width: number): Float32Array {
  const data = new Float32Array(vectors.length);
  for (let from = 0; from < vectors.length; from += width) {
    let square = 0;
    for (let at = from; at < from + width; at++) square += vectors[at]! * vectors[at]!;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let at = from; at < from + width; at++) data[at] = vectors[at]! * scale;
  }
  return data;
}
