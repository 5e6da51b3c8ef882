/** The rows of one table that a batch looks up, numbered from 0 in the order they come. */

export interface SeenRows {
  /** Begins anew with a batch that it has not seen; to be called before `place`, any number of times a batch. */
  begin(batch: object): void;
  /** The number of a row of the table. */
  place(code: number): number;
  /** Rows numbered so far. */
  readonly count: number;
}

/** Keeps no more than a batch's own rows, however long the table is. */
export function makeSeenRows(): SeenRows {
  const places = new Map<number, number>();
  let current: object | undefined;
  return {
    begin(batch) {
      if (batch === current) return;
      current = batch;
      places.clear();
    },
    place(code) {
      const known = places.get(code);
      if (known !== undefined) return known;
      const place = places.size;
      places.set(code, place);
      return place;
    },
    get count() {
      return places.size;
    },
  };
}

/** Few different lengths, as engines prepare themselves anew for each. At least one, so that no tensor is empty. */
export const paddedLength = (length: number): number => Math.max(1, Math.ceil(length / padding)) * padding;

const padding = 64;
