import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countHouse } from '../../scripts/house.ts';
import { temporaryFolder } from '../temporary_folder.ts';

/** `src/{base,graph,…}`: what docs/architecture.md shows. */
const wings = ['app', 'base', 'compiler', 'data', 'editor', 'engines', 'graph', 'serving', 'training'];

describe('src', () => {
  const { repeatedTypes, headersWithoutSubject } = countHouse();

  it('has nine wings, and a page for each', () => {
    expect(readdirSync('src').filter((name) => !name.includes('.'))).toEqual(wings);
    for (const wing of wings) expect(readdirSync(`src/${wing}`), wing).toContain('README.md');
  });

  it('declares no name of a type in two files', () => {
    expect([...repeatedTypes]).toEqual([]);
  });

  it('has no header that begins with "Of"', () => {
    expect(headersWithoutSubject).toBe(0);
  });
});

it('counts a folder', () => {
  const folder = temporaryFolder('tower-house-');
  mkdirSync(join(folder, 'one'));
  writeFileSync(
    join(folder, 'one/a.ts'),
    '/** Of a user. */\nexport interface Row {}\nfunction f() {\n  const value = 1;\n  let itemCount = 2;\n}\n',
  );
  writeFileSync(join(folder, 'one/b.ts'), 'type Row = 1;\nexport class Other {}\n');
  const { repeatedTypes, ...counts } = countHouse(folder);
  expect(counts).toEqual({ files: 2, lines: 8, wings: 1, oneWordLocals: 0.5, headersWithoutSubject: 1 });
  expect([...repeatedTypes]).toEqual([['Row', ['one/a.ts', 'one/b.ts']]]);
});
