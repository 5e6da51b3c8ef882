import { describe, expect, it } from 'vitest';
import { PackedTexts, packTexts, type Texts } from '../../../src/base/text/texts.ts';
import { type Encoding, rowsOf } from '../../../src/data/dataset.ts';
import { type ColumnSample, fitEncoder } from '../../../src/data/encoders/encoders.ts';
import { murmur3 } from '../../../src/data/encoders/murmur3.ts';
import { bigramsOf, trigramsOf, wordsOfText } from '../../../src/data/encoders/text_pieces.ts';
import { encodeValue } from '../../../src/data/encoders/value.ts';
import { invalidPieceReason } from '../../../src/data/files/feature_files.ts';
import type { Encoder } from '../../../src/graph/plan/plan.ts';
import fc from '../../fast_check.ts';

const texts = (counts: Readonly<Record<string, number>>): ColumnSample => ({
  texts: { texts: ['', ...Object.keys(counts)], counts: [0, ...Object.values(counts)] },
  numbers: { values: new Float64Array(0), weights: [] },
});

const numbers = (values: readonly number[], weights: readonly number[] = values.map(() => 1)): ColumnSample => ({
  ...texts({}),
  numbers: { values: Float64Array.from(values), weights },
});

describe('MurmurHash3', () => {
  it('gives the published 32-bit values', () => {
    // Known answers of MurmurHash3_x86_32 with seed 0, from its reference implementation.
    expect(murmur3('')).toBe(0);
    expect(murmur3('test').toString(16)).toBe('ba6bd213');
    expect(murmur3('Hello, world!').toString(16)).toBe('c0363e43');
    expect(murmur3('The quick brown fox jumps over the lazy dog').toString(16)).toBe('2e4ff723');
    expect(murmur3('a').toString(16)).toBe('3c2569b2');
    expect(murmur3('abc').toString(16)).toBe('b3dd93fa');
  });
});

describe('a vocabulary', () => {
  it('has equally frequent values in the order of units, which is not that of bytes', () => {
    // As a dictionary has them: in the order of bytes. A character of two units comes before the last ones of one.
    const dictionary = ['', 'a', '\ue000', '\uffff', '🎬', '🎬b'];
    const counts = [0, 1, 2, 2, 2, 3];
    for (const list of [dictionary, packTexts(dictionary)]) {
      const { values } = fitEncoder(
        { kind: 'vocabulary', minimumCount: 1 },
        { ...texts({}), texts: { texts: list, counts } },
      ) as { readonly values: Texts };
      expect([...values]).toStrictEqual(['🎬b', '🎬', '\ue000', '\uffff', 'a']);
    }
  });

  it('learns the most frequent first, then by name, and keeps 0 for the rest', () => {
    const encoding = fitEncoder({ kind: 'vocabulary', minimumCount: 2 }, texts({ b: 2, a: 2, c: 5, d: 1 }));
    expect(encoding).toEqual({ kind: 'vocabulary', values: ['c', 'a', 'b'] });
    expect(['c', 'a', 'b', 'd', '', null, undefined].map((value) => encodeValue(encoding, value))).toEqual(
      [1, 2, 3, 0, 0, 0, 0].map((code) => ({ kind: 'code', code })),
    );
  });

  it('is the declared values where there are some', () => {
    const encoding = fitEncoder({ kind: 'vocabulary', minimumCount: 1, values: ['F', 'M'] }, texts({ M: 9, X: 7 }));
    expect(['F', 'M', 'X'].map((value) => encodeValue(encoding, value))).toEqual(
      [1, 2, 0].map((code) => ({ kind: 'code', code })),
    );
  });

  it.each(['vocabulary', 'words'] as const)('of a file for %s is packed: it may be long', (kind) => {
    const encoder = { kind, minimumCount: 1, buckets: 3, values: ['a', 'b'] };
    expect(fitEncoder(encoder as Encoder, texts({})) as object).toMatchObject({ values: packTexts(['a', 'b']) });
    expect((fitEncoder(encoder as Encoder, texts({})) as { values: unknown }).values).toBeInstanceOf(PackedTexts);
  });

  it('takes numbers and truth as their texts, and arrays as bags without the missing', () => {
    const encoding: Encoding = { kind: 'vocabulary', values: ['42', 'true'] };
    expect(encodeValue(encoding, 42)).toEqual({ kind: 'code', code: 1 });
    expect(encodeValue(encoding, true)).toEqual({ kind: 'code', code: 2 });
    expect(encodeValue(encoding, [42, null, 'no', '42'])).toEqual({ kind: 'bag', codes: [1, 0, 1] });
  });
});

describe('a hash', () => {
  it('is the hash of the text modulo the buckets', () => {
    const encoding = fitEncoder({ kind: 'hash', buckets: 1000 }, texts({}));
    expect(encodeValue(encoding, 'test')).toEqual({ kind: 'code', code: 0xba6bd213 % 1000 });
    expect(encodeValue(encoding, null)).toEqual({ kind: 'code', code: 0 });
  });
});

describe('pieces of a text with a vocabulary', () => {
  const codes = (encoder: Encoder, text: string | null) => {
    const encoded = encodeValue(fitEncoder(encoder, texts({})), text);
    return encoded.kind === 'bag' ? encoded.codes : undefined;
  };
  it('have the places of the file after the rows that are hashed', () => {
    const words: Encoder = { kind: 'words', buckets: 1, values: ['night', 'war'] };
    expect(codes(words, 'The WAR at night, war')).toEqual([0, 2, 0, 1, 2]);
    expect(codes(words, null)).toEqual([]);
    const hashed = codes({ kind: 'words', buckets: 5 }, 'the')!;
    expect(codes({ ...words, buckets: 5 }, 'the war')).toEqual([...hashed, 6]);
    expect(codes({ kind: 'bigrams', buckets: 1, values: ['new york', 'york'] }, 'New York')).toEqual([0, 1, 2]);
    expect(codes({ kind: 'trigrams', buckets: 1, values: ['od#'] }, 'good')).toEqual([0, 0, 0, 1]);
  });

  it('have a row each, next to those that are hashed', () => {
    expect(rowsOf({ kind: 'words', buckets: 3, values: ['a', 'b'] })).toBe(5);
    expect(rowsOf({ kind: 'trigrams', buckets: 3 })).toBe(3);
  });

  it.each([
    ['words', 'night', true],
    ['words', 'Night', false],
    ['words', 'new york', false],
    ['words', 'nai\u0308ve', false],
    ['words', '…', false],
    ['bigrams', 'new york', true],
    ['bigrams', 'new', true],
    ['bigrams', 'new  york', false],
    ['bigrams', 'new york city', false],
    ['trigrams', '#ni', true],
    ['trigrams', '#a#', true],
    ['trigrams', 'ght', true],
    ['trigrams', 'ght#', false],
    ['trigrams', 'g t', false],
    ['trigrams', 'n#i', false],
    ['trigrams', '##a', false],
    ['vocabulary', 'Any Thing', true],
  ])('%s: whether %j is one', (kind, line, isOne) => {
    const found = invalidPieceReason({ kind, buckets: 1 } as Encoder, ['is', 'ab#', line].slice(-1));
    expect(found === undefined).toBe(isOne);
  });

  it('are the pieces that texts have, whatever the text', () => {
    const splits = { words: wordsOfText, bigrams: bigramsOf, trigrams: trigramsOf } as const;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        for (const [kind, split] of Object.entries(splits)) {
          expect(invalidPieceReason({ kind, buckets: 1 } as Encoder, split(text)), kind).toBeUndefined();
        }
      }),
    );
  });
});

describe('boundaries', () => {
  it('a value equal to one belongs above it, and a missing one has the last code', () => {
    const encoding = fitEncoder({ kind: 'boundaries', boundaries: [18, 25], log: false }, numbers([]));
    expect([17, 18, 24.9, 25, 99, null].map((value) => encodeValue(encoding, value))).toEqual(
      [0, 1, 1, 2, 2, 3].map((code) => ({ kind: 'code', code })),
    );
  });

  it('count the boundaries not above, for any boundaries', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 9 }),
        fc.integer({ min: -60, max: 60 }),
        (cut, x) => {
          const boundaries = cut.sort((a, b) => a - b);
          const code = boundaries.filter((boundary) => boundary <= x).length;
          expect(encodeValue({ kind: 'boundaries', boundaries, log: false }, x)).toEqual({ kind: 'code', code });
        },
      ),
    );
  });
});

describe('quantiles', () => {
  it('cut distinct values into equal pieces', () => {
    const fitted = fitEncoder(
      { kind: 'quantiles', buckets: 4, log: false },
      numbers([8, 1, 7, 2, 6, 3, 5, 4, Number.NaN]),
    );
    expect(fitted).toEqual({ kind: 'boundaries', boundaries: [3, 5, 7], log: false });
  });

  it('keep equal values together, and weigh rows', () => {
    const heavy = fitEncoder({ kind: 'quantiles', buckets: 4, log: false }, numbers([0, 1], [90, 10]));
    expect(heavy).toEqual({ kind: 'boundaries', boundaries: [1], log: false });
  });

  it('are the same whether rows repeat or have weights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 4 })), { minLength: 1 }),
        fc.integer({ min: 2, max: 6 }),
        (rows, buckets) => {
          const encoder = { kind: 'quantiles', buckets, log: true } as const;
          const weighted = fitEncoder(
            encoder,
            numbers(
              rows.map(([x]) => x),
              rows.map(([, weight]) => weight),
            ),
          );
          const repeated = fitEncoder(
            encoder,
            numbers(rows.flatMap(([x, weight]) => new Array<number>(weight).fill(x))),
          );
          expect(weighted).toEqual(repeated);
        },
      ),
    );
  });

  it('of log are boundaries of log(1 + x)', () => {
    const fitted = fitEncoder({ kind: 'quantiles', buckets: 2, log: true }, numbers([0, 1, 99, 999]));
    expect(fitted).toEqual({ kind: 'boundaries', boundaries: [Math.log(100)], log: true });
    expect(encodeValue(fitted, 98)).toEqual({ kind: 'code', code: 0 });
    expect(encodeValue(fitted, 99)).toEqual({ kind: 'code', code: 1 });
  });
});

describe('standardize', () => {
  it('takes mean and deviation of the sample; missing is 0', () => {
    const fitted = fitEncoder({ kind: 'standardize', log: false }, numbers([2, 4, Number.NaN, 6], [1, 2, 5, 1]));
    expect(fitted).toEqual({ kind: 'standardize', mean: 4, deviation: Math.sqrt(2), log: false });
    expect(encodeValue(fitted, 6)).toEqual({ kind: 'numbers', numbers: [Math.fround(Math.SQRT2)] });
    expect(encodeValue(fitted, null)).toEqual({ kind: 'numbers', numbers: [0] });
  });

  it('of equal values divides by 1', () => {
    expect(fitEncoder({ kind: 'standardize', log: false }, numbers([3, 3]))).toMatchObject({ mean: 3, deviation: 1 });
    expect(fitEncoder({ kind: 'standardize', log: false }, numbers([]))).toMatchObject({ mean: 0, deviation: 1 });
  });
});

describe('numbers and vectors', () => {
  it('are as they are, or log(1 + x)', () => {
    expect(encodeValue({ kind: 'number', log: false }, '2.5')).toEqual({ kind: 'numbers', numbers: [2.5] });
    expect(encodeValue({ kind: 'number', log: true }, Math.E - 1)).toEqual({ kind: 'numbers', numbers: [1] });
    expect(encodeValue({ kind: 'vector', size: 2 }, [1, 2])).toEqual({ kind: 'numbers', numbers: [1, 2] });
    expect(encodeValue({ kind: 'vector', size: 2 }, undefined)).toEqual({ kind: 'numbers', numbers: [0, 0] });
  });

  it('refuse what is none', () => {
    expect(() => encodeValue({ kind: 'number', log: false }, 'dear')).toThrow('expected a finite number, got "dear"');
    expect(() => encodeValue({ kind: 'number', log: false }, 1e308)).toThrow('expected numbers up to 3.4e38');
    expect(() => encodeValue({ kind: 'vector', size: 1 }, [1e39])).toThrow('expected numbers up to 3.4e38');
    expect(() => encodeValue({ kind: 'number', log: false }, Number.POSITIVE_INFINITY)).toThrow(TypeError);
    // As training rejects rows with such a number, whatever becomes of the logarithm.
    for (const encoding of [
      { kind: 'number', log: true },
      { kind: 'standardize', mean: 0, deviation: 1, log: true },
      { kind: 'boundaries', boundaries: [1], log: true },
    ] as const) {
      for (const value of [-1, '-1.5']) expect(() => encodeValue(encoding, value)).toThrow('a number above -1');
      expect(() => encodeValue(encoding, [-2])).toThrow('a number above -1');
    }
    expect(() => encodeValue({ kind: 'vector', size: 2 }, [1])).toThrow('expected 2 numbers, got [1]');
    expect(() => encodeValue({ kind: 'hash', buckets: 3 }, { a: 1 })).toThrow('expected a text, got {"a":1}');
  });
});

describe('text', () => {
  it('has words of letters and digits of any script, lower case', () => {
    expect(wordsOfText("Don't  STOP—2nd Überraschung, 東京!")).toEqual([
      'don',
      't',
      'stop',
      '2nd',
      'überraschung',
      '東京',
    ]);
    // Composed and decomposed letters are the same word.
    expect(wordsOfText('e\u0301t\u00e9')).toEqual(wordsOfText('\u00e9te\u0301'));
    expect(wordsOfText('')).toEqual([]);
  });

  it('has the words and each pair in a row', () => {
    expect(bigramsOf('New York, city')).toEqual(['new', 'new york', 'york', 'york city', 'city']);
    expect(bigramsOf('One')).toEqual(['one']);
    expect(bigramsOf(' … ')).toEqual([]);
    const code = (text: string): unknown => encodeValue({ kind: 'bigrams', buckets: 1000 }, text);
    expect(code('New York')).toEqual({
      kind: 'bag',
      codes: ['new', 'new york', 'york'].map((each) => murmur3(each) % 1000),
    });
  });

  it('has the trigrams of Huang et al.', () => {
    expect(trigramsOf('good')).toEqual(['#go', 'goo', 'ood', 'od#']);
    expect(trigramsOf('A 𝒳y')).toEqual(['#a#', '#𝒳y', '𝒳y#']);
  });

  it('is a bag of hashes', () => {
    expect(encodeValue({ kind: 'words', buckets: 100 }, 'test Test')).toEqual({
      kind: 'bag',
      codes: [0xba6bd213 % 100, 0xba6bd213 % 100],
    });
    expect(encodeValue({ kind: 'trigrams', buckets: 7 }, null)).toEqual({ kind: 'bag', codes: [] });
  });
});
