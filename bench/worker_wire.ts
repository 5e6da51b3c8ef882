/**
 * Two workers on a wire of a given rate: each is in a network namespace of its own, and one pair of virtual devices joins them, as a cable joins
 * two machines. Examples a second, bytes a step, and how much of the wire they take. Linux and root:
 * `tsx bench/worker_wire.ts [--rates none,10gbit,1gbit] [--layouts replicated,sharded] [--batch 1024] [--features 20] [--rounds 1]`
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRandom } from '../src/base/random/random.ts';

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: 'none,10gbit,1gbit' },
    layouts: { type: 'string', default: 'replicated,sharded' },
    batch: { type: 'string', default: '1024' },
    features: { type: 'string', default: '20' },
    rows: { type: 'string', default: '1e5' },
    steps: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '1' },
    folder: { type: 'string', default: '/tmp/worker-wire' },
  },
});
const { folder } = values;
const [batch, features, rows, steps] = [values.batch, values.features, values.rows, values.steps].map(Number) as [
  number,
  number,
  number,
  number,
];
const workers = ['first', 'second'] as const;
const spaceOf = (worker: string): string => `tower-${worker}`;
const address = (at: number): string => `10.77.0.${at + 1}`;
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const path = (name: string): string => join(folder, name);
writeModel();
const noWire = (): void => {
  for (const worker of workers) {
    try {
      execFileSync('ip', ['netns', 'delete', spaceOf(worker)], { stdio: 'ignore' });
    } catch {
      // It is not there.
    }
  }
};
process.on('exit', noWire);
for (let round = 0; round < Number(values.rounds); round++)
  for (const rate of values.rates.split(','))
    for (const layout of values.layouts.split(',')) await measure(rate, layout);

/** Half of the features are of the user, half of the item. */
function writeModel(): void {
  const names = Array.from({ length: features }, (_, at) => `f${at}`);
  const of = (user: boolean): string[] => names.filter((_, at) => (at % 2 === 0) === user);
  const tower = (name: string, own: readonly string[]): string =>
    `group of_${name} = ${own.join(', ')}\ntower ${name}(of_${name}) keyed by ${own[0]} { channel main = of_${name} -> flatten -> mlp(256, 128, 64) }`;
  writeFileSync(
    path('model.tower'),
    `model wire
features {
${names.map((name) => `  ${name} : id(hash: ${rows}, dim: 16)`).join('\n')}
}
${tower('user', of(true))}
${tower('item', of(false))}
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
train { batch = ${batch}, epochs = 2, embeddings = adagrad(rate: 0.05, per: row) }
`,
  );
  writeFileSync(path('data.tower'), 'data made { events = "events.csv", split = random(validation: 0%, test: 1%) }\n');
  const random = makeRandom(1);
  const event = (): string => names.map((_, at) => `${at}-${random.integer(rows)}`).join(',');
  const events = Array.from({ length: Math.ceil((steps * batch) / 0.99) }, event);
  writeFileSync(path('events.csv'), `${names.join(',')}\n${events.join('\n')}\n`);
}

function makeWire(rate: string): void {
  noWire();
  for (const worker of workers) ip('netns', 'add', spaceOf(worker));
  ip(
    'link',
    'add',
    'wire',
    'netns',
    spaceOf('first'),
    'type',
    'veth',
    'peer',
    'name',
    'wire',
    'netns',
    spaceOf('second'),
  );
  for (const [at, worker] of workers.entries()) {
    const inside = (...args: string[]): string => ip('-n', spaceOf(worker), ...args);
    inside('address', 'add', `${address(at)}/24`, 'dev', 'wire');
    for (const device of ['lo', 'wire']) inside('link', 'set', device, 'up');
    if (rate === 'none') continue;
    const shape = ['qdisc', 'add', 'dev', 'wire', 'root', 'tbf', 'rate', rate, 'burst', '2mb', 'latency', '100ms'];
    ip('netns', 'exec', spaceOf(worker), 'tc', ...shape);
  }
}

/** Bytes that a worker has sent to the other. */
function sent(worker: string): number {
  return Number(ip('netns', 'exec', spaceOf(worker), 'cat', '/sys/class/net/wire/statistics/tx_bytes'));
}

async function measure(rate: string, layout: string): Promise<void> {
  makeWire(rate);
  const out = path(`${layout}-${rate}`);
  const ended = workers.map((worker, at) => {
    const child = spawn(
      'ip',
      [
        ...['netns', 'exec', spaceOf(worker), process.execPath, 'dist/cli.js', 'train', path('model.tower'), '--data'],
        ...[
          path('data.tower'),
          '--out',
          out,
          '--workers',
          'launched',
          '--tables',
          layout,
          '--engine',
          'torch',
          '--force',
        ],
      ],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          ...process.env,
          ...{ RANK: String(at), WORLD_SIZE: '2', LOCAL_WORLD_SIZE: '1', LOCAL_RANK: '0' },
          ...{ MASTER_ADDR: address(0), MASTER_PORT: '29500', GLOO_SOCKET_IFNAME: 'wire', OMP_NUM_THREADS: '1' },
        },
      },
    );
    let said = '';
    child.stderr.on('data', (text) => (said += String(text)));
    return new Promise<{ code: number | null; said: string }>((resolve) =>
      child.on('close', (code) => resolve({ code, said })),
    );
  });
  for (const { code, said } of await Promise.all(ended))
    if (code !== 0) throw new Error(`a worker ended with ${code}: ${said}`);
  const epochs = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const last = JSON.parse(epochs.at(-1)!) as { examplesPerSecond: number; rows: number; step: number };
  // What lies between the epochs is little next to the steps.
  const bytes = workers.reduce((sum, worker) => sum + sent(worker), 0) / last.step;
  const second = last.examplesPerSecond / batch;
  const figures = {
    ...{ rate, layout, batch, features, examplesPerSecond: Math.round(last.examplesPerSecond) },
    ...{
      megabytesAStepBothWays: +(bytes / 1e6).toFixed(2),
      gigabitsASecondEachWay: +((bytes * 8 * second) / 2e9).toFixed(2),
    },
  };
  console.log(JSON.stringify(figures));
}
