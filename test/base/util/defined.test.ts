import { describe, expect, it } from 'vitest';
import { type Defined, defined, everyRow } from '../../../src/base/util/defined.ts';
import fc from '../../fast_check.ts';

it('every row of a table is there once, in order', () => {
  expect([0, 1, 3].map(everyRow)).toEqual([new Int32Array(0), Int32Array.of(0), Int32Array.of(0, 1, 2)]);
});

describe('defined', () => {
  it('leaves out what is undefined, and nothing else', () => {
    const values = { none: undefined, nil: null, zero: 0, empty: '', no: false, nan: Number.NaN };
    expect(Object.keys(defined(values))).toEqual(['nil', 'zero', 'empty', 'no', 'nan']);
  });

  it('keeps the order and the values of any object', () => {
    const some = fc.dictionary(fc.string(), fc.option(fc.anything(), { nil: undefined }));
    fc.assert(
      fc.property(some, (values) => {
        const kept = Object.entries(values).filter(([, value]) => value !== undefined);
        expect(Object.entries(defined(values))).toEqual(kept);
      }),
    );
  });

  it('has types for exact optional properties', () => {
    const name = ['a'].at(1);
    const options: { readonly name?: string; readonly kind: 'one' } = defined({ name, kind: 'one' });
    expect(options).toEqual({ kind: 'one' });
    const exact: Defined<{ a: number | undefined; b: string }> = { b: '' };
    // @ts-expect-error an undefined value is not an absent one
    const wrong: typeof exact = { a: undefined, b: '' };
    expect(Object.keys(wrong)).not.toEqual(Object.keys(defined(wrong)));
  });
});
