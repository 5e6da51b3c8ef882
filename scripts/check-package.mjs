/**
 * Packs the package as `npm publish` would, and uses it as a stranger does: publint and attw accept it, nothing is missing from it and
 * nothing too much. In an empty project with an empty home, npm 10 and npm 11 install it without any setting; there its `tower`
 * checks and trains a model on each engine that comes with it, and a program that imports it typechecks and runs. create-tower makes a
 * project of a folder with a CSV file, with a template and without one. The packages of a release are installed too. The steps of deploy/Dockerfile then make a server of that project.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { runDockerfile } from './deployed.mjs';

const folder = mkdtempSync(join(tmpdir(), 'tower-package-'));
const run = (program, args, options = {}) => execFileSync(program, args, { encoding: 'utf8', ...options });
const bin = (name) => resolve('node_modules/.bin', name);

const program = `\
import { check, compile, train, type Checked } from 'tower-lang';
import { type Opened, open } from 'tower-lang/runtime';
// @ts-expect-error a page has no users
const ask = (films: Opened) => films.recommend({ user: 'u1' });
const asked: Promise<unknown> = open('http://127.0.0.1:9/', { fetch: () => Promise.reject(new TypeError('no network')) });
const reason = await asked.catch((error: Error) => error.message.split(':').length);
const checked: Checked = await check('views.tower', { data: 'data.tower' });
const { files } = await compile('views.tower', { out: 'built' });
// @ts-expect-error a folder is needed
await compile('views.tower', {}).catch(() => {});
await train('views.tower', { data: 'data.tower', out: 'runs/program', engine: 'javascript' });
console.log(checked.model?.name, files.includes('step/model.json'), reason, typeof ask);
`;

/** What a program of CommonJS writes: `import`, which becomes `require`. `node16` has errors where declarations are those of a module (TS1479). */
const commonProgram = `\
import { check, Failure, type Checked } from 'tower-lang';
import { type OpenOptions, open } from 'tower-lang/runtime';
const options: OpenOptions = { fetch: () => Promise.reject(new TypeError('no network')) };
async function main(): Promise<void> {
  const failure = await open('http://127.0.0.1:9/', options).catch((error: Failure) => error.diagnostics[0]?.code);
  const checked: Checked = await check('views.tower', { data: 'data.tower' });
  // @ts-expect-error a page has no users
  const ask = async () => (await open('')).recommend({ user: 'u1' });
  console.log(checked.model?.name, failure, typeof ask, new Error() instanceof Failure);
}
void main();
`;

/** The plugin's types are those of Prettier, which is the reader's own: run, not typechecked. */
const plugin = `console.log((await import('tower-lang/prettier')).languages[0].name);`;

const model = `\
model views
features {
  user : id(dim: 4)
  film : id(dim: 4)
}
tower viewer(user) keyed by user { channel main = user -> mlp(4) }
tower item(film) keyed by film { channel main = film -> mlp(4) }
task watch {
  score = cosine(viewer, item)
  loss = softmax(in_batch, temperature: 0.05)
}
train { batch = 32, epochs = 1 }
`;

const data = `\
data views {
  events = "views.csv"
  time = "seen_at"
  split = by_time(validation: 10%, test: 10%)
}
`;

const rows = Array.from({ length: 400 }, (_, row) => `u${(row * 7) % 20},f${(row * 13) % 30},${1_600_000_000 + row}`);

/** What `server.js` of the template does before it asks for a database. */
const templateProgram = `\
import { readFile } from 'node:fs/promises';
import { open } from '@tower-lang/runtime';
const fetch = async (url) => new Response(new Uint8Array(await readFile(new URL(url))));
const model = await open(new URL('model/', import.meta.url), { fetch });
console.log((await model.with([{ item: 'f1' }]).recommend({ k: 3 })).items.length);
`;

/** Compiles files of a project as its own TypeScript would: no error, and a file of JavaScript beside each. */
async function compileTypeScript(project, files, types = []) {
  const compilerOptions = {
    ...{ module: 'node16', target: 'es2022', lib: ['es2023', 'dom'], strict: true },
    ...{ types, typeRoots: [resolve('node_modules/@types')] },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await promisify(execFile)(bin('tsc'), ['-p', '.'], { cwd: project, encoding: 'utf8' });
}

/** Packages with advisories that Tower's own dependencies once brought: none may come with it, in any version. */
const unwanted = ['lodash-es', 'tar', 'adm-zip'];

/** Installs and uses the package with one version of npm, as a person does who has set nothing. */
async function asStranger(npm, archive, created, runtime) {
  const home = join(folder, `home-${npm}`);
  const project = join(folder, `project-${npm}`);
  mkdirSync(home);
  mkdirSync(project);
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|onnxruntime|tower_|xdg_|init_cwd)/i.test(name));
  const env = {
    ...Object.fromEntries(kept),
    HOME: home,
    USERPROFILE: home,
    npm_config_userconfig: join(home, '.npmrc'),
  };
  const go = async (name, ...args) => {
    const { stdout } = await promisify(execFile)(name, args, { cwd: project, env, encoding: 'utf8' });
    return stdout;
  };
  const ofNpm = (...args) => ['npx', '--yes', `npm@${npm}`, ...args];
  const useNpm = (...args) => go(...ofNpm(...args));

  await useNpm('init', '-y');
  const [npx, ...words] = ofNpm('install', archive);
  const { stderr } = await promisify(execFile)(npx, words, { cwd: project, env, encoding: 'utf8' });
  assert.doesNotMatch(stderr, /npm warn/i, `npm ${npm} warns of nothing`);
  assert.match(await useNpm('--version'), new RegExp(`^${npm}\\.`));

  const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
  for (const [path, { hasInstallScript }] of Object.entries(packages)) {
    assert(!hasInstallScript, `${path} has no install script: where it fails, so does npm`);
    assert(!unwanted.some((name) => path.endsWith(`node_modules/${name}`)), `${path} does not come with this package`);
  }
  assert.equal(JSON.parse(await useNpm('ls', '--all', '--json')).problems, undefined, 'npm finds nothing missing');

  const files = { 'views.tower': model, 'data.tower': data, 'views.csv': `user,film,seen_at\n${rows.join('\n')}\n` };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
  await go('npx', 'tower', 'check', 'views.tower', '--data', 'data.tower');
  assert.match(await go('npx', 'tower', 'explain', 'unknown-name'), /^unknown-name\n[\s\S]*\nRight:\n/);
  const engines = JSON.parse(await go('npx', 'tower', 'engines', '--json'));
  const loaded = engines.filter(({ loads }) => loads).map(({ name }) => name);
  assert.deepEqual(loaded, ['onnx', 'javascript'], 'the engines that come with the package load');
  await go('npx', 'tower', 'train', 'views.tower', '--data', 'data.tower', '--out', 'runs/first');

  writeFileSync(join(project, 'app.mts'), program);
  writeFileSync(join(project, 'common.cts'), commonProgram);
  await compileTypeScript(project, ['app.mts', 'common.cts']);
  assert.equal(await go(process.execPath, 'common.cjs'), 'views export-unreachable function false\n');
  appendFileSync(join(project, 'app.mjs'), plugin);
  assert.equal(await go(process.execPath, 'app.mjs'), 'views true 4 function\nTower\n');
  const fresh = join(folder, `fresh-${npm}`);
  mkdirSync(fresh);
  writeFileSync(join(fresh, 'views.csv'), files['views.csv']);
  // One of them takes a template, too.
  const template = npm === 11 ? ['--template', 'node-server', '--runtime', runtime] : [];
  const creator = ['exec', '--package', created, '--', 'create-tower', '--tower', archive, ...template];
  const creating = [...creator, '--yes', '--seconds', '5'];
  const { stdout: said } = await promisify(execFile)('npx', ['--yes', `npm@${npm}`, ...creating], {
    cwd: fresh,
    env,
    encoding: 'utf8',
  });
  assert.match(said, /The recall@10 of \w+ is [01]\.\d+/, '`npm create tower` trains a model of the files of a folder');
  if (template.length > 0) {
    writeFileSync(join(fresh, 'ask.mjs'), templateProgram);
    const answer = await promisify(execFile)(process.execPath, ['ask.mjs'], { cwd: fresh, encoding: 'utf8' });
    assert.equal(answer.stdout, '3\n', 'the runtime of the template opens the model that was exported for it');
    assert(existsSync(join(fresh, 'server.js')), 'the template is copied');
  }
  if (npm === 10) {
    const image = join(folder, 'image');
    mkdirSync(join(image, 'srv'), { recursive: true });
    // The package lies next to the project there too.
    copyFileSync(archive, join(image, 'srv', basename(archive)));
    await runDockerfile(project, image, env);
  }
  const installed = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.keys(installed.packages).length;
}

/** Installs the packages of a release, of which this platform needs two, and checks that the engine finds its library. */
function releaseAlone(archive) {
  const release = join(folder, 'release');
  run(process.execPath, ['scripts/pack-release.mjs', release, archive]);
  const project = join(folder, 'released');
  mkdirSync(project);
  const options = { cwd: project, encoding: 'utf8' };
  run('npm', ['init', '-y'], options);
  const library = `tower-lang-onnx-${process.platform}-${process.arch}`;
  const archives = ['tower-lang', library].map((name) => join(release, basename(archive).replace('tower-lang', name)));
  run('npm', ['install', '--silent', ...archives], options);
  assert(
    !existsSync(join(project, 'node_modules/tower-lang/dist/onnxruntime')),
    'the library has a package of its own',
  );
  const engines = JSON.parse(run('npx', ['tower', 'engines', '--json'], options));
  assert(engines.find(({ name }) => name === 'onnx').loads, 'the engine loads the library of the other package');
}

const runtimeProgram = `\
import { readFile } from 'node:fs/promises';
import { open, type RecommendAnswer } from '@tower-lang/runtime';
const fetch = async (url: string): Promise<Response> => new Response(new Uint8Array(await readFile(new URL(url))));
const views = await open(\`file://\${process.argv[2]}\`, { fetch });
const answer: RecommendAnswer = await views.with([{ item: 'f1', time: 5 }]).recommend({ k: 3 });
console.log(answer.items.length, answer.items.some(({ key }) => key === 'f1'));
`;

/** Installs the package of the runtime alone, and opens an export of the stranger's model. */
async function runtimeAlone(archive, unpacked) {
  assert(unpacked < 1e6, `the runtime takes ${unpacked} bytes`);
  const project = join(folder, 'runtime');
  mkdirSync(project);
  const options = { cwd: project, encoding: 'utf8' };
  run('npm', ['init', '-y'], options);
  run('npm', ['install', '--silent', archive], options);
  const installed = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'));
  assert.deepEqual(Object.keys(installed.packages), ['node_modules/@tower-lang/runtime'], 'it has no dependency');
  writeFileSync(join(project, 'app.mts'), runtimeProgram);
  const common = runtimeProgram.replace(/const views.*/s, 'console.log(typeof open);\n');
  writeFileSync(join(project, 'common.cts'), common);
  await compileTypeScript(project, ['app.mts', 'common.cts'], ['node']);
  assert.equal(run(process.execPath, ['common.cjs'], options), 'function\n');
  const exported = join(folder, 'exported');
  run('npx', ['tower', 'export', 'runs/first', '--browser', '--out', exported], { cwd: join(folder, 'project-10') });
  assert.equal(run(process.execPath, ['app.mjs', exported], options), '3 false\n');
}

const packPart = (name) =>
  JSON.parse(run('npm', ['pack', '-w', name, '--json', '--silent', '--pack-destination', folder]))[0];

try {
  // First, and without what a package needs: the runtime makes it.
  rmSync('dist/types', { recursive: true, force: true });
  const runtime = packPart('@tower-lang/runtime');
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--silent', '--pack-destination', folder]));
  const archive = join(folder, packed.filename);
  const created = join(folder, packPart('create-tower').filename);
  const runtimeArchive = join(folder, runtime.filename);

  const files = packed.files.map(({ path }) => path);
  for (const needed of [
    'dist/tower.cjs',
    'dist/cli.js',
    'dist/runtime.js',
    'dist/runtime.workerd.js',
    'dist/runtime.edge-light.js',
    'dist/kernels.wasm',
    'dist/chunks/torch_runner.py',
    'dist/chunks/torch_group.py',
    'dist/chunks/torch_meeting.py',
    'dist/THIRD_PARTY_LICENSES.txt',
    `dist/onnxruntime/${process.platform}/${process.arch}/onnxruntime_binding.node`,
    'docs/errors/unknown-name.md',
    'models/two_tower.tower',
    'scripts/setup-tensorflow.mjs',
    'scripts/setup-torch.mjs',
    'scripts/setup_steps.mjs',
    'src/plugins/tensorflow/ops/softmax_loss.cc',
    'src/plugins/tensorflow/ops/tiles.h',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
  ]) {
    assert(files.includes(needed), `${needed} is packed`);
  }
  // npm packs the README of each folder on the way.
  const strange = files.filter(
    (path) =>
      !/^(dist|docs\/errors|grammar|models|scripts|src\/plugins\/(tensorflow\/(ops\/|README)|README)|README|CHANGELOG|LICENSE|package\.json)/.test(
        path,
      ),
  );
  assert.deepEqual([...strange, ...files.filter((path) => /\.(csv|parquet|jsonl)$/.test(path))], [], 'is not packed');

  const lint = async (name, ...args) => promisify(execFile)(bin(name), args, { encoding: 'utf8' });
  // All of them end before the folder goes, also where one fails.
  const results = await Promise.allSettled([
    asStranger(10, archive, created, runtimeArchive),
    asStranger(11, archive, created, runtimeArchive),
    ...[archive, runtimeArchive].flatMap((each) => [
      lint('publint', '--strict', each),
      // Bundlers of workers alone load a file of WebAssembly.
      lint('attw', '--profile', 'node16', '--exclude-entrypoints', 'kernels.wasm', '--format', 'ascii', each),
    ]),
  ]);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  await runtimeAlone(runtimeArchive, runtime.unpackedSize);
  releaseAlone(archive);
  const installed = results[0].value;
  console.log(
    `${packed.filename}: ${files.length} files, ${(packed.size / 1e6).toFixed(0)} MB, installed as ${installed} packages by npm 10 and 11, used as a stranger would`,
  );
} catch (error) {
  console.error(error.stdout ?? '', error.stderr ?? '');
  throw error;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
