/**
 * Swaps of `tower serve --watch` under 32 connections: errors, answers that are not those of their version, and the p99 of answers while versions change next to
 * the p99 before; then the time of a rollback while nothing else asks. `npm run bench -- swap`, or `npx tsx bench/swap.ts [--swaps=50] [--seconds=10]
 * [--connections=32] [--runs=FOLDER,FOLDER] [--items=10000] [--processes=1] [--engine=onnx]`, after `npm run build`. Without `--runs` it trains two.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { load as loadRun, open, train } from '../src/api.ts';
import { engineOption } from './engine_option.ts';
import { load, post, quantile } from './load.ts';
import { describeMachine } from './machine.ts';
import { makeServedRun } from './served_run.ts';

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const numberOf = (name: string, otherwise: number): number => Number(option(name) ?? otherwise);
const [swaps, seconds, connections] = [numberOf('swaps', 50), numberOf('seconds', 10), numberOf('connections', 32)];

/** Answers offline are compared with those of the server: its own engine, where none is given. */
const engine = engineOption() ?? 'onnx';

async function twoRuns(root: string): Promise<readonly string[]> {
  const given = option('runs');
  if (given !== undefined) return given.split(',');
  const first = await makeServedRun(root, { items: numberOf('items', 10_000), users: 20_000, events: 200_000, engine });
  const second = join(root, 'second');
  await train(join(root, 'model.tower'), { data: join(root, 'data.tower'), out: second, set: { seed: 2 }, engine });
  return [first, second];
}

const root = mkdtempSync(join(tmpdir(), 'tower-swap-'));
const live = join(root, 'live');
mkdirSync(live);
/** As a person should: a copy under a hidden name, and one step to its own. The load comes from this process: nothing may keep its event loop. */
async function publish(run: string, name: number): Promise<void> {
  await cp(run, join(live, `.${name}`), { recursive: true });
  await rename(join(live, `.${name}`), join(live, String(name)));
}

try {
  const runs = await twoRuns(join(root, 'runs'));
  console.log(
    `swaps of tower serve --watch, ${connections} connections, the load on the same cores: ${describeMachine()}`,
  );
  const offline = new Map<string, Map<string, string>>();
  const bodies: { readonly user: string; readonly k: number }[] = [];
  for (const folder of runs) {
    const run = await loadRun(folder, { engine });
    const answers = await open(run);
    if (bodies.length === 0) {
      const { users } = await answers.users({ limit: 100 });
      bodies.push(...users.map(({ key }) => ({ user: key, k: 10 })));
    }
    const own = new Map<string, string>();
    for (const body of bodies) own.set(body.user, JSON.stringify(await answers.recommend(body)));
    offline.set(answers.version, own);
    await run.close();
  }
  await publish(runs[0]!, 0);
  const child = spawn(
    process.execPath,
    [
      'dist/cli.js',
      'serve',
      '--watch',
      live,
      '--port',
      '0',
      '--no-log',
      '--engine',
      engine,
      '--processes',
      option('processes') ?? '1',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  while (!said.includes('serving ')) await pause(50);
  const url = /serving .* on (http:\S+)/.exec(said)![1]!;
  const requests = bodies.map((body) => post('/v1/recommend', body));
  // One more compares.
  const ask = (time: number) =>
    load({ port: Number(new URL(url).port), connections: connections - 1, requests, seconds: time });
  let isOver = false;
  let [checked, wrong, failed] = [0, 0, 0];
  const send = (path: string, body: object) =>
    fetch(url + path, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify(body),
    });
  const checkOne = async (body: (typeof bodies)[number]): Promise<string | undefined> => {
    const answer = await send('/v1/recommend', body);
    // The id of the request is no part of the offline answer.
    const text = (await answer.text()).replace(/"request":"[^"]*",/, '');
    const { version } = JSON.parse(text) as { version?: string };
    checked++;
    if (answer.status !== 200) failed++;
    else if (offline.get(version!)?.get(body.user) !== text) wrong++;
    return version;
  };
  const check = async (): Promise<void> => {
    for (let i = 0; !isOver; i++) await checkOne(bodies[i % bodies.length]!);
  };
  // Answers are compared before the swaps too: the load is the same.
  const checking = check();
  await ask(seconds / 2);
  const before = await ask(seconds);
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const press = async (): Promise<void> => {
    while (!isOver) {
      const done = await ask(2);
      for (const each of done.times) times.push(each);
      for (const [status, count] of done.statuses) statuses.set(status, (statuses.get(status) ?? 0) + count);
    }
  };
  const working = [checking, press()];
  const freed = (): number => said.split(' is freed\n').length - 1;
  const start = performance.now();
  for (let swap = 1; swap <= swaps; swap++) {
    await publish(runs[swap % runs.length]!, swap);
    while (freed() < swap) {
      if (/not served/.test(said)) throw new Error(said);
      await pause(20);
    }
    await rm(join(live, String(swap - 1)), { recursive: true });
  }
  const took = (performance.now() - start) / 1000;
  isOver = true;
  await Promise.all(working);
  const rollbackStart = performance.now();
  const rollback = await send('/v1/versions/rollback', {});
  const rollbackSeconds = ((performance.now() - rollbackStart) / 1000).toFixed(2);
  if (rollback.status !== 200) throw new Error(await rollback.text());
  const versionsAfter = new Set(await Promise.all(bodies.map(checkOne)));
  child.kill('SIGTERM');
  await once(child, 'exit');

  const sorted = Float64Array.from(times).sort();
  const others = [...statuses].filter(([status]) => status !== 200).map(([status, count]) => `${count} × ${status}`);
  const errors = [...others, ...(failed > 0 ? [`${failed} of those compared`] : [])].join(', ') || 'no error';
  const figures = (all: Float64Array, part: number): string => quantile(all, part).toFixed(1);
  console.log(
    `  ${swaps} swaps in ${took.toFixed(0)} s, ${sorted.length + checked} answers: ${errors} (goal: no error)`,
  );
  console.log(`  ${checked} answers compared with those of their version offline: ${wrong} differ (goal: 0)`);
  console.log(`  before: p50 ${figures(before.times, 0.5)} ms, p99 ${figures(before.times, 0.99)} ms`);
  console.log(
    `  rollback: ${rollbackSeconds} s (goal ≤ 1), then ${versionsAfter.size} version answers; load of the machine ${loadavg()[0]!.toFixed(1)}`,
  );
  const ratio = quantile(sorted, 0.99) / quantile(before.times, 0.99);
  console.log(
    `  during: p50 ${figures(sorted, 0.5)} ms, p99 ${figures(sorted, 0.99)} ms: ${ratio.toFixed(2)} times (goal ≤ 1.5)`,
  );
} finally {
  rmSync(root, { recursive: true });
}
