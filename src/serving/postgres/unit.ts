/** Query vectors whose largest number is 1, and what their scores are then multiplied with: no weight of an objective leaves the range of float32. */
export function unitsOf(vectors: readonly ArrayLike<number>[]): {
  readonly vectors: Float32Array[];
  readonly scale: number;
} {
  let largest = 0;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  }
  const scale = largest === 0 ? 1 : largest;
  return { vectors: vectors.map((vector) => Float32Array.from(vector, (each) => each / scale)), scale };
}
