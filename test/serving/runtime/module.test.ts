/** What `dist/runtime.js` is: one file of a known size, which any page with a strict policy loads. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import * as source from '../../../src/runtime.ts';

const text = readFileSync('dist/runtime.js', 'utf8');

it('is no larger than docs/guide/runtime.md says', () => {
  const guide = readFileSync('docs/guide/runtime.md', 'utf8');
  const [, size, packed] = /(\d+) kB, (\d+) kB as gzip/.exec(guide)!;
  expect(Math.ceil(text.length / 1000)).toBeLessThanOrEqual(Number(size));
  expect(Math.ceil(gzipSync(text, { level: 9 }).length / 1000)).toBeLessThanOrEqual(Number(packed));
});

it('imports nothing, and exports what its source does', async () => {
  expect(/(?:^|[;}])import\b/.exec(text)?.[0]).toBeUndefined();
  const built = (await import(new URL('../../../dist/runtime.js', import.meta.url).href)) as object;
  expect(Object.keys(built).sort()).toEqual(Object.keys(source).sort());
});

it('runs no text as code: a page may forbid it', () => {
  expect(/\bnew Function\b|\beval\(/.exec(text)?.[0]).toBeUndefined();
});

it('has no message of the compiler', () => {
  expect(text.includes('filter-syntax')).toBe(true);
  expect(text.includes('bce-unscaled')).toBe(false);
});
