/** Coordinate descent on a sparse matrix of ones, in a memory of its own. */
import { makeSpace, type Region } from './space.ts';

export interface Descent {
  /** The target less all weights: one number a row of the matrix. Zeros at first. */
  readonly rest: Float64Array;
  /** One number a column. Zeros at first. */
  readonly weights: Float64Array;
  /**
   * One round over these columns: each weight in turn becomes the one that, with the others as they are, minimizes
   * ½ ‖rest‖² + l2 ÷ 2 ‖weights‖² + l1 Σ weights, with no weight below 0. Gives the largest change.
   */
  round(columns: Int32Array, l1: number, l2: number): number;
}

/** @param ones column j has ones in rows `values[starts[j] … starts[j + 1])`, each of them below `rows` */
export function makeDescent(ones: { readonly starts: Int32Array; readonly values: Int32Array }, rows: number): Descent {
  const space = makeSpace();
  const columns = ones.starts.length - 1;
  const [starts, values, rest, weights, list] = [
    4 * ones.starts.length,
    4 * ones.values.length,
    8 * rows,
    8 * columns,
    4 * columns,
  ].map((bytes) => space.allocate(bytes)) as [Region, Region, Region, Region, Region];
  space.integers(starts, ones.starts.length).set(ones.starts);
  space.integers(values, ones.values.length).set(ones.values);
  const view = space.integers(list, columns);
  return {
    rest: space.doubles(rest, rows),
    weights: space.doubles(weights, columns),
    round(some, l1, l2) {
      view.set(some);
      return space.kernels.descend(
        list.pointer,
        some.length,
        starts.pointer,
        values.pointer,
        rest.pointer,
        weights.pointer,
        l1,
        l2,
      );
    },
  };
}
