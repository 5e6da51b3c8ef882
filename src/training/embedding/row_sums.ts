/** Sums over rows of a matrix in double precision, in a memory of their own: outer products, and rows by weights. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { makeSpace, type Region } from './space.ts';

/** A matrix, float64 [rows, width] row-major, whose rows are summed. Each sum has the bits of a plain loop in the order of the rows. */
export interface RowSums {
  load(data: Float64Array, width: number): void;
  /** Adds Σ v vᵀ over these rows v to the lower triangle of `target`, [width, width]; its upper triangle becomes anything. */
  addOuters(rows: Int32Array, target: Float64Array): void;
  /** Writes Σ weights[k] × row k to `target`, [width], for as many rows as there are weights. */
  combine(weights: Float64Array, target: Float64Array): void;
}

export function makeRowSums(): RowSums {
  const space = makeSpace();
  let matrix: Region | undefined;
  let operand: Region | undefined;
  let result: Region | undefined;
  let [width, rows] = [0, 0];
  return {
    load(data, columns) {
      [width, rows] = [columns, data.length / columns];
      matrix = space.enlarge(matrix, data.byteLength);
      space.doubles(matrix, data.length).set(data);
    },
    addOuters(list, target) {
      invariant(matrix, 'a matrix is loaded');
      operand = space.enlarge(operand, list.byteLength);
      result = space.enlarge(result, target.byteLength);
      space.integers(operand, list.length).set(list);
      space.doubles(result, target.length).set(target);
      space.kernels.addOuters(result.pointer, 8 * width, matrix.pointer, operand.pointer, list.length);
      target.set(space.doubles(result, target.length));
    },
    combine(weights, target) {
      invariant(matrix && weights.length <= rows, `${weights.length} weights for ${rows} rows`);
      operand = space.enlarge(operand, weights.byteLength);
      result = space.enlarge(result, 8 * width);
      space.doubles(operand, weights.length).set(weights);
      space.kernels.combine(matrix.pointer, 8 * width, operand.pointer, weights.length, result.pointer);
      target.set(space.doubles(result, width));
    },
  };
}
