/**
 * bfloat16: the upper half of a float32, with its range and 8 significant bits of its 24. In memory of JavaScript, such
 * values are float32 numbers whose lower half is zero.
 */
import type { Dtype, HostDtype } from './graph.ts';
import type { NodeValues } from './ops/row.ts';

/** A rounding changes a number by at most this fraction of it, where it is not below the range. */
export const unitRoundoff = 2 ** -8;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest bfloat16, of two the even one. */
export function toBfloat16(value: number): number {
  float[0] = value;
  // Rounding up could carry the mantissa of a NaN away.
  if (Number.isNaN(value)) return value;
  bits[0] = roundedBits(bits[0]!);
  return float[0]!;
}

/** Rounds each number in place. */
export function roundToBfloat16(data: Float32Array): void {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < words.length; i += 1) if (!Number.isNaN(data[i])) words[i] = roundedBits(words[i]!);
}

/** The upper halves of the rounded numbers: how engines and files write them. */
export function bfloat16Halves(values: readonly number[]): Uint16Array {
  return Uint16Array.from(values, (value) => {
    float[0] = toBfloat16(value);
    return bits[0]! >>> 16;
  });
}

/** Half of the last place kept is added, less one bit where that place is even: a tie then goes down to it. */
const roundedBits = (word: number): number => ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0;

/** Rounds what a node gives, where its dtype is bfloat16 and its numbers are not held in doubles. */
export function roundIfBfloat16({ dtype, data }: NodeValues): void {
  if (dtype === 'bfloat16' && data instanceof Float32Array) roundToBfloat16(data);
}

/** The dtype of what goes into a graph or comes out of it, which `verify` makes sure of. */
export function hostDtype(dtype: Dtype): HostDtype {
  if (dtype === 'bfloat16') throw new Error('invariant: no bfloat16 goes into a graph or comes out');
  return dtype;
}
