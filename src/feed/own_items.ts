/** Items that each row of a batch has for itself as negatives, other than drawn ones. */

/** Row-major; `known` is 0 where a row has none at its place, and the corpus row there then says nothing. */
export interface OwnRowsOfBatch {
  readonly rows: Int32Array;
  readonly known: Uint8Array;
}

/** Of the events of a batch at a step. Views that the next step reuses. */
export type OwnItems = (batch: Int32Array, step: number) => OwnRowsOfBatch;
