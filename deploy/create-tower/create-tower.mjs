#!/usr/bin/env node
/**
 * `npm create tower`: makes a project of this folder, installs Tower in it, and runs `tower init` with the same arguments. It asks for the data and for a
 * template if neither is given and somebody can answer. A template is copied, and the export of the model put next to it. It has no dependencies.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
const packed = fileURLToPath(new URL('./templates', import.meta.url));
// In a clone of Tower they lie with the documentation.
const templates = existsSync(packed) ? packed : fileURLToPath(new URL('../../docs/examples', import.meta.url));

const choices = {
  data: { files: 'files of your own', movielens: 'the MovieLens demo, which is fetched' },
  template: {
    none: 'none: only the model',
    worker: 'Cloudflare Worker, with users in KV',
    'node-server': 'Node.js server, with users in PostgreSQL',
    react: 'React page, without a server',
    next: 'Next.js route, with the user in a cookie',
  },
};
const questions = { data: 'Which data?', template: 'Which template?' };
const given = process.argv.slice(2);

/** Takes an option with its value out of the arguments. */
function take(name, meaning) {
  const at = given.indexOf(`--${name}`);
  if (at === -1) return undefined;
  const [, value] = given.splice(at, 2);
  if (value === undefined || value.startsWith('--')) fail(`--${name} needs ${meaning}`);
  return value;
}

/** A tarball or a folder in place of a package of the registry. */
function sourceOf(option, example) {
  const path = take(option, `a tarball or a folder: --${option} ${example}`);
  if (path === undefined) return version;
  if (!existsSync(resolve(path))) fail(`there is no file ${resolve(path)}`);
  return `file:${resolve(path)}`;
}

const tower = sourceOf('tower', '../tower-lang-0.1.0.tgz');
const runtime = sourceOf('runtime', '../tower-lang-runtime-0.1.0.tgz');
const chosen = {};
for (const name of Object.keys(choices)) {
  const names = Object.keys(choices[name]);
  chosen[name] = take(name, `one of ${names.join(', ')}`);
  if (chosen[name] && !names.includes(chosen[name]))
    fail(`--${name} is one of ${names.join(', ')}, not ${chosen[name]}`);
}
const asksHelp = given.includes('--help') || given.includes('-h');
const isQuiet = asksHelp || ['--yes', '-y', '--json'].some((flag) => given.includes(flag)) || !process.stdin.isTTY;
/** The options of `tower init` that take no value. */
const isFlag = (word) => /^(-y|--(yes|no-train|json))$/.test(word);
const namesFiles = given.some((word, at) => {
  const before = given[at - 1] ?? '';
  return !word.startsWith('-') && (!before.startsWith('-') || isFlag(before));
});

async function ask(name) {
  const entries = Object.entries(choices[name]);
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const lines = entries.map(([, text], at) => `  ${at + 1}  ${text}`);
  console.error([questions[name], ...lines].join('\n'));
  try {
    for (;;) {
      const text = (await reader.question(`1 to ${entries.length}, or Enter for 1: `)).trim() || '1';
      const entry = entries[Number(text) - 1] ?? entries.find(([each]) => each === text);
      if (entry) return entry[0];
    }
  } finally {
    reader.close();
  }
}
for (const name of Object.keys(choices)) {
  const isKnown = isQuiet || (name === 'data' && namesFiles);
  chosen[name] ??= isKnown ? Object.keys(choices[name])[0] : await ask(name);
}
if (chosen.data === 'movielens' && namesFiles) fail('--data movielens takes no files; leave them out, or the option');

const { template } = chosen;
const from = join(templates, template);
if (!asksHelp) {
  const name =
    basename(resolve('.'))
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'retrieval';
  const own = existsSync('package.json') ? JSON.parse(readFileSync('package.json', 'utf8')) : undefined;
  if (template !== 'none') {
    const isProduct = (path) => /^(node_modules|public|package\.json)$/.test(path);
    const paths = readdirSync(from).filter((path) => !isProduct(path));
    const taken = paths.filter((path) => existsSync(path));
    if (taken.length > 0) fail(`this folder has ${taken.join(', ')} already; use an empty folder, or --template none`);
    for (const path of paths) cpSync(join(from, path), path, { recursive: true });
    if (!existsSync('.gitignore')) {
      const products = [
        'node_modules',
        'runs',
        'model',
        'public/model',
        'data/movielens',
        'dist',
        '.next',
        '.wrangler',
      ];
      writeFileSync('.gitignore', `${products.map((path) => `/${path}\n`).join('')}`);
    }
    const { scripts, dependencies, devDependencies } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    const merged = {
      ...(own ?? { name, private: true, type: 'module' }),
      scripts: { ...scripts, ...own?.scripts },
      dependencies: { ...dependencies, '@tower-lang/runtime': runtime, ...own?.dependencies },
      devDependencies: { ...devDependencies, 'tower-lang': tower, ...own?.devDependencies },
    };
    writeFileSync('package.json', `${JSON.stringify(merged, null, 2)}\n`);
    console.error(`copied the template ${template}: ${[...paths, 'package.json'].join(', ')}`);
  } else if (!own) {
    writeFileSync('package.json', `${JSON.stringify({ name, private: true, type: 'module' }, null, 2)}\n`);
    console.error('wrote package.json');
  }
}
// On Windows npm is a script of the shell.
const isWindows = process.platform === 'win32';
const npm = process.env.npm_execpath;
const go = (program, args) => spawnSync(program, args, { stdio: 'inherit', shell: isWindows && program === 'npm' });
const goNpm = (args) => (npm && /npm-cli\.js$/.test(npm) ? go(process.execPath, [npm, ...args]) : go('npm', args));
const install = ['install', '--no-audit', '--no-fund', ...(template === 'none' ? [`tower-lang@${tower}`] : [])];
console.error(`npm ${install.join(' ')}`);
const installed = goNpm(install);
if (installed.status !== 0) fail('npm could not install the packages; its message is above', installed.status ?? 1);

const goTower = (...args) => go(process.execPath, ['node_modules/tower-lang/dist/cli.js', ...args]);
const steps = [];
if (chosen.data === 'movielens' && !asksHelp) steps.push(() => goTower('data', 'movielens', '--out', 'data/movielens'));
const demo = chosen.data === 'movielens' ? ['data/movielens', '--yes'] : [];
steps.push(() => goTower('init', ...demo, ...given));
const trains = !asksHelp && !given.includes('--no-train');
if (template !== 'none' && trains) steps.push(() => goNpm(['run', '--silent', 'model']));

let status = 0;
for (const step of steps) {
  const done = step();
  if (done.signal) process.kill(process.pid, done.signal);
  status = done.status ?? 1;
  if (status !== 0) break;
}
process.exitCode = status;
if (status !== 0 && !asksHelp) {
  console.error('\nTower is installed. Put your files into this folder and run `npx tower init`,');
  console.error('or fetch some: `npx tower data movielens --out movielens`, then `npx tower init movielens`.');
} else if (template !== 'none' && !asksHelp) {
  console.error(`\n${trains ? 'Start it' : 'Train, and start it'}: README.md says how. For short:`);
  console.error(
    trains ? '  npm start' : '  npx tower train model.tower --out runs/first && npm run model && npm start',
  );
}

function fail(reason, code = 1) {
  console.error(`create-tower: ${reason}`);
  process.exit(code);
}
