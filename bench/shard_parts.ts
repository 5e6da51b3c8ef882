/**
 * Shards written in parts next to those of one process: processor time, most memory, and whether all bytes are equal. Each part is a process of
 * its own. `tsx bench/shard_parts.ts ROWS [--parts 1,4,16] [--memory 768M] [--folder /tmp/shard-parts]`
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { checkAndLower } from '../src/app/api/check.ts';
import { planShardJob, runShardStep } from '../src/app/api/shard_job.ts';
import { memoryBytes, type PassEvent, shardRequest } from '../src/app/api/shards.ts';
import { readDataset } from '../src/data/read.ts';
import { type ShardStep, shardSteps, stepNames } from '../src/data/shards/job/folder.ts';
import { describeMachine, peakMemory } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parts: { type: 'string', default: '1,4,16' },
    memory: { type: 'string', default: '768M' },
    folder: { type: 'string', default: '/tmp/shard-parts' },
    do: { type: 'string' },
  },
});
const rows = Number(positionals[0] ?? 2e6);
const folder = join(values.folder, String(rows));
const [model, data] = ['model.tower', 'data.tower'].map((name) => join(folder, name)) as [string, string];
const modelText = `model parts
features {
  user_id : id(dim: 16)
  history : list(item_id, max: 20, pool: mean)
  item_id : id(dim: 16)
}
group profile = user_id, history
tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(16) }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> dense(16) }
task watch { score = dot(user, item), loss = softmax(in_batch, correction: frequency) }
`;

let bundle = '';

/** Holds out few events, as with many rows. */
const blockText = `data synthetic {
  events = "rows/events/*.parquet"
  items = "rows/items/*.parquet" by item_id
  time = "time"
  history = past(item_id, 20)
  split = by_time(validation: 0.1%, test: 0.1%)
}
`;

/** By pass of one process, the seconds before it. */
const passes: Record<string, number> = {};

if (values.do !== undefined) {
  await work(values.do.split(' '));
  console.log(JSON.stringify({ seconds: secondsSoFar(), passes, peak: peakMemory() }));
} else {
  bundle = bundled();
  mkdirSync(folder, { recursive: true });
  writeFileSync(model, modelText);
  writeFileSync(data, blockText);
  const size = ['--rows', String(rows), '--users', String(rows / 20), '--items', String(Math.min(2e5, rows / 100))];
  tower(['data', 'synthetic', ...size, '--out', join(folder, 'rows')]);
  console.log(describeMachine());
  const start = measure('nothing');
  console.log(`a process that does nothing takes ${start.seconds.toFixed(2)} s`);
  const whole = measure('whole');
  say('one process', [whole], whole.seconds);
  const { reading, counting, encoding } = whole.passes;
  const passesEnd = [reading!, counting!, encoding!, whole.seconds];
  const [texts, map, count, encode] = passesEnd.map((end, at) => (end - (passesEnd[at - 1] ?? 0)).toFixed(1));
  console.log(
    `  texts ${texts} s, rows to buckets ${map} s, counting ${count} s, rows to piles and sealing ${encode} s`,
  );
  const sums = sumsOf('whole');
  for (const parts of values.parts.split(',').map(Number)) {
    const done = [measure(`plan ${parts}`)];
    const ofSteps = stepNames.map((step) => {
      const count = shardSteps[step].inParts ? parts : 1;
      const each = Array.from({ length: count }, (_, at) => measure(`${step} ${parts} ${at + 1}/${parts}`));
      done.push(...each);
      return { step, inParts: count > 1, longest: Math.max(...each.map(({ seconds }) => seconds)), all: total(each) };
    });
    say(`${parts} parts`, done, whole.seconds);
    for (const { step, inParts, longest, all } of ofSteps)
      console.log(`  ${step}: ${all.toFixed(2)} s${inParts ? `, the longest part ${longest.toFixed(2)} s` : ''}`);
    const chain = done[0]!.seconds + ofSteps.reduce((sum, { longest }) => sum + longest, 0);
    const withoutStarts = (total(done) - done.length * start.seconds) / (whole.seconds - start.seconds);
    console.log(
      `  longest chain ${chain.toFixed(1)} s; without starting processes ${withoutStarts.toFixed(2)} times; same bytes: ${sumsOf(`parts-${parts}`) === sums}`,
    );
  }
}

function onPass({ pass }: PassEvent): void {
  passes[pass] ??= secondsSoFar();
}

async function work([step, parts, part]: string[]): Promise<void> {
  const shards = join(folder, step === 'whole' ? 'whole' : `parts-${parts}`);
  const job = join(folder, `job-${parts}`);
  if (step === 'nothing') return;
  if (step === 'plan' || step === 'whole') rmSync(shards, { recursive: true, force: true });
  if (step === 'plan') {
    rmSync(job, { recursive: true, force: true });
    await planShardJob(model, { data, out: job, parts: Number(parts), memory: values.memory, shards });
  } else if (step === 'whole') {
    const { data: checkedData, lowered } = await checkAndLower(model, { data });
    const memory = memoryBytes(values.memory);
    const request = await shardRequest(lowered.plan, { memory, shards, onPass }, shards, 'always');
    await readDataset(checkedData!.description, lowered.plan, { shards: request });
  } else await runShardStep(job, step as ShardStep, { part, onPass });
}

function secondsSoFar(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Starting TypeScript would take most of a short step. */
function bundled(): string {
  const outfile = 'node_modules/.cache/shard_parts.mjs';
  const entryPoints = ['bench/shard_parts.ts'];
  buildSync({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@duckdb/*', 'esbuild'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

interface Measured {
  readonly seconds: number;
  readonly passes: Readonly<Record<string, number>>;
  readonly peak: number;
}

function measure(what: string): Measured {
  const run = spawnSync(process.execPath, [bundle, ...process.argv.slice(2), '--do', what], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`${what} ended with ${run.status ?? run.signal}`);
  return JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Measured;
}

function tower(words: readonly string[]): void {
  const run = spawnSync(process.execPath, ['dist/tower.cjs', ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (run.status !== 0) throw new Error(`${words[0]} ended with ${run.status}`);
}

function total(done: readonly Measured[]): number {
  return done.reduce((sum, { seconds }) => sum + seconds, 0);
}

function say(what: string, done: readonly Measured[], whole: number): void {
  const peak = Math.max(...done.map((each) => each.peak));
  const seconds = total(done);
  console.log(
    `${what}: ${seconds.toFixed(1)} s of the processor, ${((seconds / rows) * 1e6).toFixed(2)} µs a row, ${(seconds / whole).toFixed(2)} times; most memory ${peak} MiB`,
  );
}

function sumsOf(name: string): string {
  const [shards] = readdirSync(join(folder, name));
  const hash = createHash('sha256');
  for (const file of readdirSync(join(folder, name, shards!)).sort())
    hash.update(file).update(readFileSync(join(folder, name, shards!, file)));
  return hash.digest('hex');
}
