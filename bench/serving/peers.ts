/**
 * Ours next to the libraries of PyPI, in one sitting: `npx tsx bench/serving/peers.ts --python=PATH [--items=1000000] [--near=200000] [--rounds=5]`.
 * The Python has what bench/peers/requirements-serve.txt names; what is missing is skipped. Both sides search the same vectors
 * (`two_towers.ts`), one query at a time, on one core: start it with `taskset -c 0`. Rounds alternate. Times are of the processor, the median of 40 queries.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { certify } from '../../src/plugins/lists/certificate.ts';
import { buildLists } from '../../src/plugins/lists/index_lists.ts';
import { prepareLists } from '../../src/plugins/lists/lists.ts';
import { makeScan } from '../../src/retrieval/scan/scan.ts';
import { describeMachine, median, range } from '../machine.ts';
import { twoTowers } from './two_towers.ts';

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const numberOf = (name: string, otherwise: number): number => Number(option(name) ?? otherwise);
const [items, few, rounds] = [numberOf('items', 1e6), numberOf('near', 2e5), numberOf('rounds', 5)];
const [width, k] = [64, 100];
const [measured, tuned] = [40, 200];
const python = option('python');
if (python === undefined) throw new Error('name a Python: --python=PATH');

const folder = mkdtempSync(join(tmpdir(), 'tower-peers-'));
function write(count: number) {
  const made = twoTowers(count, measured + tuned, width);
  writeFileSync(join(folder, 'items.f32'), new Uint8Array(made.items.buffer));
  writeFileSync(join(folder, 'queries.f32'), new Uint8Array(made.queries.buffer));
  const queries = Array.from({ length: measured + tuned }, (_, i) =>
    Float64Array.from(made.queries.subarray(i * width, (i + 1) * width)),
  );
  return { scan: makeScan(made.items, count, width), data: made.items, queries };
}

// Python reads the queries when it starts. Both parts have the same: they are of the same towers.
const near = write(few);
const peers = spawn(python, ['bench/peers/serve_peers.py', folder, String(width), String(k)], {
  stdio: ['pipe', 'pipe', 'inherit'],
  env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '3' },
});
const lines = createInterface({ input: peers.stdout })[Symbol.asyncIterator]();
type Facts = Readonly<
  Record<string, { readonly setting?: unknown; readonly recall?: number; readonly built?: number }>
>;
async function ask<T>(command: string): Promise<T> {
  peers.stdin.write(`${command}\n`);
  return JSON.parse((await lines.next()).value as string) as T;
}

const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
function timeOf(search: (query: Float64Array) => void, queries: readonly Float64Array[]): number {
  return median(
    queries.map((query) => {
      const start = processorTime();
      search(query);
      return processorTime() - start;
    }),
  );
}

async function compare(title: string, ours: ReadonlyMap<string, (query: Float64Array) => void>, facts: Facts) {
  const times = new Map<string, number[]>();
  const add = (name: string, time: number): void => void times.set(name, [...(times.get(name) ?? []), time]);
  for (const search of ours.values()) for (const query of warm) search(query);
  for (let round = 0; round < rounds; round++) {
    for (const [name, search] of ours) add(name, timeOf(search, some));
    for (const [name, time] of Object.entries(await ask<Record<string, number>>('round'))) add(name, time);
  }
  console.log(`\n${title}\n${describeMachine()}; median [lowest–highest] of ${rounds} rounds, ms a query`);
  for (const [name, of] of times)
    console.log(`  ${name.padEnd(44)} ${range(of, 2)}  ${JSON.stringify(facts[name] ?? {})}`);
}

let some: readonly Float64Array[] = [];
let warm: readonly Float64Array[] = [];
try {
  [some, warm] = [near.queries.slice(0, measured), near.queries.slice(measured, measured + 30)];
  const facts: Record<string, Facts[string]> = { ...(await ask<Facts>('near items.f32')) };
  const start = processorTime();
  const indexOf = prepareLists(await buildLists({ data: near.data, rows: few, width }), near.scan);
  const built = (processorTime() - start) / 1000;
  const ours = new Map<string, (query: Float64Array) => void>();
  const asked = near.queries.slice(measured).map((query) => [query]);
  for (const recall of [0.95, 0.99]) {
    const { certificate, reach } = await certify(near.scan, indexOf, { queries: asked, k, recall });
    const index = indexOf(k, reach);
    ours.set(`Tower, lists @ ${recall}`, (query) => index.search({ vectors: [query], k }));
    facts[`Tower, lists @ ${recall}`] = { setting: reach, recall: certificate.recall, built };
  }
  ours.set('Tower, exact', (query) => near.scan.top([{ vectors: [query], k }]));
  await compare(`approximate, ${few.toLocaleString('en')} × ${width}, k ${k}`, ours, facts);

  const { items: more } = twoTowers(items, 1, width);
  writeFileSync(join(folder, 'items.f32'), new Uint8Array(more.buffer));
  const scan = makeScan(more, items, width);
  const exactFacts = await ask<Facts>('exact items.f32');
  const exact = new Map([['Tower, exact', (query: Float64Array) => void scan.top([{ vectors: [query], k }])]]);
  await compare(`exact, ${items.toLocaleString('en')} × ${width}, k ${k}`, exact, exactFacts);
} finally {
  peers.stdin.end();
  rmSync(folder, { recursive: true });
}
