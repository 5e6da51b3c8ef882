/**
 * Workers that share tables, each in a process of its own, which gets SIGKILL at a random moment: between two exchanges, in a step, while a
 * checkpoint is gathered and written. `TOWER_FUZZ=40` kills 40 times.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { killRun } from './kill_run.ts';
import { lossesIn, trainTogether } from './trained_together.ts';

const root = temporaryFolder();
// Inside the project, for the packages that are not bundled.
const script = join('node_modules', '.cache', `worker_kill_child-${process.pid}.mjs`);
const workers = 2;
const kills = Number(process.env.TOWER_FUZZ ?? 2);
const random = makeRandom(Number(process.env.TOWER_FUZZ_SEED ?? 1));
/** Of a whole run, about. */
const meetings = 430;

beforeAll(async () => {
  await build({
    entryPoints: ['test/training/workers/kill_child.ts'],
    ...{ outfile: script, bundle: true, format: 'esm', platform: 'node', packages: 'external' },
  });
});

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly errors: string;
}

/** All workers, until they end. @param kill the worker that is killed `after` so many meetings and `pause` milliseconds */
async function run(folder: string, kill?: { rank: number; after: number; pause: number }): Promise<readonly Ended[]> {
  const mode = existsSync(join(folder, 'run.json')) ? 'resume' : 'new';
  const children: ChildProcess[] = [];
  let given = new Map<number, unknown>();
  let count = 0;
  const start = (rank: number): Promise<Ended> => {
    const words = [rank, workers, folder, mode].map(String);
    const child = fork(script, words, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    children.push(child);
    let errors = '';
    child.stderr!.on('data', (text) => {
      errors += text;
    });
    child.on('message', (value) => {
      given.set(rank, value);
      if (given.size < workers) return;
      const all = Array.from({ length: workers }, (_, at) => given.get(at));
      given = new Map();
      // One that was killed a moment ago may still look connected: what it is sent then is lost with it.
      for (const each of children) if (each.connected) each.send({ all }, () => {});
      if (++count === kill?.after) setTimeout(() => children[kill.rank]!.kill('SIGKILL'), kill.pause);
    });
    return new Promise((resolve) =>
      child.on('close', (code, signal) => {
        if (code !== 0)
          for (const each of children) if (each !== child && each.connected) each.send({ lost: rank }, () => {});
        resolve({ code, signal, errors });
      }),
    );
  };
  return Promise.all(Array.from({ length: workers }, (_, rank) => start(rank)));
}

it('goes on to the bits of a run that nobody disturbed', { timeout: 120_000 * (kills + 1) }, async () => {
  const whole = killRun(join(root, 'whole'));
  await trainTogether(whole, workers);
  let [done, runs, resumed, hits] = [0, 0, 0, 0];
  for (; done < kills; runs++) {
    const folder = join(root, `killed-${runs}`);
    for (;;) {
      const isLast = done === kills;
      // What is left of a run that goes on is shorter.
      const after = 1 + random.integer(Math.ceil(meetings * 0.8));
      const kill = { rank: random.integer(workers), after, pause: random.integer(3) };
      if (existsSync(join(folder, 'checkpoint.safetensors'))) resumed++;
      const ends = await run(folder, isLast ? undefined : kill);
      if (ends.every(({ code }) => code === 0)) break;
      expect(ends[1 - kill.rank]!.code, ends[1 - kill.rank]!.errors).not.toBe(0);
      hits += Number(ends[kill.rank]!.signal === 'SIGKILL');
      done++;
    }
    const [expected, found] = ['whole', `killed-${runs}`].map((name) =>
      readFileSync(join(root, name, 'weights.safetensors')),
    );
    expect(found!.equals(expected!), `run ${runs}`).toBe(true);
    expect(await lossesIn({ ...whole, folder })).toEqual(await lossesIn(whole));
  }
  expect(hits).toBe(kills);
  expect(resumed).toBeGreaterThan(0);
  if (process.env.TOWER_FUZZ) console.log(`${done} kills in ${runs} runs, ${resumed} from a checkpoint`);
});
