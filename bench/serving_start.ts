/**
 * How long a server takes from launch to its first answer, and the most memory it held until then: of a run that nothing was kept of, and of what the
 * first start kept. `npx tsx bench/serving_start.ts [--sizes=10000x64,100000x64,1000000x64] [--rounds=5] [--engine=onnx]`, after `npm run build`.
 * `--run=FOLDER` takes a run that is there.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { describeMachine, range } from './machine.ts';
import { makeServedRun } from './served_run.ts';

const option = (name: string, otherwise: string): string =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const rounds = Number(option('rounds', '5'));
const engine = option('engine', '');
const ofEngine = engine === '' ? [] : ['--engine', engine];

/** The most that a child had so far, in MiB. */
const memory = ({ pid }: ChildProcess): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Seconds that the processors worked for it: what the clock says is true only of a machine that does nothing else. */
const worked = ({ pid }: ChildProcess): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

interface Start {
  readonly milliseconds: number;
  readonly worked: number;
  readonly most: number;
}

const isKept = (run: string): boolean =>
  existsSync(join(run, 'cache')) && readdirSync(join(run, 'cache')).some((name) => /^[a-z]+\.safetensors$/.test(name));

/** The server as a user starts it, until it answers a user. */
async function start(run: string): Promise<Start> {
  const from = performance.now();
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', run, '--port', '0', '--no-log', ...ofEngine], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  for await (const line of createInterface({ input: child.stderr! })) {
    said += `${line}\n`;
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url === undefined) continue;
    child.stderr!.resume();
    const body = JSON.stringify({ user: 'u37', k: 10 });
    const answer = await fetch(`${url}/v1/recommend`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    if (answer.status !== 200) throw new Error(`the server of ${run} answers ${answer.status}`);
    const milliseconds = performance.now() - from;
    const [most, own] = [memory(child), worked(child)];
    // A server that is stopped keeps nothing that it has not written yet.
    for (let waited = 0; waited < 600 && !isKept(run); waited++) await pause(100);
    child.kill('SIGTERM');
    await once(child, 'exit');
    return { milliseconds, worked: own, most };
  }
  throw new Error(`the server of ${run} has not started:\n${said}`);
}

async function measure(run: string, what: string): Promise<void> {
  const kept = join(run, 'cache');
  rmSync(kept, { recursive: true, force: true });
  const first = await start(run);
  const next: Start[] = [];
  for (let round = 0; round < rounds; round++) next.push(await start(run));
  const of = (pick: (each: Start) => number, digits: number): string => range(next.map(pick), digits);
  const size = execFileSync('du', ['-sm', kept, '--apparent-size'], { encoding: 'utf8' }).split('\t')[0];
  const cells = [
    what,
    `${(first.milliseconds / 1000).toFixed(2)} s`,
    `${first.worked.toFixed(1)} s`,
    `${first.most.toFixed(0)} MiB`,
    `${of(({ milliseconds }) => milliseconds / 1000, 2)} s`,
    `${of((each) => each.worked, 1)} s`,
    `${of(({ most }) => most, 0)} MiB`,
    `${size} MiB`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

console.log(`tower serve, from launch to an answer: ${describeMachine()}; median [lowest–highest] of ${rounds} rounds`);
console.log('| items × width | first start | of a processor | memory | next starts | of a processor | memory | kept |');
console.log('|---|--:|--:|--:|--:|--:|--:|--:|');
const given = option('run', '');
if (given !== '') await measure(given, given);
else {
  for (const size of option('sizes', '10000x64,100000x64,1000000x64').split(',')) {
    const [items, width] = size.split('x').map(Number) as [number, number];
    const root = mkdtempSync(join(tmpdir(), 'tower-start-'));
    try {
      const run = await makeServedRun(root, { items, users: 20_000, events: 100_000, width });
      await measure(run, `${items.toLocaleString('en')} × ${width}`);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
}
