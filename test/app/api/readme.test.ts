/** The example of the README: typechecked as `readme_example.ts`, and run here against the built library under its own name. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { expect, it } from 'vitest';
import { fences } from '../../docs/fences.ts';
import { writeMovieLensProject } from '../../docs/movielens_project.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const [example] = fences('README.md', 'ts');

it('is the one that is typechecked', () => {
  const typechecked = readFileSync(new URL('readme_example.ts', import.meta.url), 'utf8');
  expect(typechecked.replace('../../../src/api.ts', 'tower-lang')).toBe(example!.text);
});

/** Figures and films are those of the data; all else is the same on every data set. */
const formOf = (output: string): string[] =>
  output
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(-?[\d.]+) .*$/, '# TITLE').replace(/ [\d.]+$/, ' #'));

it('prints what the README shows', () => {
  const folder = temporaryFolder();
  writeMovieLensProject(folder);
  writeFileSync(join(folder, 'example.mjs'), transformSync(example!.text, { loader: 'ts', format: 'esm' }).code);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const shown = fences('README.md', 'text').at(-1)!;
  expect(formOf(stdout)).toEqual(formOf(shown.text));
  expect(stdout).toMatch(/^two_tower recall@50 [01]\.\d{4}$/m);
  expect(stdout).toMatch(/^-?[01]\.\d{3} Film \d+ \(1999\)$/m);
});
