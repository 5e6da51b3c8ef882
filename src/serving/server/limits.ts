/** Limits of a single request and of all requests together. */
export interface Limits {
  /** Bytes of a body. */
  readonly body: number;
  readonly batch: number;
  readonly k: number;
  /** Requests that are in work at the same time. A large one counts as several. */
  readonly running: number;
  /** Requests of a burst that may wait for their turn. One more is refused with 503. */
  readonly waiting: number;
  /** Milliseconds. */
  readonly deadline: number;
}

export const usualLimits: Limits = {
  body: 1_048_576,
  batch: 256,
  k: 1000,
  running: 16,
  waiting: 64,
  deadline: 2000,
};

/** Keys of one list, and numbers of one vector. */
export const longestList = 10_000;
/** Characters of a key, and of a name. */
export const longestKey = 1000;
/** Characters of a key in an address, each of which may be twelve. */
export const longestInAddress = 12 * longestKey;
/** Characters of a filter, which `src/serving/serve/filter` bounds too. */
export const longestFilter = 10_000;
/** Arrays and objects inside of each other, in a body. */
export const deepestBody = 8;
/** Milliseconds in which the whole of a request must arrive. */
export const slowest = 30_000;
