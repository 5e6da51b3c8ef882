/** The models that come along have no mistakes, not even warnings, and lower. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compile } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';

const files = readdirSync('models').filter((name) => name.endsWith('.tower'));

it.each(files)('%s', (name) => {
  const path = join('models', name);
  const { diagnostics, lowered } = compile(makeSource(path, readFileSync(path, 'utf8')));
  expect(diagnostics).toEqual([]);
  expect(lowered?.plan.model).toBe(name.replace('.tower', ''));
});
