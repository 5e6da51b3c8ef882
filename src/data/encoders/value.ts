/** Single values, as a server gets them, encoded as training encoded its columns. */
import type { Encoding } from '../dataset.ts';
import type { Coder } from './contract.ts';
import { makeCoder } from './table.ts';

export type EncodedValue =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'bag'; readonly codes: readonly number[] }
  | { readonly kind: 'numbers'; readonly numbers: readonly number[] };

/** One value, encoded once. For many, keep `makeValueEncoder`'s. */
export function encodeValue(encoding: Encoding, value: unknown): EncodedValue {
  return makeValueEncoder(encoding)(value);
}

/**
 * Values are texts, numbers, booleans, arrays of them, and `null`, `undefined`, `''` or NaN for missing. An array is a bag
 * of its elements without the missing ones; for a vector it is the vector. Throws TypeError for anything else, and for a number that is
 * none: what training would have rejected.
 */
export function makeValueEncoder(encoding: Encoding): (value: unknown) => EncodedValue {
  const coder = makeCoder(encoding);
  return (value) => {
    if (coder.reads === 'vector') return { kind: 'numbers', numbers: vectorOf(value, coder.size) };
    if (!Array.isArray(value)) return encodeOne(coder, value);
    const codes = value.flatMap((element) => {
      if (isMissing(element)) return [];
      const one = encodeOne(coder, element);
      return one.kind === 'bag' ? one.codes : one.kind === 'code' ? [one.code] : fail('one number', value);
    });
    return { kind: 'bag', codes };
  };
}

function encodeOne(coder: Exclude<Coder, { reads: 'vector' }>, value: unknown): EncodedValue {
  if (coder.reads === 'text') {
    const text = isMissing(value) ? '' : textOf(value);
    return coder.gives === 'code'
      ? { kind: 'code', code: coder.code(text) }
      : { kind: 'bag', codes: coder.codes(text) };
  }
  const number = isMissing(value) ? Number.NaN : numberOf(value);
  if (coder.gives === 'code') return { kind: 'code', code: coder.code(number) };
  return { kind: 'numbers', numbers: [singleOf(coder.number(number), value)] };
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined || value === '' || Number.isNaN(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint'
    ? String(value)
    : fail('a text', value);
}

function numberOf(value: unknown): number {
  const number = typeof value === 'object' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : fail('a finite number', value);
}

function vectorOf(value: unknown, size: number): readonly number[] {
  if (isMissing(value)) return new Array<number>(size).fill(0);
  if (!Array.isArray(value) || value.length !== size) return fail(`${size} numbers`, value);
  return value.map((element) => singleOf(numberOf(element), value));
}

/** In the 32 bits that a model computes with. */
function singleOf(number: number, value: unknown): number {
  const single = Math.fround(number);
  return Number.isFinite(single) ? single : fail('numbers up to 3.4e38', value);
}

function fail(expected: string, value: unknown): never {
  throw new TypeError(`expected ${expected}, got ${JSON.stringify(value)?.slice(0, 80)}`);
}
