/**
 * Packs the package as `npm publish` would, and uses it as a stranger does: publint and attw accept it, nothing is missing from it and
 * nothing too much, a TypeScript program that imports it typechecks and runs, and its `tower` checks a model.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';

// Below the project's own packages, where those that the package depends on are found.
mkdirSync('node_modules/.cache', { recursive: true });
const folder = mkdtempSync(resolve('node_modules/.cache/package-'));
const run = (program, args, options = {}) => execFileSync(program, args, { encoding: 'utf8', ...options });
const bin = (name) => resolve('node_modules/.bin', name);

const program = `\
import { check, compile, type Checked } from 'tower-lang';
const checked: Checked = await check('model.tower');
const { files } = await compile('model.tower', { out: 'built' });
// @ts-expect-error a folder is needed
await compile('model.tower', {}).catch(() => {});
console.log(checked.model?.name, files.includes('step/model.json'));
`;

try {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]));
  const archive = join(folder, packed.filename);
  run(bin('publint'), ['--strict', archive], { stdio: 'inherit' });
  run(bin('attw'), ['--profile', 'esm-only', '--format', 'ascii', archive], { stdio: 'inherit' });

  const files = packed.files.map(({ path }) => path);
  for (const needed of [
    'dist/cli.js',
    'models/two_tower.tower',
    'scripts/setup-tensorflow.mjs',
    'LICENSE',
    'README.md',
  ]) {
    assert(files.includes(needed), `${needed} is packed`);
  }
  const strange = files.filter((path) => !/^(dist|grammar|models|scripts|README|LICENSE|package\.json)/.test(path));
  assert.deepEqual([...strange, ...files.filter((path) => /\.(csv|parquet|jsonl)$/.test(path))], [], 'is not packed');

  const installed = join(folder, 'node_modules/tower-lang');
  mkdirSync(join(folder, 'node_modules'));
  run('tar', ['xzf', archive, '-C', folder]);
  renameSync(join(folder, 'package'), installed);
  run(process.execPath, [join(installed, 'dist/cli.js'), 'check', join(installed, 'models/two_tower.tower')]);

  const options = { module: 'nodenext', target: 'es2022', lib: ['es2023', 'dom'], strict: true, noEmit: true };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, types: [] }, files: ['app.ts'] }),
  );
  writeFileSync(join(folder, 'app.ts'), program);
  run(bin('tsc'), ['-p', '.'], { cwd: folder, stdio: 'inherit' });
  run('cp', [join(installed, 'models/two_tower.tower'), join(folder, 'model.tower')]);
  writeFileSync(join(folder, 'app.js'), transformSync(program, { loader: 'ts', format: 'esm' }).code);
  assert.equal(run(process.execPath, ['app.js'], { cwd: folder }), 'two_tower true\n');
  console.log(
    `${packed.filename}: ${files.length} files, ${(packed.size / 1e3).toFixed(0)} kB, used as a stranger would`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
