/** Laws: a packed list is as the array of its texts. */
import { describe, expect, it } from 'vitest';
import {
  areTextsEqual,
  batchTexts,
  compareTexts,
  concatTexts,
  hasSurrogates,
  isTexts,
  maxTextBytes,
  PackedTexts,
  packTexts,
  pickTexts,
  TextsTooLarge,
  TextsWriter,
} from '../../../src/base/text/texts.ts';
import fc from '../../fast_check.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
  fc.constantFrom('', '\ufeff', '\ufeffa', '🎬', 'a\u0000', 'é'),
  // Halves of surrogate pairs, and what is next to them in the order of units.
  fc
    .array(fc.oneof(fc.integer({ min: 0xd7f0, max: 0xe00f }), fc.constantFrom(0xffff, 0x61, 0x80)), { maxLength: 4 })
    .map((units) => String.fromCharCode(...units)),
);
const lists = fc.array(text, { maxLength: 60 });

describe('packed texts', () => {
  it('are those of the array', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const packed = packTexts(list);
        expect(packed.length).toBe(list.length);
        expect([...packed] as unknown).toStrictEqual(list);
        for (let at = -list.length - 1; at <= list.length; at++) expect(packed.at(at)).toBe(list.at(at));
        expect(JSON.stringify({ packed })).toBe(JSON.stringify({ packed: list }));
        expect(packTexts(packed)).toBe(packed);
        expect(hasSurrogates(packed)).toBe(list.some((each) => /\p{Surrogate}/u.test(each)));
        expect(hasSurrogates(list)).toBe(hasSurrogates(packed));
      }),
    );
  });

  it('are picked and joined, packed and not', () => {
    fc.assert(
      fc.property(lists, lists, fc.array(fc.nat(1000)), (list, other, picks) => {
        const places = list.length === 0 ? [] : picks.map((pick) => pick % list.length);
        const expected = places.map((place) => list[place]!);
        expect(pickTexts(list, places)).toStrictEqual(expected);
        const picked = pickTexts(packTexts(list), Int32Array.from(places));
        expect(picked).toBeInstanceOf(PackedTexts);
        expect([...picked]).toStrictEqual(expected);
        for (const second of [other, packTexts(other)]) {
          expect(concatTexts(list, second)).toStrictEqual([...list, ...other]);
          expect([...concatTexts(packTexts(list), second)]).toStrictEqual([...list, ...other]);
        }
      }),
    );
  });

  it('are in the order of strings', () => {
    fc.assert(
      fc.property(text, text, text, (one, other, before) => {
        const expected = one < other ? -1 : one > other ? 1 : 0;
        // Of texts with the same beginning too.
        for (const start of ['', before]) {
          const list = [start + one, start + other];
          const inOrder = list[0]! < list[1]! ? -1 : list[0]! > list[1]! ? 1 : 0;
          if (start === '') expect(inOrder).toBe(expected);
          for (const each of [list, packTexts(list)]) {
            expect(Math.sign(compareTexts(each, 0, 1))).toBe(inOrder);
            expect(Math.sign(compareTexts(each, 1, 0)) + 0).toBe(0 - inOrder);
          }
        }
      }),
    );
  });

  it('are the same as a list that has the same texts', () => {
    fc.assert(
      fc.property(lists, lists, (list, other) => {
        const isSame = JSON.stringify(list) === JSON.stringify(other);
        expect(areTextsEqual(list, packTexts(other))).toBe(isSame);
        expect(areTextsEqual(packTexts(list), packTexts([...list]))).toBe(true);
        expect(areTextsEqual([...list, 'a'], packTexts([...list, 'b']))).toBe(false);
      }),
    );
  });

  it('come in slices', () => {
    const list = Array.from({ length: 25 }, (_, at) => `${at}`);
    for (const texts of [list, packTexts(list)]) {
      expect([...batchTexts(texts, 10)]).toStrictEqual([list.slice(0, 10), list.slice(10, 20), list.slice(20)]);
    }
    expect([...batchTexts([], 10)]).toEqual([]);
    expect([isTexts(list), isTexts(packTexts(list)), isTexts(new Map()), isTexts('ab')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('a writer', () => {
  it('takes texts, bytes and texts of lists, whatever it has room for', () => {
    const long = 'x'.repeat(1000);
    for (const [texts, bytes] of [
      [0, 0],
      [2, 3],
      [100, 100_000],
    ] as const) {
      const writer = new TextsWriter(texts, bytes);
      writer.add('é🎬\ud800');
      writer.addBytes(Uint8Array.of(1, 97, 98, 2), 1, 3);
      writer.addFrom(packTexts(['', 'b']), 0);
      writer.addFrom(packTexts(['a', long]), 1);
      writer.addFrom(['c', 'd'], 1);
      expect([...writer.texts()]).toStrictEqual(['é🎬\ud800', 'ab', '', long, 'd']);
    }
  });

  it('refuses what an offset does not reach', () => {
    const writer = new TextsWriter();
    const piece = new Uint8Array(1);
    writer.addBytes(piece, 0, 1);
    // As many bytes as this, which nobody has read yet.
    expect(() => writer.addBytes(piece, 0, maxTextBytes())).toThrow(TextsTooLarge);
    expect([...writer.texts()]).toEqual(['\u0000']);
  });
});
