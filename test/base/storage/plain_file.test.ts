/** What is written comes back: numbers, packed texts, and everything between them. */
import { randomBytes } from 'node:crypto';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readPlain, writePlain } from '../../../src/base/storage/plain_file.ts';
import { PackedTexts, packTexts } from '../../../src/base/text/texts.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
let files = 0;
const through = async (value: unknown): Promise<unknown> => {
  const path = join(root, String(files++));
  await writePlain(path, value);
  return readPlain(path);
};

it('gives back plain data', async () => {
  const bytes = new Uint8Array(randomBytes(20_000));
  const value = {
    nothing: undefined,
    none: null,
    text: 'ü\ud800',
    list: [1, 'a', [Number.NaN, -0, Number.POSITIVE_INFINITY]],
    map: new Map<string, unknown>([
      ['small', Float32Array.of(1, 2)],
      ['large', Float32Array.from({ length: 5000 }, (_, i) => i / 7)],
      ['wide', new Float64Array(bytes.buffer.slice(0, 16_000))],
      ['codes', Int32Array.from({ length: 3000 }, (_, i) => -i)],
      ['bytes', bytes],
      ['none', new Int8Array(0)],
    ]),
    packed: packTexts(Array.from({ length: 12_345 }, (_, i) => `key ${i} \ud800`)),
    fewPacked: packTexts(['', '\ufeffé']),
    mixed: Array.from({ length: 6000 }, (_, i) => (i === 5999 ? undefined : `${i}`)),
  };
  const back = (await through(value)) as typeof value;
  expect(back).toEqual(value);
  expect([back.packed, back.fewPacked].every((each) => each instanceof PackedTexts)).toBe(true);
});

it('writes the part of a memory that an array shows, and what is shared once', async () => {
  const memory = Float32Array.from({ length: 100_000 }, (_, i) => i);
  const view = memory.subarray(10_000, 20_000);
  const read = (await through({ view, again: view })) as { view: Float32Array; again: Float32Array };
  expect(read.view).toEqual(view);
  expect(read.view.buffer.byteLength).toBe(40_000);
  expect(read.again).toBe(read.view);
});

it('refuses what is no plain data, and a file that is cut off', async () => {
  await expect(through({ when: new Date() })).rejects.toThrow('Date is plain data');
  const path = join(root, 'cut');
  await writePlain(path, { keys: new Float32Array(5000) });
  truncateSync(path, 10_000);
  await expect(readPlain(path)).rejects.toThrow();
});
