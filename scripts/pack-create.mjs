/** Fills `deploy/create-tower/templates` before create-tower is packed: the templates of docs/examples as git has them, without what a try left there. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const from = 'docs/examples';
const to = 'deploy/create-tower/templates';
rmSync(to, { recursive: true, force: true });

const names = ['worker', 'node-server', 'react', 'next'];
const list = [
  'ls-files',
  '--cached',
  '--others',
  '--exclude-standard',
  '-z',
  ...names.map((name) => `${from}/${name}`),
];
for (const path of execFileSync('git', list, { encoding: 'utf8' }).split('\0')) {
  if (path) cpSync(path, path.replace(from, to));
}
