/** The example of the README: typechecked as `readme_example.ts`, and run here against the built library under its own name. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';
import { expect, it } from 'vitest';
import { fences } from '../docs/fences.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const [example] = fences('README.md', 'ts');

it('is the one that is typechecked', () => {
  const typechecked = readFileSync(new URL('readme_example.ts', import.meta.url), 'utf8');
  expect(typechecked.replace('../../src/api.ts', 'tower-lang')).toBe(example!.text);
});

it('runs', () => {
  const folder = temporaryFolder();
  cpSync('models', join(folder, 'models'), {
    recursive: true,
    filter: (path) => !/models.data./.test(path) || path.endsWith('.tower'),
  });
  const ratings = Array.from({ length: 1500 }, (_, at) => `${1 + (at % 50)},${1 + ((at * 7) % 60)},4.0,${1e9 + at}`);
  const films = Array.from({ length: 60 }, (_, at) => `${at + 1},Film ${at + 1} (1999),Drama|Comedy`);
  mkdirSync(join(folder, 'models/data/movielens'));
  writeFileSync(
    join(folder, 'models/data/movielens/ratings.csv'),
    `userId,movieId,rating,timestamp\n${ratings.join('\n')}\n`,
  );
  writeFileSync(join(folder, 'models/data/movielens/movies.csv'), `movieId,title,genres\n${films.join('\n')}\n`);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(resolve('.'), join(folder, 'node_modules/tower-lang'));
  writeFileSync(join(folder, 'example.mjs'), transformSync(example!.text, { loader: 'ts', format: 'esm' }).code);

  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  expect(stdout).toContain("'recall@50'");
  expect(stdout).toMatch(/title: 'Film \d+ \(1999\)'/);
});
