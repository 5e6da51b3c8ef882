/**
 * What a server needs: for items × width the time from launch to its first answer, its memory, and how many questions it answers, asked over HTTP.
 * `npm run bench -- capacity`, or `npx tsx bench/capacity.ts [--sizes=10000x64,100000x64,100000x128,1000000x64] [--k=10] [--seconds=5]`.
 *
 * Server and load share the machine, so the clock says what both took. The processor time is the server's alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { load, post } from './load.ts';
import { describeMachine } from './machine.ts';
import { makeServedRun } from './served_run.ts';

const option = (name: string, otherwise: string): string =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const sizes = option('sizes', '10000x64,100000x64,100000x128,1000000x64').split(',');
const [k, seconds] = [Number(option('k', '10')), Number(option('seconds', '5'))];
const users = 20_000;

/** The server as a user starts it, and its port. */
async function serve(run: string): Promise<{ child: ChildProcess; port: number; took: number }> {
  const start = performance.now();
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', run, '--port', '0', '--no-log'], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr! })) {
    const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stderr!.resume();
    while ((await fetch(`http://127.0.0.1:${port}/readyz`)).status !== 200) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { child, port: Number(port), took: performance.now() - start };
  }
  throw new Error(`the server of ${run} has not started`);
}

/** The most that it had so far, in MiB. */
const memory = ({ pid }: ChildProcess): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Seconds that the processors worked for it. */
const worked = (child: ChildProcess): number => {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

console.log(`capacity, k ${k}: ${describeMachine()}`);
console.log(
  '| items × width | start | processor time of it | memory | questions/s | questions per second of processor time | p50 | p99 |',
);
console.log('|---|---|---|---|---|---|---|---|');
for (const size of sizes) {
  const [items, width] = size.split('x').map(Number) as [number, number];
  const root = mkdtempSync(join(tmpdir(), 'tower-capacity-'));
  try {
    const run = await makeServedRun(root, { items, users, events: 100_000, width });
    const { child, port, took } = await serve(run);
    const starting = worked(child);
    const requests = Array.from({ length: 500 }, (_, i) => post('/v1/recommend', { user: `u${(i * 37) % users}`, k }));
    await load({ port, connections: 32, requests, seconds: 2 });
    const before = worked(child);
    const { times, seconds: lasted } = await load({ port, connections: 32, requests, seconds });
    const own = worked(child) - before;
    const at = (share: number): string => times[Math.floor(share * (times.length - 1))]!.toFixed(1);
    const cells = [
      `${items.toLocaleString('en')} × ${width}`,
      `${(took / 1000).toFixed(1)} s`,
      `${starting.toFixed(1)} s`,
      `${memory(child).toFixed(0)} MiB`,
      (times.length / lasted).toFixed(0),
      (times.length / own).toFixed(0),
      `${at(0.5)} ms`,
      `${at(0.99)} ms`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
    child.kill('SIGTERM');
    await once(child, 'exit');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
