/** Limits of a single request and of all requests together. */
export interface Limits {
  /** Maximum bytes of a body. */
  readonly body: number;
  readonly batch: number;
  readonly k: number;
  /** Maximum requests that run at the same time. A large one counts as several. */
  readonly running: number;
  /** Maximum requests that wait for their turn, such as in a burst. Further ones are refused with 503. */
  readonly waiting: number;
  /** Milliseconds. */
  readonly deadline: number;
}

export const defaultLimits: Limits = { body: 1_048_576, batch: 256, k: 1000, running: 16, waiting: 64, deadline: 2000 };

/** Maximum keys of one list, and numbers of one vector. */
export const maxListLength = 10_000;
/** Maximum characters of a key, and of a name. */
export const maxKeyLength = 1000;
/** Maximum characters of a key in a URL, in which each may take twelve. */
export const maxAddressKeyLength = 12 * maxKeyLength;
/** Maximum characters of a filter, which `src/retrieval/filter/filter.ts` also checks. */
export const maxFilterLength = 10_000;
/** Maximum nesting of arrays and objects in a body. */
export const maxBodyDepth = 8;
/** Maximum milliseconds until a request has arrived as a whole. */
export const maxArrivalTime = 30_000;
/** Maximum number of errors that an answer lists. */
export const maxErrors = 20;
