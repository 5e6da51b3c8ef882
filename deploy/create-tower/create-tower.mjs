#!/usr/bin/env node
/**
 * `npm create tower`: makes a project of this folder, installs Tower in it, and runs `tower init` with the same arguments. It asks for the data and for a
 * template if neither is given and somebody can answer. A template is copied, and the export of the model put next to it. What a run wrote is removed if the
 * packages cannot be installed, and a later failure is gone on from. It has no dependencies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
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
const given = process.argv.slice(2).flatMap((word) => /^(--[\w-]+)=(.*)$/s.exec(word)?.slice(1) ?? [word]);
if (given.includes('--help') || given.includes('-h')) {
  console.log(helpText());
  process.exit();
}

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
const isQuiet = ['--yes', '-y', '--json'].some((flag) => given.includes(flag)) || !process.stdin.isTTY;
/** The options of `tower init`: a misspelt one is told here, before anything is installed. */
const flags = ['--yes', '-y', '--no-train', '--json'];
const valued = ['--out', '--seconds', '--events', '--user', '--item', '--time', '--engine'];
const files = given.filter((word, index) => !word.startsWith('-') && !valued.includes(given[index - 1]));
const known = [...flags, ...valued];
for (const word of given)
  if (word.startsWith('-') && !known.includes(word)) fail(`there is no option ${word}; --help lists them`);
for (const path of files) if (!path.includes('://') && !existsSync(path)) fail(`there is no file ${resolve(path)}`);
const namesFiles = files.length > 0;

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
const name =
  basename(resolve('.'))
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '') || 'retrieval';
const ownText = existsSync('package.json') ? readFileSync('package.json', 'utf8') : undefined;
const own = ownText === undefined ? undefined : JSON.parse(ownText);
/** What this run wrote, by path: it removes a file that is still the same if it fails early. */
const written = new Map();
if (template !== 'none') {
  const products = ['node_modules', 'runs', 'model', 'public/model', 'data/movielens', 'dist', '.next', '.wrangler'];
  const isProduct = (path) => /^(node_modules|public|package\.json)($|[\\/])/.test(path);
  const wanted = new Map(
    readdirSync(from, { recursive: true, encoding: 'utf8' })
      .filter((path) => !isProduct(path) && statSync(join(from, path)).isFile())
      .map((path) => [path, readFileSync(join(from, path))]),
  );
  // An earlier run that failed may have left them: they are those of the template, and this run goes on.
  const taken = [...wanted].filter(([path, bytes]) => existsSync(path) && !isSame(path, bytes)).map(([path]) => path);
  if (taken.length > 0) fail(`this folder has ${taken.join(', ')} already; use an empty folder, or --template none`);
  for (const [path, bytes] of wanted) write(path, bytes);
  if (!existsSync('.gitignore')) write('.gitignore', products.map((path) => `/${path}\n`).join(''));
  const { scripts, dependencies, devDependencies } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const merged = {
    ...(own ?? { name, private: true, type: 'module' }),
    scripts: { ...scripts, ...own?.scripts },
    dependencies: withPackage(dependencies, own?.dependencies, '@tower-lang/runtime', runtime),
    devDependencies: withPackage(devDependencies, own?.devDependencies, 'tower-lang', tower),
  };
  write('package.json', `${JSON.stringify(merged, null, 2)}\n`);
  console.error(`copied the template ${template}: ${[...wanted.keys(), 'package.json'].join(', ')}`);
} else if (!own) {
  write('package.json', `${JSON.stringify({ name, private: true, type: 'module' }, null, 2)}\n`);
  console.error('wrote package.json');
}
// On Windows npm is a script of the shell.
const isWindows = process.platform === 'win32';
const npm = process.env.npm_execpath;
const go = (program, args) => spawnSync(program, args, { stdio: 'inherit', shell: isWindows && program === 'npm' });
const goNpm = (args) => (npm && /npm-cli\.js$/.test(npm) ? go(process.execPath, [npm, ...args]) : go('npm', args));
const install = ['install', '--no-audit', '--no-fund', ...(template === 'none' ? [`tower-lang@${tower}`] : [])];
console.error(`npm ${install.join(' ')}`);
const installed = goNpm(install);
if (installed.status !== 0) {
  removeWritten();
  fail('npm could not install the packages; its message is above. The folder is as it was', installed.status ?? 1);
}

const goTower = (...args) => go(process.execPath, ['node_modules/tower-lang/dist/cli.js', ...args]);
const steps = [];
const demo = chosen.data === 'movielens' ? ['data/movielens', '--yes'] : [];
const hasModel = ['data.tower', 'model.tower'].every((path) => existsSync(path));
const trains = !given.includes('--no-train');
if (hasModel) {
  console.error('this folder has data.tower and model.tower already, and goes on with them');
  if (trains && !existsSync('runs/first')) steps.push(() => goTower('train', 'model.tower', '--out', 'runs/first'));
} else {
  if (demo.length > 0) steps.push(() => goTower('data', 'movielens', '--out', 'data/movielens'));
  steps.push(() => goTower('init', ...demo, ...given));
}
if (template !== 'none' && trains) steps.push(() => goNpm(['run', '--silent', 'model']));

let status = 0;
for (const step of steps) {
  const done = step();
  if (done.signal) process.kill(process.pid, done.signal);
  status = done.status ?? 1;
  if (status !== 0) break;
}
process.exitCode = status;
if (status !== 0) {
  console.error(
    '\nTower is installed. Put right what the message says, such as by files in this folder, and run the same command',
  );
  console.error('again: it goes on from here. `npx tower data movielens --out movielens` fetches files to try.');
} else if (template !== 'none') {
  console.error(`\n${trains ? 'Start it' : 'Train, and start it'}: README.md says how. For short:`);
  console.error(
    trains ? '  npm start' : '  npx tower train model.tower --out runs/first && npm run model && npm start',
  );
}

function isSame(path, bytes) {
  return statSync(path).isFile() && readFileSync(path).equals(Buffer.from(bytes));
}

function write(path, bytes) {
  if (existsSync(path) && isSame(path, bytes)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  written.set(path, bytes);
}

/** Leaves what a person wrote in the meantime, and folders that hold it. */
function removeWritten() {
  for (const [path, bytes] of written) {
    if (!existsSync(path) || !isSame(path, bytes)) continue;
    if (path === 'package.json' && ownText !== undefined) writeFileSync(path, ownText);
    else rmSync(path);
    for (let folder = dirname(path); folder !== '.' && readdirSync(folder).length === 0; folder = dirname(folder))
      rmdirSync(folder);
  }
}

/** What the folder has stays, but a package that the command line names takes its place: an earlier run may have left it. */
function withPackage(ofTemplate, ofFolder, packageName, source) {
  const named = source.startsWith('file:') ? { [packageName]: source } : {};
  return { ...ofTemplate, [packageName]: source, ...ofFolder, ...named };
}

function helpText() {
  const listed = Object.entries(choices).map(([option, values]) => {
    const lines = Object.entries(values).map(([value, text]) => `    ${value.padEnd(12)} ${text}`);
    return `  --${option}\n${lines.join('\n')}`;
  });
  return `Usage: npm create tower -- [files...] [options]

Makes a project of this folder: installs Tower, writes a data block and a model of your files, trains the model for a
minute at most, and says whether it beats simple baselines. With a template, \`npm start\` then answers.

Options:
${listed.join('\n')}
  --yes          asks nothing: files and none, where the options say nothing else
  --tower FILE   a tarball or a folder of tower-lang, in place of the registry's
  --runtime FILE the same for @tower-lang/runtime, which templates use
  --help         prints this

Files and other options are those of \`tower init\`: --no-train, --seconds, --out, --events, --user, --item, --time,
--engine and --json. \`npx tower init --help\` explains them where Tower is installed.

Examples:
  npm create tower
  npm create tower -- ratings.csv movies.csv --yes
  npm create tower -- --data movielens --template worker`;
}

function fail(reason, code = 1) {
  console.error(`create-tower: ${reason}`);
  process.exit(code);
}
