import type { Tensor } from '../graph/graph.ts';

/** A growing list of (row, column). */
export interface Pairs {
  clear(): void;
  add(row: number, column: number): void;
  /** int32 [length, 2], a view that the next `clear` reuses. */
  tensor(): Tensor;
}

export function makePairs(): Pairs {
  let data = new Int32Array(1024);
  let length = 0;
  return {
    clear() {
      length = 0;
    },
    add(row, column) {
      if (length === data.length) {
        const larger = new Int32Array(2 * length);
        larger.set(data);
        data = larger;
      }
      data[length++] = row;
      data[length++] = column;
    },
    tensor: () => ({ dtype: 'int32', shape: [length / 2, 2], data: data.subarray(0, length) }),
  };
}
