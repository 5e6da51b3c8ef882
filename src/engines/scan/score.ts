/**
 * The score of an item: the inner product of a query and an item, in float64. Products are added up in four sums, of columns 0, 4, 8 …,
 * 1, 5, 9 … and so on, each in ascending order, and the sums as (s₀ + s₂) + (s₁ + s₃). The order is fixed, so Node.js and every browser
 * compute the same bits. Computed for float32 numbers, a sum differs from the real one by less than (width + 4) · 2⁻⁵³ · ‖q‖ · ‖x‖.
 */
export function scoreOf(query: Float64Array, vectors: Float32Array, at: number): number {
  const width = query.length;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    a += query[i]! * vectors[at + i]!;
    b += query[i + 1]! * vectors[at + i + 1]!;
    c += query[i + 2]! * vectors[at + i + 2]!;
    d += query[i + 3]! * vectors[at + i + 3]!;
  }
  if (i < width) a += query[i]! * vectors[at + i]!;
  if (i + 1 < width) b += query[i + 1]! * vectors[at + i + 1]!;
  if (i + 2 < width) c += query[i + 2]! * vectors[at + i + 2]!;
  return a + c + (b + d);
}

export function bestScoreOf(queries: readonly Float64Array[], vectors: Float32Array, at: number): number {
  let best = scoreOf(queries[0]!, vectors, at);
  for (let i = 1; i < queries.length; i++) best = Math.max(best, scoreOf(queries[i]!, vectors, at));
  return best;
}
