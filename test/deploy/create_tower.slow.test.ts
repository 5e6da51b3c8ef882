/** `npm create tower` with an npm and a `tower` that only say what they are asked. `npm run check:package` runs it with the real ones. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { initCommand } from '../../src/app/cli/commands/init_command.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const root = temporaryFolder();
const creator = resolve('deploy/create-tower/create-tower.mjs');
const says = (name: string): string => `console.log(['${name}', ...process.argv.slice(2)].join(' '));`;

function create(name: string, args: readonly string[], own?: object, npmText = says('npm')) {
  const folder = join(root, name);
  mkdirSync(join(folder, 'node_modules/tower-lang/dist'), { recursive: true });
  writeFileSync(join(folder, 'ratings.csv'), '');
  writeFileSync(join(folder, 'node_modules/tower-lang/package.json'), '{"type":"commonjs"}');
  writeFileSync(join(folder, 'node_modules/tower-lang/dist/cli.js'), says('tower'));
  const npm = join(root, 'npm-cli.js');
  writeFileSync(npm, npmText);
  if (own) writeFileSync(join(folder, 'package.json'), JSON.stringify(own));
  const { stdout, stderr, status } = spawnSync(process.execPath, [creator, ...args], {
    cwd: folder,
    env: { ...process.env, npm_execpath: npm },
    encoding: 'utf8',
  });
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
  expect(create('shop', ['--template', 'node-server']).status).toBe(0);
  writeFileSync(join(root, 'shop/server.js'), 'mine');
  const again = create('shop', ['--template', 'node-server']);
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('this folder has server.js already')]);
});

it('goes on where a run failed', () => {
  const words = ['--template', 'react', '--yes'];
  create('later', words);
  for (const name of ['data.tower', 'model.tower']) writeFileSync(join(root, 'later', name), '');
  expect(create('later', words).lines).toEqual([
    'npm install --no-audit --no-fund',
    'tower train model.tower --out runs/first',
    'npm run --silent model',
  ]);
  mkdirSync(join(root, 'later/runs/first'), { recursive: true });
  const named = create('later', [...words, '--tower', root]);
  expect(named.lines).toEqual(['npm install --no-audit --no-fund', 'npm run --silent model']);
  expect(named.package().devDependencies['tower-lang']).toBe(`file:${root}`);
});

it('leaves the folder as it was where npm fails, and what a person wrote in the meantime', () => {
  const own = { name: 'shop', dependencies: { pg: '8.0.0' } };
  const failing = `require('node:fs').writeFileSync('src/main.tsx', 'mine'); process.exit(3);`;
  const { status, stderr, has, package: kept } = create('failing', ['--template', 'react', '--yes'], own, failing);
  expect([status, stderr]).toEqual([3, expect.stringContaining('npm could not install the packages')]);
  expect([kept(), has('index.html'), has('.gitignore'), has('src/main.tsx')]).toEqual([own, false, false, true]);
  expect(readdirSync(join(root, 'failing/src'))).toEqual(['main.tsx']);
});

it('prints its own help, and runs nothing', () => {
  for (const words of [['--help'], ['--template', 'worker', '-h']]) {
    const { lines, status, has } = create('help', words);
    expect([status, lines[0], has('package.json')]).toEqual([
      0,
      expect.stringMatching(/^Usage: npm create tower/),
      false,
    ]);
  }
});

it('knows each option of `tower init`, and explains each of its own', () => {
  const command = new Command('init');
  initCommand(command);
  const { stdout } = spawnSync(process.execPath, [creator, '--help'], { encoding: 'utf8' });
  const options = command.options.flatMap(({ short, long, required }) =>
    [short, long].filter((word) => word !== undefined).map((word) => (required ? [word, '1'] : [word])),
  );
  expect(options.length).toBeGreaterThan(9);
  expect(create('known', [...options.flat(), '--data', 'files']).stderr).not.toContain('there is no option');
  for (const words of options) if (words[0]!.startsWith('--')) expect(stdout).toContain(words[0]);
  const guide = readFileSync('docs/guide/templates.md', 'utf8');
  for (const word of ['--data', '--template', '--yes', '--tower', '--runtime']) {
    expect(stdout).toContain(word);
    expect(guide).toContain(word);
  }
});

it('refuses what it does not know, before it writes', () => {
  for (const args of [
    ['--template', 'vue'],
    ['--data'],
    ['--data', 'movielens', 'ratings.csv'],
    ['--runtime', 'no.tgz'],
    ['--templat', 'worker'],
    ['--yes', 'no.csv'],
    ['--template=vue'],
  ]) {
    const { status, stderr, has } = create('refused', args);
    expect([status, stderr, has('package.json')]).toEqual([1, expect.stringMatching(/^create-tower: /), false]);
  }
});
