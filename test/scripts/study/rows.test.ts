import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { keepRow, keptRows } from '../../../scripts/study/rows.ts';
import { rowOf } from './rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'tower-study-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps each row in a file of its own, and gives it back as it was', async () => {
  const rows = [rowOf('deep', 40, { seed: 1 }), rowOf('popularity by hour', 3, { setting: 'x' })];
  for (const row of rows) await keepRow(folder, row);
  expect(readdirSync(join(folder, 'films')).sort()).toEqual(['deep-1.json.gz', 'popularity_by_hour.json.gz']);
  expect(keptRows(folder, 'films')).toEqual(rows);
  expect(keptRows(folder, 'books')).toEqual([]);
});

it('takes a file that is no whole row of this place for absent', async () => {
  const names = () => keptRows(folder, 'films').map(({ name }) => name);
  const path = join(folder, 'films', 'deep-1.json.gz');
  const whole = readFileSync(path);
  const text = gunzipSync(whole).toString('utf8');
  for (const damaged of [
    text.slice(0, -20),
    '{}',
    'null',
    text.replace('"tower-study-1"', '"tower-study-0"'),
    text.replace('"name":"deep"', '"name":"wide"'),
    text.replace(/"groups":"[^"]+"/, '"groups":"AAAA"'),
  ]) {
    writeFileSync(path, gzipSync(damaged));
    expect(names()).toEqual(['popularity by hour']);
  }
  for (const damaged of [whole.subarray(0, -20), Buffer.from(text)]) {
    writeFileSync(path, damaged);
    expect(names()).toEqual(['popularity by hour']);
  }
});
