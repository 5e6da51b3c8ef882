import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { findKeyPartsError, keyTableOf, makeKeyIndex, makeKeyTable } from '../../../src/base/text/key_table.ts';
import { packTexts } from '../../../src/base/text/texts.ts';
import fc from '../../fast_check.ts';

/** Law: it finds what a `Map` finds. */
it.each([0, 3000])('finds what a Map finds, with room for %i at first', (expected) => {
  const random = makeRandom(5);
  const texts: string[] = [];
  const index = makeKeyIndex((place) => texts[place]!, expected);
  const map = new Map<string, number>();
  const pick = (): string =>
    ['', 'ü', '🎬', '\ud83c', 'a'][random.integer(5)]! + 'k'.repeat(random.integer(3)) + random.integer(2000);
  for (let i = 0; i < 20_000; i++) {
    const text = pick();
    expect(index.indexOf(text)).toBe(map.get(text) ?? -1);
    if (random.integer(2) === 0) continue;
    const place = texts.push(text) - 1;
    index.set(text, place);
    map.set(text, place);
  }
  for (const [text, place] of map) expect(index.indexOf(text)).toBe(place);
  expect(map.size).toBeGreaterThan(3000);
});

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.integer({ min: 0, max: 99 }).map(String),
  // Halves of surrogate pairs.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe00f }), { maxLength: 4 }).map((units) => String.fromCharCode(...units)),
);

it('finds each key as a Map does, and gives it back', () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 300 }), fc.array(texts), (keys, others) => {
      const table = makeKeyTable(keys);
      const map = new Map(keys.map((key, row) => [key, row]));
      expect(table.size).toBe(keys.length);
      for (const key of [...keys, ...others]) expect(table.rowOf(key)).toBe(map.get(key) ?? -1);
      keys.forEach((key, row) => {
        expect(table.keyAt(row)).toBe(key);
      });
      const asked = [...keys, ...others];
      const rows = asked.map((key) => map.get(key) ?? -1);
      for (const list of [asked, packTexts(asked)]) {
        expect([...table.rowsOf(list)]).toEqual(rows);
        expect([...makeKeyTable(packTexts(keys)).rowsOf(list)]).toEqual(rows);
      }
    }),
  );
});

it('has long keys, an empty one, and many', () => {
  const keys = ['', 'x'.repeat(5000), ...Array.from({ length: 40_000 }, (_, i) => `key ${i}`)];
  const table = makeKeyTable(keys, keys.length);
  expect(keys.every((key, row) => table.rowOf(key) === row && table.keyAt(row) === key)).toBe(true);
  expect(table.rowOf('y'.repeat(6000))).toBe(-1);
  expect(table.rowOf('key 40000')).toBe(-1);
  expect(() => table.keyAt(keys.length)).toThrow('row');
});

it('finds the rows of keys that begin with a text', () => {
  // A half of a surrogate pair is not the beginning of the pair, of which it is the first unit.
  const whole = texts.filter((text) => !/[\ud800-\udbff]$/.test(text));
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 100 }), whole, fc.nat(5), (keys, prefix, most) => {
      const rows = keys.flatMap((key, row) => (key.startsWith(prefix) ? [row] : []));
      expect(makeKeyTable(keys).rowsByPrefix(prefix, most)).toEqual(rows.slice(0, most));
    }),
  );
});

it('is made again of its parts, with and without its slots', () => {
  fc.assert(
    fc.property(fc.array(texts, { maxLength: 100 }), fc.array(texts), fc.boolean(), (keys, others, withSlots) => {
      const table = makeKeyTable(keys);
      const parts = structuredClone(table.arrays(withSlots));
      expect(findKeyPartsError(parts)).toBeUndefined();
      const again = keyTableOf(parts);
      for (const key of [...keys, ...others]) expect(again.rowOf(key)).toBe(table.rowOf(key));
      keys.forEach((key, row) => {
        expect(again.keyAt(row)).toBe(key);
      });
    }),
  );
});

it('takes any parts that nothing is said against: lookups end, and each text is one', () => {
  const part = fc.record({
    bytes: fc.uint8Array({ maxLength: 12 }),
    ends: fc.array(fc.nat(13), { maxLength: 4 }).map((ends) => Uint32Array.from(ends)),
    slots: fc.array(fc.nat(4), { maxLength: 8 }).map((slots) => Uint32Array.from(slots)),
  });
  const sorted = part.map(({ bytes, ends, slots }) => ({
    bytes,
    ends: Uint32Array.of(...ends.filter((end) => end < bytes.length).sort(), bytes.length),
    slots,
  }));
  fc.assert(
    fc.property(fc.oneof(part, sorted), fc.array(texts), (parts, keys) => {
      if (findKeyPartsError(parts) !== undefined) return;
      const table = keyTableOf(parts);
      for (let row = 0; row < table.size; row++) expect(typeof table.keyAt(row)).toBe('string');
      for (const key of keys) expect(table.rowOf(key)).toBeLessThan(table.size);
    }),
  );
});

it('says what is wrong with parts', () => {
  const { bytes, ends, slots } = makeKeyTable(['a', 'bc']).arrays(true);
  const complaint = (change: object) => findKeyPartsError({ bytes, ends, slots: slots!, ...change });
  expect(complaint({})).toBeUndefined();
  expect(complaint({ ends: Uint32Array.of(2, 1) })).toMatch('ends before');
  expect(complaint({ bytes: bytes.subarray(1) })).toMatch('do not fill');
  expect(complaint({ slots: new Uint32Array(2) })).toMatch('number of slots');
  expect(complaint({ slots: slots!.map((slot) => slot * 2) })).toMatch('not there');
  expect(complaint({ slots: slots!.map(() => 1) })).toMatch('twice');
});
