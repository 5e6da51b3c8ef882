/** Numbers the rows of one table that a batch looks up, from 0 in the order they come. */
export interface RowNumbers {
  /** Begins anew with a batch that it has not seen; to be called before `place`, any number of times a batch. */
  begin(batch: object): void;
  /** The number of a row of the table. */
  place(code: number): number;
  readonly count: number;
}

/** Holds no more than a batch's own rows, however long the table is. */
export function makeRowNumbers(): RowNumbers {
  const numberOfCode = new Map<number, number>();
  let currentBatch: object | undefined;
  return {
    begin(batch) {
      if (batch === currentBatch) return;
      currentBatch = batch;
      numberOfCode.clear();
    },
    place(code) {
      const knownNumber = numberOfCode.get(code);
      if (knownNumber !== undefined) return knownNumber;
      const place = numberOfCode.size;
      numberOfCode.set(code, place);
      return place;
    },
    get count() {
      return numberOfCode.size;
    },
  };
}

/** Few different lengths, as engines prepare themselves anew for each. At least one, so that no tensor is empty. */
export const paddedLength = (length: number): number => Math.max(1, Math.ceil(length / padding)) * padding;

const padding = 64;
