/**
 * `npm run study`: trains every model that fits a data set, ranks what was held out next to the baselines, and writes docs/results.md.
 * What was trained before with the same model, data and seed is not trained again: a study that was stopped goes on.
 *
 *   npm run study -- [SET …] [--models NAME,…] [--seeds 1,2,3] [--set NAME=NUMBER …] [--runs FOLDER] [--out FILE] [--quiet]
 *
 * With `--models`, `--seeds` or `--set` the page is not written unless `--out` says where: it would not be the whole study.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { check, compare, Failure, load, train } from '../src/api.ts';
import { render } from '../src/diagnostics/render.ts';
import type { Comparison } from '../src/evaluation/compare.ts';
import { type Measured, pageOf } from './study/page.ts';
import { type StudySet, sets } from './study/plan.ts';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    models: { type: 'string' },
    seeds: { type: 'string' },
    set: { type: 'string', multiple: true },
    runs: { type: 'string', default: 'runs/study' },
    out: { type: 'string' },
    quiet: { type: 'boolean' },
  },
});
const settings = Object.fromEntries(
  (given.set ?? []).map((each) => each.split('=')).map(([name, n]) => [name!, Number(n)]),
);
const isWhole = given.models === undefined && given.seeds === undefined && given.set === undefined;
const commit = commitNow();
const say = (line: string): void => {
  if (!given.quiet) process.stderr.write(`${line}\n`);
};

try {
  for (const name of positionals) {
    if (sets.some((set) => set.name === name)) continue;
    throw new Error(`there is no set ${name}; there are ${sets.map((set) => set.name).join(', ')}`);
  }
  const chosen = sets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const measured = new Map((isWhole ? await kept() : []).map((each) => [each.name, each]));
  for (const set of chosen) {
    const result = await measure(set);
    if (!result) continue;
    measured.set(set.name, result);
    if (isWhole) await writeFile(join(given.runs, `${set.name}.json`), JSON.stringify(result));
  }
  const page = pageOf(sets, [...measured.values()]);
  const out = given.out ?? (isWhole ? 'docs/results.md' : undefined);
  if (out === undefined) console.log(page);
  else await writeFile(out, page);
} catch (error) {
  console.error(error instanceof Failure ? render(error.diagnostics) : error);
  process.exitCode = 1;
}

/** Undefined where the data is not there, or no model fits. */
async function measure(set: StudySet): Promise<Measured | undefined> {
  const models = await fitting(set);
  if (models.length === 0) {
    say(`${set.name}: no model fits, or its files are not there: see \`tower data ${basename(set.data, '.tower')}\``);
    return undefined;
  }
  const seeds = given.seeds?.split(',').map(Number) ?? set.seeds;
  const runs = [];
  const commits = new Set([commit]);
  for (const model of models) {
    for (const seed of seeds) {
      const folder = join(given.runs, set.name, `${model}-${seed}`);
      commits.add(await trainOnce(set, model, seed, folder));
      runs.push({ name: `${model}-${seed}`, run: await load(folder) });
    }
  }
  say(`${set.name}: ranking`);
  const comparison: Comparison = await compare(runs, {
    part: 'test',
    baselines: true,
    against: set.against,
    metrics: set.metrics,
    ...(set.by === undefined ? {} : { by: set.by }),
  });
  const engine = (await runs[0]!.run.engine()).engine;
  return {
    name: set.name,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores of ${cpus()[0]!.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${engine.version}`,
    command: ['npm run study', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
    seeds,
    commits: [...commits],
    models,
    comparison,
  };
}

/** Models without an error on the set's headers; `two_tower` first: baselines read the history that the first reads. */
async function fitting({ data }: StudySet): Promise<string[]> {
  const wanted = given.models?.split(',');
  const names = (await readdir('models'))
    .filter((name) => name.endsWith('.tower'))
    .map((name) => basename(name, '.tower'));
  const found: string[] = [];
  for (const name of names.sort((a, b) => Number(b.startsWith('two_tower')) - Number(a.startsWith('two_tower')))) {
    if (wanted && !wanted.includes(name)) continue;
    const { diagnostics } = await check(`models/${name}.tower`, { data });
    if (diagnostics.every(({ severity }) => severity !== 'error')) found.push(name);
  }
  return found;
}

/** The commit that it was trained from, now or in an earlier sitting. */
async function trainOnce({ name, data }: StudySet, model: string, seed: number, folder: string): Promise<string> {
  await mkdir(join(given.runs, name), { recursive: true });
  const request = { data, out: folder, set: { seed, ...settings } };
  const path = `models/${model}.tower`;
  const start = performance.now();
  const result = await train(path, { ...request, resume: true }).catch((error: unknown) => {
    // No run of this model, data and seed is there.
    const begins = ['nothing-to-resume', 'other-run', 'cannot-read', 'other-data'];
    if (!(error instanceof Failure) || !error.diagnostics.some(({ code }) => begins.includes(code))) throw error;
    return train(path, { ...request, force: true });
  });
  const best = result.manifest?.training.best;
  const took = ((performance.now() - start) / 1000).toFixed(0);
  say(
    `${name}: ${model}, seed ${seed}: ${result.records.length === 0 ? 'was there' : `${result.records.length} epochs, ${took} s`}${best ? `, ${best.metric} on validation ${best.value.toFixed(4)}` : ''}`,
  );
  const note = `${folder}.commit`;
  if (result.records.length > 0) await writeFile(note, commit);
  return readFile(note, 'utf8').catch(() => 'unknown+');
}

/** `+` after it where a file that git knows is changed. */
function commitNow(): string {
  const git = (...asked: string[]): string => execFileSync('git', asked, { encoding: 'utf8' }).trim();
  return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`;
}

async function kept(): Promise<Measured[]> {
  const found: Measured[] = [];
  for (const { name } of sets) {
    const text = await readFile(join(given.runs, `${name}.json`), 'utf8').catch(() => undefined);
    if (text !== undefined) found.push(JSON.parse(text) as Measured);
  }
  return found;
}
