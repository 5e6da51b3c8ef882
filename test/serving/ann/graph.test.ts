/** Both spaces have the order of inner products, whatever the lengths. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeAnnSpace, placeQuery, spaceNames } from '../../../src/serving/ann/graph.ts';

const random = makeRandom(3);
const number = (): number => (random.next() - 0.5) * 10 ** (random.integer(4) - 2);
const squareDistance = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);
const product = (a: ArrayLike<number>, b: Float32Array): number => b.reduce((sum, x, i) => sum + x * a[i]!, 0);

describe('the spaces of a graph', () => {
  it.each(spaceNames)('%s has the order of inner products', (name) => {
    const [rows, width] = [200, 7];
    const vectors = Float32Array.from({ length: rows * width }, number);
    const space = makeAnnSpace(name, vectors, rows, width);
    const placed = space.items(0, rows);
    const at = (row: number): Float32Array => placed.subarray(row * space.dimensions, (row + 1) * space.dimensions);
    for (let trial = 0; trial < 20; trial++) {
      const query = Float32Array.from({ length: width }, number);
      const near = placeQuery(name, query)!;
      const inner = (row: number): number => product(query, vectors.subarray(row * width, (row + 1) * width));
      const distance = (row: number): number =>
        name === 'ip' ? 1 - product(near, at(row)) : squareDistance(near, at(row));
      const [first, second] = [random.integer(rows), random.integer(rows)];
      const apart = Math.abs(distance(first) - distance(second));
      if (apart > 1e-5) expect(distance(first) < distance(second)).toBe(inner(first) > inner(second));
    }
  });

  it('gives every item of `l2sq` the length 1, and a slice is a part of the whole', () => {
    const vectors = Float32Array.from([3, 4, 0.1, 0, 0, 0]);
    const space = makeAnnSpace('l2sq', vectors, 3, 2);
    const all = space.items(0, 3);
    for (let row = 0; row < 3; row++) expect(Math.hypot(...all.subarray(3 * row, 3 * row + 3))).toBeCloseTo(1, 6);
    expect(space.items(1, 3)).toEqual(all.subarray(3));
  });

  it('places numbers of every size, and no query of zeros', () => {
    for (const size of [1e-44, 1, 3e38]) {
      expect(Math.hypot(...placeQuery('ip', Float32Array.of(size, -size))!)).toBeCloseTo(1, 6);
      expect(makeAnnSpace('l2sq', Float32Array.of(size, 0), 1, 2).items(0, 1)).toEqual(Float32Array.of(1, 0, 0));
    }
    expect(placeQuery('l2sq', new Float32Array(4))).toBeUndefined();
    expect(makeAnnSpace('l2sq', new Float32Array(4), 2, 2).items(0, 2).every(Number.isFinite)).toBe(true);
  });
});
