/** Orders of 0 … length − 1, each as likely as any other. */

/** Where random numbers come from. */
export interface Draws {
  /** 32 random bits. */
  bits(): number;
  /** Uniform in 0 … below − 1. */
  integer(below: number): number;
}

/** Each number goes to a place among those before it (Fisher and Yates, from the inside out). */
export function shuffled(length: number, { integer }: Draws): Int32Array {
  const order = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const j = integer(i + 1);
    order[i] = order[j]!;
    order[j] = i;
  }
  return order;
}

const buckets = 256;

/**
 * Each number goes into a bucket, and each bucket is shuffled alone (Rao 1961, Sandelius 1962). Of many numbers this is some times quicker: a
 * bucket stays in the cache, and a place among all of them is a wait for memory.
 */
export function shuffledInBuckets(length: number, { bits, integer }: Draws): Int32Array {
  const bucketOf = new Uint8Array(length);
  const ends = new Int32Array(buckets + 1);
  for (let i = 0; i < length; ) {
    // Four draws of one byte.
    for (let drawn = bits(), end = Math.min(length, i + 4); i < end; i++, drawn >>>= 8) {
      const bucket = drawn & 0xff;
      bucketOf[i] = bucket;
      ends[bucket + 1]!++;
    }
  }
  for (let bucket = 0; bucket < buckets; bucket++) ends[bucket + 1]! += ends[bucket]!;
  const order = new Int32Array(length);
  // Where each bucket begins; once it is filled, where it ends.
  for (let i = 0; i < length; i++) order[ends[bucketOf[i]!]!++] = i;
  let from = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const end = ends[bucket]!;
    for (let at = end - 1; at > from; at--) {
      const other = from + integer(at - from + 1);
      const held = order[at]!;
      order[at] = order[other]!;
      order[other] = held;
    }
    from = end;
  }
  return order;
}
