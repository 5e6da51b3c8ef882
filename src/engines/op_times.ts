/** How long each op of a graph takes in an engine: measured in a program of its own, so that the program that trains is left alone. */

export interface OpTime {
  /** The graph's node that the op computes, or a part of it; absent where the runtime made it of several. */
  readonly node?: number;
  /** As the runtime calls it: `MatMul`. */
  readonly op: string;
  /** Milliseconds since the run began. */
  readonly start: number;
  readonly milliseconds: number;
}

export interface OpTimes {
  /** A sentence that says what was timed. */
  readonly how: string;
  /** A run for each of the inputs, with its ops in the order in which they ran. */
  readonly runs: readonly (readonly OpTime[])[];
}
