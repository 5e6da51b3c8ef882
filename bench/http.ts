/**
 * `tower serve` over HTTP, with the load on the same cores: requests a second and times of answers over 10,000 items; twice that load; the start
 * over a million items; memory over a million requests. `npm run bench -- serve`, or
 * `npx tsx bench/http.ts [--seconds=10] [--connections=32] [--start=1000000] [--requests=0] [--engine=onnx]`, after `npm run build`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineOption } from './engine_option.ts';
import { type Load, type LoadOptions, load, post, quantile } from './load.ts';
import { describeMachine } from './machine.ts';
import { makeServedRun } from './served_run.ts';

const numberOf = (name: string, otherwise: number): number =>
  Number(process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);
const seconds = numberOf('seconds', 10);
const connections = numberOf('connections', 32);
const [items, users] = [10_000, 20_000];
const engine = engineOption();
const ofEngine = engine === undefined ? [] : ['--engine', engine];

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  /** Milliseconds to the first 200 of /readyz. */
  readonly took: number;
}

async function start(run: string, ...options: readonly string[]): Promise<Started> {
  const began = performance.now();
  // What a request writes into the log is part of it.
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', run, '--port', '0', ...ofEngine, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const text of child.stderr!) {
    said += text;
    const url = /serving .* on (http:\S+)/.exec(said)?.[1];
    if (url === undefined) continue;
    const { status } = await fetch(`${url}/readyz`);
    if (status !== 200) throw new Error(`/readyz gives ${status}`);
    child.stderr!.resume();
    return { child, port: Number(new URL(url).port), took: performance.now() - began };
  }
  throw new Error(said);
}

async function stop({ child }: Started): Promise<void> {
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Milliseconds of the processor, and MiB. */
function figuresOf({ child }: Started): { readonly processor: number; readonly memory: number } {
  const times = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ');
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return {
    processor: 10 * (Number(times[13]) + Number(times[14])),
    memory: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024),
  };
}

const show = ({ times, seconds: took, statuses }: Load): string => {
  const others = [...statuses].filter(([status]) => status !== 200).map(([status, count]) => `${count} × ${status}`);
  const all = `${Math.round(times.length / took)}/s, p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms`;
  return others.length === 0 ? all : `${all}, ${others.join(', ')}`;
};

const bodies = {
  'a user': (i: number) => ({ user: `u${(i * 7919) % users}` }),
  'feature values': (i: number) => ({ values: { history: [`i${i % items}`, `i${(31 * i) % items}`] } }),
  'a vector': (i: number) => ({ vector: Array.from({ length: 64 }, (_, at) => Math.sin(i * at + at)) }),
  '64 users in an array': (i: number) => Array.from({ length: 64 }, (_, at) => ({ user: `u${(64 * i + at) % users}` })),
} as const;
const requestsOf = (make: (i: number) => unknown): Buffer[] =>
  Array.from({ length: 2000 }, (_, i) => post('/v1/recommend', make(i)));

const root = mkdtempSync(join(tmpdir(), 'tower-http-'));
try {
  console.log(`tower serve, ${items.toLocaleString('en')} items, the load on the same cores: ${describeMachine()}`);
  const run = await makeServedRun(join(root, 'small'), { items, users, events: 200_000, engine });
  const served = await start(run);
  const { port } = served;
  const ask = (make: (i: number) => unknown, more: Partial<Omit<LoadOptions, 'port' | 'requests'>> = {}) =>
    load({ port, connections, seconds, requests: requestsOf(make), ...more });
  await ask(bodies['a user']);
  let most = 0;
  for (const [name, make] of Object.entries(bodies)) {
    const before = figuresOf(served).processor;
    const done = await ask(make);
    const each = (figuresOf(served).processor - before) / done.times.length;
    console.log(`  ${name}: ${show(done)}; ${(1000 * each).toFixed(0)} µs of a processor each`);
    if (name === 'a user') most = done.times.length / done.seconds;
  }
  const without = await start(run, '--user-vectors', '0');
  await load({ port: without.port, connections, seconds: seconds / 2, requests: requestsOf(bodies['a user']) });
  const before = figuresOf(without).processor;
  const computed = await load({ port: without.port, connections, seconds, requests: requestsOf(bodies['a user']) });
  const each = (figuresOf(without).processor - before) / computed.times.length;
  console.log(`  a user, no vector kept: ${show(computed)}; ${(1000 * each).toFixed(0)} µs of a processor each`);
  await stop(without);
  const usual = await ask(bodies['a user'], { rate: 0.5 * most, connections: 512 });
  console.log(`  half the load: ${show(usual)}`);
  const nearly = await ask(bodies['a user'], { rate: 0.9 * most, connections: 512 });
  console.log(`  nine tenths of the load: ${show(nearly)}`);
  // Long enough that the beginning, which a server cannot know, is less than a hundredth.
  const twice = await ask(bodies['a user'], { rate: 2 * most, connections: 512, seconds: 3 * seconds });
  console.log(`  twice the load: ${show(twice)}`);
  const after = await ask(bodies['a user'], { rate: 0.5 * most, connections: 512 });
  console.log(`  half the load again: ${show(after)}`);
  for (let asked = 0, before = figuresOf(served).memory; asked < numberOf('requests', 0); ) {
    const { times } = await load({ port, connections, seconds: 30, requests: requestsOf(bodies['a user']) });
    asked += times.length;
    console.log(`  memory after ${asked} more: ${figuresOf(served).memory} MiB (${before} before them)`);
  }
  await stop(served);
  const large = numberOf('start', 1e6);
  if (large > 0) {
    const started = await start(
      await makeServedRun(join(root, 'large'), { items: large, users: 50_000, events: 60_000, engine }),
    );
    const { memory } = figuresOf(started);
    console.log(
      `  start over ${large.toLocaleString('en')} items: ${(started.took / 1000).toFixed(1)} s (goal: 2), ${memory} MiB`,
    );
    await stop(started);
  }
} finally {
  rmSync(root, { recursive: true });
}
