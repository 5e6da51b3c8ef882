/**
 * The two spaces in which a graph can search for the largest inner product.
 *
 * `ip` takes the vectors as they are. An inner product is no distance: an item may be nearer to every other item than to itself. Where lengths differ
 * little that is rare, and this space is the better one. Where they differ much, a graph never finds many of the best, however wide the search.
 *
 * `l2sq` makes the largest inner product the smallest distance. An item x gets one number more,
 *
 *     x′ = (x, √(M² − ‖x‖²)) ÷ M,    q′ = (q, 0) ÷ ‖q‖
 *
 * where M is the length of the longest item. All x′ have length 1, so ‖q′ − x′‖² = 2 − 2 · (q · x) ÷ (M ‖q‖), and the order of distances is that
 * of inner products. (Bachrach et al., Speeding Up the Xbox Recommender System Using a Euclidean Transformation, RecSys 2014.)
 *
 * Which one is better is measured (`build.ts`). Both scale vectors to lengths up to 1, which half numbers hold.
 */
export const spaceNames = ['ip', 'l2sq'] as const;
export type SpaceName = (typeof spaceNames)[number];

export interface AnnSpace {
  readonly dimensions: number;
  /** float32 [to − from, dimensions] */
  items(from: number, to: number): Float32Array;
}

export const dimensionsIn = (name: SpaceName, width: number): number => (name === 'l2sq' ? width + 1 : width);

/** @param vectors float32 [rows, width], finite */
export function makeAnnSpace(name: SpaceName, vectors: Float32Array, rows: number, width: number): AnnSpace {
  const squaredLengths = new Float64Array(rows);
  let longest = 0;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let at = row * width; at < (row + 1) * width; at++) square += vectors[at]! * vectors[at]!;
    squaredLengths[row] = square;
    longest = Math.max(longest, square);
  }
  const scale = longest > 0 ? 1 / Math.sqrt(longest) : 0;
  const dimensions = dimensionsIn(name, width);
  return {
    dimensions,
    items(from, to) {
      const placedVectors = new Float32Array((to - from) * dimensions);
      for (let row = from; row < to; row++) {
        const at = (row - from) * dimensions;
        for (let i = 0; i < width; i++) placedVectors[at + i] = vectors[row * width + i]! * scale;
        if (dimensions > width) {
          placedVectors[at + width] = longest > 0 ? Math.sqrt(Math.max(0, 1 - squaredLengths[row]! / longest)) : 1;
        }
      }
      return placedVectors;
    },
  };
}

/** Undefined for a query of zeros: all items are as near to it. */
export function placeQuery(name: SpaceName, query: ArrayLike<number>): Float32Array | undefined {
  let largest = 0;
  for (let i = 0; i < query.length; i++) largest = Math.max(largest, Math.abs(query[i]!));
  if (largest === 0) return undefined;
  // In units of the largest: no square of a very small or very large number.
  let square = 0;
  for (let i = 0; i < query.length; i++) square += (query[i]! / largest) ** 2;
  const length = Math.sqrt(square);
  const placed = new Float32Array(dimensionsIn(name, query.length));
  for (let i = 0; i < query.length; i++) placed[i] = query[i]! / largest / length;
  return placed;
}
