import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PackedTexts, packTexts, type Texts } from '../../../src/base/text/texts.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import {
  encodingPath,
  hasRepeats,
  jsonPieces,
  limitJsonValues,
  readEncoding,
  sameEncoding,
  writeKeys,
} from '../../../src/training/artifact/encoding_file.ts';
import { writeEncodings } from '../../../src/training/artifact/write_artifact.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const folder = temporaryFolder();
mkdirSync(join(folder, 'encodings'));
afterEach(() => limitJsonValues());

const vocabulary = (values: Texts): Extract<Encoding, { kind: 'vocabulary' }> => ({ kind: 'vocabulary', values });
const hard = ['', 'plain', 'é', '日本', '🙂', 'a\nb', '\u0000', '\ufeffmark', '"', 'x'.repeat(5_000)];

describe('the file of an encoding', () => {
  it('is JSON for few values, and bytes for many', async () => {
    expect(encodingPath('user', vocabulary(hard))).toBe('encodings/user.json');
    limitJsonValues(5);
    expect(encodingPath('user', vocabulary(hard))).toBe('encodings/user.keys');
    expect(encodingPath('user', { kind: 'hash', buckets: 9 })).toBe('encodings/user.json');
    // Half of a pair has no UTF-8.
    for (const half of ['\ud800', '\udfff', '퟿\ud83c']) {
      expect(encodingPath('user', vocabulary([...hard, half]))).toBe('encodings/user.json');
      expect(encodingPath('user', vocabulary(packTexts([...hard, half])))).toBe('encodings/user.json');
    }
    expect(encodingPath('user', vocabulary(packTexts([...hard, '\ud7ff', '\ue000'])))).toBe('encodings/user.keys');
  });

  it('gives back every value, in either form', async () => {
    for (const [limit, values] of [5, 1000].flatMap((limit) => [
      [limit, hard] as const,
      [limit, packTexts(hard)] as const,
    ])) {
      limitJsonValues(limit);
      const encoding = vocabulary(values);
      await writeEncodings(folder, new Map([['user', encoding]]));
      const read = await readEncoding(folder, encodingPath('user', encoding));
      expect(read).toEqual(encoding);
      expect((read as typeof encoding).values).toBeInstanceOf(PackedTexts);
    }
  });

  it('refuses bytes that do not fit each other', async () => {
    // The bytes together are UTF-8, those of each value are not.
    const whole = new TextEncoder().encode('aéb');
    await writeKeys(folder, 'encodings/bad.keys', vocabulary(new PackedTexts(whole, Uint32Array.of(1, 2, 4))));
    await expect(readEncoding(folder, 'encodings/bad.keys')).rejects.toThrow('value 2 is no UTF-8');
    await writeKeys(folder, 'encodings/bad.keys', vocabulary(['a', 'b', '\ud800']));
    await expect(readEncoding(folder, 'encodings/bad.keys')).rejects.toThrow('value 3 is no UTF-8');
    writeFileSync(join(folder, 'encodings/other.keys'), '{}');
    await expect(readEncoding(folder, 'encodings/other.keys')).rejects.toThrow('damaged');
    await expect(readEncoding(folder, 'encodings/none.keys')).rejects.toThrow('missing');
  });
});

describe('encodings of many values', () => {
  const values = Array.from({ length: 150_000 }, (_, at) => `"${at}"`);
  it('have the JSON of one text, in pieces', () => {
    for (const encoding of [
      vocabulary(values),
      vocabulary(hard),
      vocabulary(packTexts(values)),
      vocabulary(packTexts([...hard, '\ud800'])),
      { kind: 'words', values, buckets: 7 },
      { kind: 'hash', buckets: 9 },
    ] as const) {
      expect([...jsonPieces(encoding)].join('')).toBe(JSON.stringify(encoding));
    }
    expect([...jsonPieces(undefined)].join('')).toBe('null');
  });

  it('are compared value by value', () => {
    const other = [...values];
    expect(sameEncoding(vocabulary(values), vocabulary(other))).toBe(true);
    expect(sameEncoding(vocabulary(values), vocabulary(packTexts(other)))).toBe(true);
    other[140_000] = 'another';
    expect(sameEncoding(vocabulary(values), vocabulary(other))).toBe(false);
    expect(sameEncoding(vocabulary(values), vocabulary(values.slice(0, -1)))).toBe(false);
    expect(sameEncoding(undefined, vocabulary(values))).toBe(false);
  });

  it('have a value twice or not, however many there are', () => {
    expect(hasRepeats(values)).toBe(false);
    expect(hasRepeats([...values, values[70_000]!])).toBe(true);
    expect([hasRepeats(packTexts(values)), hasRepeats(packTexts([...values, values[7]!]))]).toEqual([false, true]);
    expect([hasRepeats(['a', 'b']), hasRepeats(['a', 'a'])]).toEqual([false, true]);
  });
});
