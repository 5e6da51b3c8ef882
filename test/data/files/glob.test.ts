import { describe, expect, it } from 'vitest';
import { alternatives, makeMatcher } from '../../../src/data/files/glob.ts';
import fc from '../../fast_check.ts';

describe('a part of a pattern', () => {
  it.each([
    ['*.csv', 'a.csv', true],
    ['*.csv', '.csv', true],
    ['*.csv', 'a.csv.gz', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['?.csv', 'é.csv', true],
    ['?.csv', '😀.csv', true],
    ['[ab].csv', 'b.csv', true],
    ['[!ab].csv', 'b.csv', false],
    ['[^ab].csv', 'c.csv', true],
    ['part-[0-9].csv', 'part-7.csv', true],
    ['part-[0-9].csv', 'part-x.csv', false],
    ['[]].csv', '].csv', true],
    ['[[]1].csv', '[1].csv', true],
    ['[*].csv', '*.csv', true],
    ['[*].csv', 'a.csv', false],
    ['ev[.csv', 'ev[.csv', true],
    ['a.csv', 'aXcsv', false],
    ['(a|b)+$.csv', '(a|b)+$.csv', true],
  ])('%s, of %s: %s', (part, name, fits) => {
    expect(makeMatcher(part)(name)).toBe(fits);
  });

  it('of any text matches in time, and a literal one matches itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (part, name) => {
        expect(typeof makeMatcher(part)(name)).toBe('boolean');
        expect(makeMatcher(name.replaceAll(/[*?[]/g, '[$&]'))(name)).toBe(true);
      }),
      { seed: 1 },
    );
    // A regular expression would take longer than the universe has been there.
    expect(makeMatcher(`${'*a'.repeat(60)}b`)('a'.repeat(255))).toBe(false);
  });
});

describe('braces', () => {
  it('match each choice, alone or several; half of one is itself; too many are none', () => {
    expect(alternatives('{a,b}/{c,d}.csv')).toEqual(['a/c.csv', 'a/d.csv', 'b/c.csv', 'b/d.csv']);
    expect(alternatives('a{b')).toEqual(['a{b']);
    expect(alternatives('a}b')).toEqual(['a}b']);
    expect(alternatives('{a,b}'.repeat(11))).toBeUndefined();
  });
});
