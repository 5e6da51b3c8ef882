/** `npm create tower` with an npm and a `tower` that only say what they are asked. `npm run check:package` runs it with the real ones. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../training/temporary_folder.ts';

const root = temporaryFolder();
const says = (name: string): string => `console.log(['${name}', ...process.argv.slice(2)].join(' '));`;

function create(name: string, args: readonly string[], own?: object) {
  const folder = join(root, name);
  mkdirSync(join(folder, 'node_modules/tower-lang/dist'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/tower-lang/package.json'), '{"type":"commonjs"}');
  writeFileSync(join(folder, 'node_modules/tower-lang/dist/cli.js'), says('tower'));
  const npm = join(root, 'npm-cli.js');
  writeFileSync(npm, says('npm'));
  if (own) writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [resolve('deploy/create-tower/create-tower.mjs'), ...args],
    {
      cwd: folder,
      env: { ...process.env, npm_execpath: npm },
      encoding: 'utf8',
    },
  );
  const has = (path: string): boolean => existsSync(join(folder, path));
  return {
    lines: stdout.trim().split('\n'),
    stderr,
    status,
    has,
    package: () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  };
}

it('makes a project of the files alone, as its arguments say', () => {
  const made = create('alone', ['ratings.csv', '--yes']);
  expect(made.lines).toEqual(['npm install --no-audit --no-fund tower-lang@0.1.0', 'tower init ratings.csv --yes']);
  expect(made.package()).toEqual({ name: 'alone', private: true, type: 'module' });
});

it('copies a template, and keeps what the folder has', () => {
  const own = { name: 'shop', scripts: { start: 'node shop.js' }, dependencies: { pg: '8.0.0' } };
  const made = create('shop', ['--data', 'movielens', '--template', 'node-server', '--seconds', '5'], own);
  expect(made.lines).toEqual([
    'npm install --no-audit --no-fund',
    'tower data movielens --out data/movielens',
    'tower init data/movielens --yes --seconds 5',
    'npm run --silent model',
  ]);
  expect([made.status, made.has('server.js'), made.has('.gitignore')]).toEqual([0, true, true]);
  expect(made.package()).toMatchObject({
    name: 'shop',
    scripts: { start: 'node shop.js', model: expect.stringContaining('tower export') },
    dependencies: { pg: '8.0.0', fastify: expect.any(String), '@tower-lang/runtime': '0.1.0' },
    devDependencies: { 'tower-lang': '0.1.0' },
  });
  const again = create('shop', ['--template', 'node-server']);
  expect([again.status, again.stderr]).toEqual([
    1,
    expect.stringContaining('this folder has README.md, server.js already'),
  ]);
});

it('refuses what it does not know, before it writes', () => {
  for (const args of [
    ['--template', 'vue'],
    ['--data'],
    ['--data', 'movielens', 'ratings.csv'],
    ['--runtime', 'no.tgz'],
  ]) {
    const { status, stderr, has } = create('refused', args);
    expect([status, stderr, has('package.json')]).toEqual([1, expect.stringMatching(/^create-tower: /), false]);
  }
});
