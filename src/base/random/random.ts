/**
 * Reproducible random numbers: xoshiro128** (Blackman & Vigna 2018) seeded through splitmix32. A stream is named by numbers
 * (seed, epoch, step, …), so that any of them can be drawn again without the ones before it: a resumed run needs no state.
 */
import { mixed } from './mixed.ts';
import { shuffled, shuffledInBuckets } from './permutation.ts';

export interface Random {
  /** Uniform in [0, 1), a multiple of 2⁻²⁴: exact in float32. */
  next(): number;
  /** Uniform in 0 … below − 1. */
  integer(below: number): number;
  /** 0 … length − 1 in random order. */
  permutation(length: number): Int32Array;
  /** Fills with uniform numbers in [low, high). */
  fill(target: Float32Array, low: number, high: number): void;
}

/** They are more than the caches of a processor hold. */
const manyNumbers = 2 ** 22;

export function makeRandom(...stream: readonly number[]): Random {
  let mixer = 0x9e3779b9;
  const splitmix = (): number => {
    mixer = (mixer + 0x9e3779b9) | 0;
    return mixed(mixer);
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
    permutation: (length) => (length < manyNumbers ? shuffled : shuffledInBuckets)(length, { bits, integer }),
    fill(target, low, high) {
      const width = high - low;
      for (let i = 0; i < target.length; i++) target[i] = low + width * next();
    },
  };
}
