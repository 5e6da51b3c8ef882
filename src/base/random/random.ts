/**
 * Reproducible random numbers: xoshiro128** (Blackman & Vigna 2018) seeded through splitmix32. Numbers such as (seed, epoch, step) name a stream, so any stream
 * can be drawn again without the ones before it, and a resumed run needs no state.
 */

export interface Random {
  /** Uniform in [0, 1), a multiple of 2⁻²⁴: exact in float32. */
  next(): number;
  /** Uniform in 0 … below − 1. */
  integer(below: number): number;
  /** Returns 0 … length − 1 in random order. */
  permutation(length: number): Int32Array;
  /** Fills with uniform numbers in [low, high). */
  fill(target: Float32Array, low: number, high: number): void;
}

/** Larger arrays do not fit in the caches of a processor. */
const bucketShuffleLength = 2 ** 22;

export function makeRandom(...stream: readonly number[]): Random {
  let mixer = 0x9e3779b9;
  const splitmix = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    return mixBits(mixer);
  };
  for (const part of stream) {
    mixer = (mixer ^ (part >>> 0)) | 0;
    mixer = (mixer ^ splitmix()) | 0;
    mixer = (mixer ^ Math.floor(part / 2 ** 32)) | 0;
    mixer = (mixer ^ splitmix()) | 0;
  }
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix() | 1;

  const bits = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => (bits() >>> 8) * 2 ** -24;
  const integer = (below: number): number => Math.floor((bits() / 2 ** 32) * below);

  return {
    next,
    integer,
    permutation: (length) =>
      (length < bucketShuffleLength ? shuffleIndexes : shuffleIndexesInBuckets)(length, { bits, integer }),
    fill(target, low, high) {
      const width = high - low;
      for (let i = 0; i < target.length; i++) target[i] = low + width * next();
    },
  };
}

/** Returns a normal number with mean 0 (Box and Muller 1958); 1 − u is never 0. */
export const drawNormal = (random: Random, deviation: number): number =>
  deviation * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

export interface RandomBits {
  /** 32 random bits. */
  bits(): number;
  /** Uniform in 0 … below − 1. */
  integer(below: number): number;
}

/** Inserts each number at a random position among the previous ones (Fisher and Yates, inside out). */
export function shuffleIndexes(length: number, { integer }: RandomBits): Int32Array {
  const shuffledIndices = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const j = integer(i + 1);
    shuffledIndices[i] = shuffledIndices[j]!;
    shuffledIndices[j] = i;
  }
  return shuffledIndices;
}

const bucketCount = 256;

/**
 * Distributes the numbers to random buckets and shuffles each bucket (Rao 1961, Sandelius 1962). For large arrays this is several times faster,
 * because a bucket stays in the cache.
 */
export function shuffleIndexesInBuckets(length: number, { bits, integer }: RandomBits): Int32Array {
  const bucketOf = new Uint8Array(length);
  const ends = new Int32Array(bucketCount + 1);
  for (let i = 0; i < length; ) {
    // The 32 bits are used as four draws of one byte.
    for (let randomBytes = bits(), end = Math.min(length, i + 4); i < end; i++, randomBytes >>>= 8) {
      const bucket = randomBytes & 0xff;
      bucketOf[i] = bucket;
      ends[bucket + 1]!++;
    }
  }
  for (let bucket = 0; bucket < bucketCount; bucket++) ends[bucket + 1]! += ends[bucket]!;
  const shuffledIndices = new Int32Array(length);
  // `ends` has where each bucket begins; once the bucket is filled, where it ends.
  for (let i = 0; i < length; i++) shuffledIndices[ends[bucketOf[i]!]!++] = i;
  let bucketStart = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const bucketEnd = ends[bucket]!;
    for (let index = bucketEnd - 1; index > bucketStart; index--) {
      const other = bucketStart + integer(index - bucketStart + 1);
      const swapped = shuffledIndices[index]!;
      shuffledIndices[index] = shuffledIndices[other]!;
      shuffledIndices[other] = swapped;
    }
    bucketStart = bucketEnd;
  }
  return shuffledIndices;
}

/**
 * Mixes a number so that all bits depend on all others: the finaliser of MurmurHash3 (Austin Appleby, public domain). It must never change, because trained
 * models depend on it.
 * @returns an unsigned 32-bit number
 */
export function mixBits(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Hashes a whole number with one of many hash functions. */
export const hashInteger = (id: number, stream: number): number => mixBits(id ^ Math.imul(stream + 1, 0x9e3779b9));
