/**
 * Search at size, in processor time of one core: the exact scan with filters that keep few items, and lists of near items. `npm run bench -- search`, or
 * `npx tsx bench/search.ts [--items=1000000] [--width=64] [--k=100] [--rounds=5] [--lists=no] [--python=PATH]`. With a Python that has faiss-cpu, its IVF
 * searches the same vectors (`peers/faiss_ivf.py`).
 *
 * Vectors are those of two towers (`serving/two_towers.ts`: topics, lengths that differ, queries from another distribution) and random normal ones,
 * the worst case. Each figure is the median [lowest–highest] of rounds, each of which is the median of 60 queries.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRandom } from '../src/base/random/random.ts';
import { buildLists } from '../src/plugins/lists/index_lists.ts';
import { prepareLists } from '../src/plugins/lists/lists.ts';
import { recallOf } from '../src/retrieval/scan/approximate.ts';
import { Bits } from '../src/retrieval/scan/bits.ts';
import { makeScan, type ScanRequest } from '../src/retrieval/scan/scan.ts';
import { describeMachine, median, range } from './machine.ts';
import { type TwoTowers, twoTowers } from './serving/two_towers.ts';

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const numberOf = (name: string, otherwise: number): number => Number(option(name) ?? otherwise);
const [items, width, k] = [numberOf('items', 1e6), numberOf('width', 64), numberOf('k', 100)];
const [queryCount, rounds] = [60, numberOf('rounds', 5)];
/** Queries whose recall chooses the reach of lists. */
const judged = 300;
const python = option('python');

function randomNormal(): TwoTowers {
  const random = makeRandom(11);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const vectors = (count: number): Float32Array => Float32Array.from({ length: count * width }, gaussian);
  return { items: vectors(items), queries: vectors(queryCount + judged) };
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function medianOf(works: readonly (() => unknown)[]): number {
  return median(
    works.map((work) => {
      const start = processorTime();
      work();
      return processorTime() - start;
    }),
  );
}

const random = makeRandom(3);
function keptShare(share: number): Bits {
  const kept = new Bits(items);
  for (let row = 0; row < items; row++) if (random.next() < share) kept.add(row);
  return kept;
}
function keptRange(share: number): Bits {
  const kept = new Bits(items);
  for (let row = Math.floor(items / 3), end = row + share * items; row < end; row++) kept.add(row);
  return kept;
}

const filters = new Map<string, Bits | undefined>([
  ['no filter', undefined],
  ['30 %', keptShare(0.3)],
  ['10 %', keptShare(0.1)],
  ['4 %', keptShare(0.04)],
  ['2 %', keptShare(0.02)],
  ['1 %', keptShare(0.01)],
  ['1 %, rows in a row', keptRange(0.01)],
  ['0.1 %', keptShare(0.001)],
]);

for (const [name, make] of [
  ['two towers', () => twoTowers(items, queryCount + judged, width)],
  ['random normal', randomNormal],
] as const) {
  const made = make();
  const scan = makeScan(made.items, items, width);
  const allQueries = Array.from({ length: queryCount + judged }, (_, i) =>
    Float64Array.from(made.queries.subarray(i * width, (i + 1) * width)),
  );
  const queries = allQueries.slice(0, queryCount);
  console.log(`\n${name}, ${items.toLocaleString('en')} × ${width}, k ${k}: ${describeMachine()}`);
  for (const [filter, allowed] of filters) {
    const requests = queries.map((query): ScanRequest => ({ vectors: [query], k, ...(allowed && { allowed }) }));
    scan.top(requests);
    const singles = Array.from({ length: rounds }, () => medianOf(requests.map((each) => () => scan.top([each]))));
    const together = Array.from(
      { length: rounds },
      () => medianOf([() => scan.top(requests.slice(0, 32)), () => scan.top(requests.slice(28, 60))]) / 32,
    );
    console.log(
      `  ${filter.padEnd(20)} one query ${range(singles, 2)} ms, 32 together ${range(together, 2)} ms a query`,
    );
  }
  if (option('lists') === 'no') continue;
  const start = processorTime();
  const lists = await buildLists({ data: made.items, rows: items, width });
  const builtSeconds = (processorTime() - start) / 1000;
  const prepared = prepareLists(lists, scan);
  console.log(`  ${lists.ends.length.toLocaleString('en')} lists built in ${builtSeconds.toFixed(0)} s of a core`);
  const asked = allQueries.slice(queryCount).map((query): ScanRequest => ({ vectors: [query], k }));
  const exact = scan.top(asked);
  for (const reach of [3, 3.25, 3.5, 4, 4.25, 4.5, 4.75, 5, 5.5, 6]) {
    const { search } = prepared(k, reach);
    const recall = asked.reduce((sum, each, i) => sum + recallOf(search(each)!, exact[i]!), 0) / judged;
    const works = queries.map((query) => () => search({ vectors: [query], k }));
    const times = Array.from({ length: rounds }, () => medianOf(works));
    const scans = Array.from({ length: rounds }, () =>
      medianOf(queries.map((query) => () => scan.top([{ vectors: [query], k }]))),
    );
    console.log(
      `  lists, reach ${reach}: recall ${recall.toFixed(4)}, one query ${range(times, 2)} ms, the scan beside it ${range(scans, 2)} ms`,
    );
    if (recall >= 0.9995) break;
  }
  if (python === undefined) continue;
  const folder = mkdtempSync(join(tmpdir(), 'tower-search-'));
  try {
    writeFileSync(join(folder, 'items.f32'), new Uint8Array(made.items.buffer));
    writeFileSync(join(folder, 'queries.f32'), new Uint8Array(made.queries.buffer));
    const args = ['bench/peers/faiss_ivf.py', folder, String(width), String(k), String(queryCount)];
    spawnSync(python, args, { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
