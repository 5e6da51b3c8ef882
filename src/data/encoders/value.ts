/** Encodes single values that a server receives in the same way as training encoded its columns. */
import type { Encoding } from '../dataset.ts';
import { type Coder, makeCoder } from './encoders.ts';

export type EncodedValue =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'bag'; readonly codes: readonly number[] }
  | { readonly kind: 'numbers'; readonly numbers: readonly number[] };

export const encodeValue = (encoding: Encoding, value: unknown): EncodedValue => makeValueEncoder(encoding)(value);

/**
 * Encodes texts, numbers, booleans, arrays of these, and `null`, `undefined`, `''` or NaN for a missing value. An array is a bag of its elements without the
 * missing ones; for a vector it is the vector itself. A moment is seconds since 1970, a Date, or a text such as `2026-11-25 17:00`, in UTC if it has no zone.
 * Throws TypeError for other values, and for an invalid number, like training.
 */
export function makeValueEncoder(encoding: Encoding): (value: unknown) => EncodedValue {
  const coder = makeCoder(encoding);
  const takesLog = 'log' in encoding && encoding.log;
  const encodeSingle = (value: unknown): EncodedValue => {
    if (takesLog && !isMissing(value) && toNumber(value) <= -1)
      rejectValue('a number above -1, since log(1 + x) is taken', value);
    return encodeOne(coder as SingleValueCoder, encoding.kind === 'clock' ? toSeconds(value) : value);
  };
  return (value) => {
    if (coder.reads === 'vector') return { kind: 'numbers', numbers: toVector(value, coder.size) };
    if (!Array.isArray(value)) return encodeSingle(value);
    const codes = value.flatMap((element) => {
      if (isMissing(element)) return [];
      const encoded = encodeSingle(element);
      if (encoded.kind === 'bag') return encoded.codes;
      return encoded.kind === 'code' ? [encoded.code] : rejectValue('one number', value);
    });
    return { kind: 'bag', codes };
  };
}

type SingleValueCoder = Exclude<Coder, { reads: 'vector' }>;

function encodeOne(coder: SingleValueCoder, value: unknown): EncodedValue {
  if (coder.reads === 'text') {
    const text = isMissing(value) ? '' : toText(value);
    return coder.gives === 'code'
      ? { kind: 'code', code: coder.code(text) }
      : { kind: 'bag', codes: coder.codes(text) };
  }
  const number = isMissing(value) ? Number.NaN : toNumber(value);
  if (coder.gives === 'code') return { kind: 'code', code: coder.code(number) };
  return { kind: 'numbers', numbers: [toSingle(coder.number(number), value)] };
}

const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || Number.isNaN(value);

function toText(value: unknown): string {
  // The number was parsed from JSON, and other ids round to the same number.
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    rejectValue('ids of more than 15 digits as texts', value);
  return typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint'
    ? String(value)
    : rejectValue('a text', value);
}

const momentPattern = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|[+-]\d\d:\d\d)?$/;

function toSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  const [, day, time = '00:00', zone = 'Z'] = (typeof value === 'string' && momentPattern.exec(value.trim())) || [];
  const seconds = Date.parse(`${day}T${time}${zone}`) / 1000;
  return Number.isNaN(seconds) ? value : seconds;
}

function toNumber(value: unknown): number {
  const number = typeof value === 'object' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : rejectValue('a finite number', value);
}

function toVector(value: unknown, size: number): readonly number[] {
  if (isMissing(value)) return new Array<number>(size).fill(0);
  if (!Array.isArray(value) || value.length !== size) return rejectValue(`${size} numbers`, value);
  return value.map((element) => toSingle(toNumber(element), value));
}

/** Rounds to float32, the precision of models. */
function toSingle(number: number, value: unknown): number {
  const single = Math.fround(number);
  return Number.isFinite(single) ? single : rejectValue('numbers up to 3.4e38', value);
}

function rejectValue(expected: string, value: unknown): never {
  throw new TypeError(`expected ${expected}, got ${JSON.stringify(value)?.slice(0, 80)}`);
}
