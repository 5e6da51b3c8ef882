/**
 * Publishes the rules that turn text into codes, with test values, so that programs in other languages can implement them. They are part of serving.json;
 * `docs/guide/serving.md` explains them. The rule of an existing encoding never changes.
 */

import { murmur3 } from './murmur3.ts';
import { bigramsOf, crossedText, trigramsOf, wordsOfText } from './text_pieces.ts';

export type PublishedRules = ReturnType<typeof publishedRules>;

/** Covers the empty text, one byte, each length of a tail, characters of two to four bytes, and a text longer than a block. */
const texts: readonly string[] = [
  '',
  'a',
  'ab',
  'abc',
  'abcd',
  'The quick brown fox jumps over the lazy dog',
  ' 007 ',
  'naïve',
  'nai\u0308ve',
  'ΟΔΥΣΣΕΥΣ',
  'İstanbul',
  'Straße',
  '東京タワー',
  'हिन्दी',
  '👩‍🚀 to the 🌕',
  '0123456789'.repeat(30),
];

const phrases: readonly string[] = [
  ...texts,
  'good',
  'I',
  'Rock’n’roll, since 1955!',
  '\t\n  ',
  '…—!',
  'x²+½',
  '𝒜lpha_beta-γ',
];

export function publishedRules() {
  return {
    text: {
      rule: 'A text is taken as written: no blanks are removed, no case is changed. A number is written in decimal, whole numbers without a fraction (7, not 7.0); a truth value as true or false. A missing value is the empty text.',
    },
    hash: {
      algorithm: 'MurmurHash3_x86_32',
      seed: 0,
      bytes: 'UTF-8',
      rule: 'The code is the unsigned 32-bit hash of the text’s UTF-8 bytes, modulo `buckets` of the encoding; four bytes are read as a little-endian word. The bytes are of the text as it is, neither normalised nor terminated. A missing value has the hash of the empty text, which is 0.',
      vectors: texts.map((text) => ({ text, hash: murmur3(text) })),
    },
    words: {
      normalization: 'NFC',
      lowerCase:
        'Unicode default lower-case mapping of the whole text, without a locale: SpecialCasing with Final_Sigma',
      pattern: '[\\p{L}\\p{M}\\p{N}]+',
      unicode: process.versions.unicode ?? 'unknown',
      rule: 'Normalise the text, then put it in lower case, then take the longest runs that match `pattern`, from left to right. Repeated words stay. Each word is a text with a code as `hash` says. Of more words than `shape` holds, the first stay. A missing or empty text has none.',
      vectors: phrases.map((text) => ({ text, words: wordsOfText(text) })),
    },
    bigrams: {
      separator: ' ',
      rule: 'Of the words, as `words` finds them, take each word, and after it the word with the next one, a blank between them; the last word has no pair. Repeated pieces stay. Each is a text with a code as `hash` says. Of more pieces than `shape` holds, the first stay.',
      vectors: phrases.map((text) => ({ text, bigrams: bigramsOf(text) })),
    },
    trigrams: {
      size: 3,
      frame: '#',
      unit: 'Unicode code point',
      rule: 'Of each word, as `words` finds them, take `#word#` and every run of three code points, from left to right. Repeated trigrams stay. Each is a text with a code as `hash` says. Of more trigrams than `shape` holds, the first stay.',
      vectors: phrases.map((text) => ({ text, trigrams: trigramsOf(text) })),
    },
    cross: {
      separator: ',',
      rule: 'Write the codes of the features in their order, in decimal, with a comma and no blank between them: that is a text with a code as `hash` says.',
      vectors: [
        [0, 0],
        [17, 3],
        [1, 20, 300],
      ].map((codes) => ({ codes, text: crossedText(codes), hash: murmur3(crossedText(codes)) })),
    },
  };
}
