import { describe, expect, it } from 'vitest';
import { isSameJson, listRowIndexes, withDefaults } from '../../../src/base/util/objects.ts';
import fc from '../../fast_check.ts';

it('every row of a table is there once, in order', () => {
  expect([0, 1, 3].map(listRowIndexes)).toEqual([new Int32Array(0), Int32Array.of(0), Int32Array.of(0, 1, 2)]);
});

describe('withDefaults', () => {
  it('takes what is given, and a default for what is undefined', () => {
    const defaults = { size: 1, name: 'a', isOpen: true };
    expect(withDefaults(defaults, { size: 0, name: undefined, isOpen: false })).toEqual({
      size: 0,
      name: 'a',
      isOpen: false,
    });
    expect(withDefaults(defaults, undefined)).toEqual(defaults);
    expect(defaults).toEqual({ size: 1, name: 'a', isOpen: true });
  });
});

describe('isSameJson', () => {
  it('takes an undefined property for an absent one, at any depth', () => {
    expect(isSameJson({ a: [{ b: 1, c: undefined }] }, { a: [{ b: 1 }], d: undefined })).toBe(true);
    expect(isSameJson({ a: null }, {})).toBe(false);
    expect(isSameJson([], {})).toBe(false);
    expect(isSameJson([1, 2], [1])).toBe(false);
    expect(isSameJson(Number.NaN, Number.NaN)).toBe(true);
  });

  it('is true of a value and its JSON, read back, and of no other value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const read: unknown = JSON.parse(JSON.stringify(one));
        expect(isSameJson(JSON.parse(JSON.stringify(read)), read)).toBe(true);
        expect(isSameJson(read, JSON.parse(JSON.stringify(other)))).toBe(
          JSON.stringify(sorted(read)) === JSON.stringify(sorted(other)),
        );
      }),
    );
  });
});

/** Returns a JSON value with the names of its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  );
}
