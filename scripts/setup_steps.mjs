/** What the set-ups of engines share: the cache folder, programs that are run quietly, and mistakes of a machine as one line. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Packages with their checksums: files of pip, and folders with a lock of npm. */
const requirements = join(import.meta.dirname, 'requirements');

/** The loaders in src/engines look in the same folder; tests hold them together. */
export function cacheBase() {
  return (
    process.env.TOWER_CACHE ??
    (process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches', 'tower-lang')
      : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tower-lang'))
  );
}

/** What is wrong with the machine, as a sentence for its user. */
export class Trouble extends Error {}

/** Runs a program; its output is shown only when it fails. */
export function run(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error?.code === 'ENOENT') throw new Trouble(`\`${program}\` is not installed here, and is needed.`);
  if (done.error) throw done.error;
  if (done.status !== 0) {
    const said = `${done.stdout}\n${done.stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new Trouble(`\`${program} ${args.slice(0, 4).join(' ')} …\` failed:\n${said}`);
  }
  return done.stdout;
}

export function firstThatRuns(candidates, args) {
  return candidates.find((candidate) => spawnSync(candidate, args, { stdio: 'ignore' }).status === 0);
}

export function step(what, body) {
  const start = performance.now();
  process.stdout.write(`  ${what} … `);
  const result = body();
  process.stdout.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  return result;
}

/** pip's arguments for a file of `scripts/requirements`: whatever has another checksum than the file lists is refused. */
export const hashed = (file) => ['--require-hashes', '--only-binary=:all:', '-r', join(requirements, file)];

/** Writes the entry of one package of such a file into a file of its own, and returns pip's arguments for it. */
export function hashedAlone(file, name, into) {
  const entry = new RegExp(`^${name}==.*(?:\\n    --hash.*)+`, 'm').exec(
    readFileSync(join(requirements, file), 'utf8'),
  );
  const path = join(into, `${name}.txt`);
  writeFileSync(path, `${entry[0]}\n`);
  return ['--require-hashes', '--only-binary=:all:', '-r', path];
}

/** Installs the packages of a lock of `scripts/requirements` in a folder, and runs no script of theirs. */
export function npmCi(lock, folder) {
  cpSync(join(requirements, lock), folder, { recursive: true });
  const npm = process.env.npm_execpath?.endsWith('.js') ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // What npm sets for the script that runs this would install into the project.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_')),
  );
  run(npm[0], [...npm.slice(1), 'ci', ...flags], { cwd: folder, env });
}

/** Runs the set-up; its troubles are a line on stderr and exit code 1. */
export function setUp(main) {
  try {
    main();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    console.error(trouble.message);
    process.exitCode = 1;
  }
}
