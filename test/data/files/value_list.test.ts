import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readValueList } from '../../../src/data/files/feature_files.ts';
import { limitMaps } from '../../small_maps.ts';
import { folderWith } from '../fixture.ts';

async function read(text: string): Promise<readonly string[]> {
  const path = join(folderWith({ 'values.txt': text }), 'values.txt');
  return readValueList(path, (await stat(path)).size);
}

it('has more values than a Map holds', async () => {
  limitMaps(100);
  const values = Array.from({ length: 300 }, (_, at) => `value ${at}`);
  expect(await read(values.join('\r\n'))).toEqual(values);
});

it('names the first line that repeats another, and the first of these', async () => {
  await expect(read('a\nb\nc\nb\na\nb\n')).rejects.toThrow('line 4 repeats line 2');
  await expect(read('a\na\n\n')).rejects.toThrow('line 2 repeats line 1');
  await expect(read('a\n\nb\nb\n')).rejects.toThrow('line 2 is empty');
});
