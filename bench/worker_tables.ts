/**
 * Tables that each worker holds next to tables whose rows workers share: the most memory of each worker, and bytes on the wire a step. Bytes are those
 * of the loopback device, so run it in a network of its own: `unshare -n sh -c 'ip link set lo up; npx tsx bench/worker_tables.ts [--rows 2e6] [--workers 2] [--batch 1024]'`
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRandom } from '../src/base/random/random.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2e6' },
    workers: { type: 'string', default: '2' },
    batch: { type: 'string', default: '1024' },
    folder: { type: 'string', default: '/tmp/worker-tables' },
  },
});
const { folder } = values;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const path = (name: string): string => join(folder, name);
const [rows, batch] = [Number(values.rows), Number(values.batch)];
writeFileSync(
  path('model.tower'),
  `model wide
features { user_id : id(hash: ${rows}, dim: 16), item_id : id(hash: ${rows / 2}, dim: 16) }
tower user(user_id) keyed by user_id { channel main = user_id -> flatten -> mlp(16) }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten -> mlp(16) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
train { batch = ${batch}, embeddings = adagrad(rate: 0.05, per: row) }
`,
);
writeFileSync(path('data.tower'), 'data made { events = "events.csv", split = random(validation: 0%, test: 1%) }\n');
const random = makeRandom(1);
const events = Array.from({ length: 100 * batch }, () => `u${random.integer(1e6)},i${random.integer(5e5)}`);
writeFileSync(path('events.csv'), `user_id,item_id\n${events.join('\n')}\n`);

const statusOf = (pid: number, name: string): number => {
  try {
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
};

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
};

const loopback = (): number => Number(/lo:\s*(\d+)/.exec(readFileSync('/proc/net/dev', 'utf8'))![1]);

async function trainOnce(layout: string, steps: number) {
  const before = loopback();
  const child = spawn(
    process.execPath,
    [
      ...['dist/cli.js', 'train', path('model.tower'), '--data', path('data.tower'), '--out', path(layout), '--force'],
      ...['--workers', values.workers, '--tables', layout, '--set', `steps=${steps}`],
    ],
    { stdio: 'ignore' },
  );
  // The first worker, and what it has started with the same command.
  const peaks = new Map<number, number>();
  const timer = setInterval(() => {
    const others = childrenOf(child.pid!).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('cli.js');
      } catch {
        return false;
      }
    });
    for (const pid of [child.pid!, ...others]) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, statusOf(pid, 'VmHWM')));
  }, 200);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${layout} ended with ${code}`);
  return { wire: loopback() - before, megabytes: [...peaks.values()].map((kilobytes) => Math.round(kilobytes / 1024)) };
}

for (const layout of ['replicated', 'sharded']) {
  const few = await trainOnce(layout, 10);
  const many = await trainOnce(layout, 50);
  const aStep = Math.round((many.wire - few.wire) / 40);
  console.log(
    JSON.stringify({ layout, rows: 1.5 * rows, batch, bytesOnTheWireAStep: aStep, peakMegabytes: many.megabytes }),
  );
}
