#!/usr/bin/env node
/**
 * `npm create tower`: makes a project of this folder, installs Tower in it, and runs `tower init` with the same arguments. It has no
 * dependencies, and asks nothing itself.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const given = process.argv.slice(2);
const at = given.indexOf('--tower');
if (at !== -1 && given[at + 1] === undefined)
  fail('--tower needs a tarball or a folder: --tower ../tower-lang-0.1.0.tgz');
const source = at === -1 ? `tower-lang@${version}` : resolve(given[at + 1]);
if (at !== -1 && !existsSync(source)) fail(`there is no file ${source}`);
const rest = at === -1 ? given : given.filter((_, place) => place !== at && place !== at + 1);

const asksHelp = rest.includes('--help') || rest.includes('-h');
if (!asksHelp && !existsSync('package.json')) {
  const name =
    basename(resolve('.'))
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'retrieval';
  writeFileSync('package.json', `${JSON.stringify({ name, private: true, type: 'module' }, null, 2)}\n`);
  console.error('wrote package.json');
}
// On Windows npm is a script of the shell.
const isWindows = process.platform === 'win32';
const npm = process.env.npm_execpath;
const go = (program, args) => spawnSync(program, args, { stdio: 'inherit', shell: isWindows && program === 'npm' });
const install = ['install', '--no-audit', '--no-fund', source];
console.error(`npm ${install.join(' ')}`);
const installed = npm && /npm-cli\.js$/.test(npm) ? go(process.execPath, [npm, ...install]) : go('npm', install);
if (installed.status !== 0) fail('npm could not install tower-lang; its message is above', installed.status ?? 1);

const { status, signal } = go(process.execPath, ['node_modules/tower-lang/dist/cli.js', 'init', ...rest]);
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
if (status !== 0 && !asksHelp) {
  console.error('\nTower is installed. Put your files into this folder and run `npx tower init`,');
  console.error('or fetch some: `npx tower data movielens --out movielens`, then `npx tower init movielens`.');
}

function fail(reason, code = 1) {
  console.error(`create-tower: ${reason}`);
  process.exit(code);
}
