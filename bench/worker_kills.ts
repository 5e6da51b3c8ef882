/**
 * Kills of random workers: a training of several workers is killed again and again, at random moments, and resumed. Its weights and losses must be
 * the bits of a training that nobody disturbs. `tsx bench/worker_kills.ts [--kills 20] [--workers 2] [--seed 1] [--more="--tables sharded"]`
 * With `--events 1.4e6 --batch 16384 --more="--memory 1280M"` the rows are in shards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRandom } from '../src/base/random/random.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    events: { type: 'string', default: '12000' },
    batch: { type: 'string', default: '512' },
    more: { type: 'string', default: '' },
    folder: { type: 'string', default: '/tmp/worker-kills' },
  },
});
const { folder } = values;
const random = makeRandom(Number(values.seed));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const path = (name: string): string => join(folder, name);
writeFileSync(
  path('model.tower'),
  `model kills
features { user_id : id(dim: 8), item_id : id(dim: 8) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten -> mlp(16, 8) }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> mlp(16, 8) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1, correction: streaming) }
train { batch = ${values.batch}, epochs = 3, validate = every(steps: 10) }
`,
);
writeFileSync(
  path('data.tower'),
  'data made { events = "events.csv", time = "at", split = by_time(validation: 5%, test: 5%) }\n',
);
const count = Number(values.events);
const users = Math.max(500, Math.ceil(count / 20));
const events = Array.from({ length: count }, (_, at) => `${random.integer(users)},${random.integer(800)},${at}`);
writeFileSync(path('events.csv'), `user_id,item_id,at\n${events.join('\n')}\n`);

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

function start(run: string): Started {
  const resume = existsSync(join(run, 'run.json')) ? ['--resume'] : [];
  const child = spawn(
    process.execPath,
    [
      ...['dist/cli.js', 'train', path('model.tower'), '--data', path('data.tower'), '--out', run],
      ...['--workers', values.workers, ...values.more.split(' ').filter(Boolean), ...resume],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes;
    });
  }
  return { child, said: () => said, ended: new Promise((resolve) => child.on('close', resolve)) };
}

/** Direct children of a process, from `/proc`. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** All processes of a training: the first worker, the others, and what they have started. */
function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)];
}

const bitsOf = (run: string): string => {
  const losses = readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).loss);
  const weights = createHash('sha256')
    .update(readFileSync(join(run, 'weights.safetensors')))
    .digest('hex');
  return `${weights} ${losses}`;
};

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

const began = performance.now();
const whole = start(path('whole'));
if ((await whole.ended) !== 0) throw new Error(whole.said());
const duration = performance.now() - began;
console.log(`undisturbed: ${(duration / 1000).toFixed(0)} s`);

let [kills, runs, same] = [0, 0, 0];
const reasons = new Map<string, number>();
for (; kills < Number(values.kills); runs++) {
  const run = path(`run-${runs}`);
  for (;;) {
    const { child, said, ended } = start(run);
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    if (kills < Number(values.kills)) {
      await sleep(random.next() * 0.9 * duration);
      const all = isOver ? [] : family(child.pid!);
      if (all.length > 0) {
        kills++;
        process.kill(all[random.integer(all.length)]!, 'SIGKILL');
      }
    }
    if ((await ended) === 0) break;
    const line =
      said()
        .split('\n')
        .find((each) => each.startsWith('error')) ?? 'the first worker was killed';
    const code = /\[([\w-]+)\]$/.exec(line)?.[1] ?? line;
    reasons.set(code, (reasons.get(code) ?? 0) + 1);
  }
  const isSame = bitsOf(run) === bitsOf(path('whole'));
  same += Number(isSame);
  console.log(`run ${runs}: ${kills} kills up to now, ${isSame ? 'the same bits' : 'OTHER BITS'}`);
}
console.log(`${kills} kills in ${runs} runs; ${same} of ${runs} end with the bits of the undisturbed run`);
console.log([...reasons].map(([reason, count]) => `${count} × ${reason}`).join(', '));
process.exitCode = same === runs ? 0 : 1;
