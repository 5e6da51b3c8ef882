/** Numbers of one memory of a table, and what they are drawn from. */

export type Precision = 'float32' | 'bf16';

/** What each number of a table is drawn from. */
export type Keys = readonly [number, number];

export type NumberArray = { [at: number]: number };

export interface FarNumbers {
  /** Copies `count` numbers from `place` to `into`, from `at` on. */
  read(place: number, count: number, into: NumberArray, at: number): void;
  write(place: number, count: number, from: NumberArray, at: number): void;
}
