import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Budget, budget, countHouse } from '../../scripts/house.ts';
import { temporaryFolder } from '../temporary_folder.ts';

/** `src/{base,graph,…}`: what docs/architecture.md shows. */
const wings = [
  ...['app', 'base', 'compiler', 'data', 'editor', 'engines', 'graph', 'plugins', 'retrieval', 'serving', 'training'],
];

describe('src', () => {
  const counts = countHouse();

  it('has these wings, and a page for each', () => {
    expect(readdirSync('src').filter((name) => !name.includes('.'))).toEqual(wings);
    for (const wing of wings) expect(readdirSync(`src/${wing}`), wing).toContain('README.md');
  });

  it.each(Object.entries(budget.lines))('has at most the lines of the budget in %s', (wing, most) => {
    expect(counts.lines[wing]).toBeLessThanOrEqual(most);
  });

  it('has a budget for each wing', () => {
    expect(Object.keys(budget.lines).sort()).toEqual(Object.keys(counts.lines).sort());
  });

  it.each(
    Object.keys(budget).filter((name) => name !== 'lines' && name !== 'repeatedTypes') as Exclude<
      keyof Budget,
      'lines' | 'repeatedTypes'
    >[],
  )('keeps the budget of %s', (name) => {
    expect(counts[name]).toBeLessThanOrEqual(budget[name]);
  });

  it('declares no name of a type in two files', () => {
    expect([...counts.repeatedTypes]).toEqual([]);
  });
});

it('counts a folder', () => {
  const folder = temporaryFolder('tower-house-');
  mkdirSync(join(folder, 'one'));
  mkdirSync(join(folder, 'two'));
  writeFileSync(
    join(folder, 'one/a.ts'),
    "/** Of a user. */\nexport interface Row {}\nconst format = 'tower-row-2';\nexport const load = () => import('./b.ts');\n",
  );
  writeFileSync(join(folder, 'one/b.ts'), 'type Row = 1;\nexport const row = { ...defined({ a }) };\n');
  writeFileSync(join(folder, 'two/b.ts'), '');
  writeFileSync(join(folder, 'two/run.py'), 'pass\n');
  writeFileSync(join(folder, 'two/generated.ts'), 'const many = 1;\n');
  const { repeatedTypes, ...counts } = countHouse(folder, join(folder, 'none'));
  expect(counts).toEqual({
    ...{
      files: 3,
      typescript: 6,
      typescriptOfCore: 6,
      lines: { one: 6, two: 1 },
      formats: 1,
      defined: 1,
      dynamicImports: 1,
    },
    ...{ repeatedFileNames: 1, headersWithoutSubject: 1 },
  });
  expect([...repeatedTypes]).toEqual([['Row', ['one/a.ts', 'one/b.ts']]]);
});
