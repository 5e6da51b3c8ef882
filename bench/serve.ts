/**
 * The exact top k of a million items: time of one query and of batches, on one core, and whether the answers are the best of all
 * scores. `npm run bench -- serve`, or `npx tsx bench/serve.ts [--items=1000000] [--width=64] [--k=100] [--exact=1000]
 * [--exact-items=100000]`.
 *
 * Times are of the processor, so that other work on the machine changes them less; it still takes caches and memory from them. With `--python=PATH`
 * of a Python that has faiss-cpu and numpy, faiss searches the same vectors.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRandom } from '../src/base/random/random.ts';
import { Bits } from '../src/retrieval/scan/bits.ts';
import { blockRows } from '../src/retrieval/scan/codes.ts';
import { makeScan, type ScanRequest } from '../src/retrieval/scan/scan.ts';
import { describeMachine, median, peakMemory } from './machine.ts';

const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const numberOf = (name: string, otherwise: number): number => Number(option(name) ?? otherwise);
const [items, width, k] = [numberOf('items', 1e6), numberOf('width', 64), numberOf('k', 100)];
const exactQueries = numberOf('exact', 1000);
const random = makeRandom(11);

function gaussian(): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

const vectors = Float32Array.from({ length: items * width }, gaussian);
const queries = Array.from({ length: Math.max(256, exactQueries) }, () =>
  Float64Array.from({ length: width }, () => Math.fround(gaussian())),
);
const requests = queries.map((query): ScanRequest => ({ vectors: [query], k }));

/** Milliseconds of the processor. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timed<T>(work: () => T): { readonly took: number; readonly result: T } {
  const start = processorTime();
  const result = work();
  return { took: processorTime() - start, result };
}

console.log(`the scan of ${items.toLocaleString('en')} × ${width}, k ${k}: ${describeMachine()}`);
const { took: building, result: scan } = timed(() => makeScan(vectors, items, width));
console.log(`  codes made in ${building.toFixed(0)} ms; most memory so far ${peakMemory()} MiB`);
for (const request of requests.slice(0, 30)) scan.top([request]);
const single = requests.slice(0, 200).map((request) => timed(() => scan.top([request])).took);
single.sort((a, b) => a - b);
console.log(
  `  one query: p50 ${median(single).toFixed(2)} ms, p95 ${single[190]!.toFixed(2)} ms, least ${single[0]!.toFixed(2)} ms (goal: p50 ≤ 6.5)`,
);
for (const size of [8, 64, 256]) {
  const batch = requests.slice(0, size);
  scan.top(batch);
  const { took } = timed(() => scan.top(batch));
  console.log(`  ${size} queries together: ${((1000 * size) / took).toFixed(0)} queries/s (goal ≥ 300)`);
}

// What a scale for each item would save: items whose upper bound reaches the k-th best score.
console.log(`  items scored exactly by the width of the scale, mean of 20 queries (k ${k}):`);
for (const rows of [1, blockRows, items]) {
  const errors = new Float64Array(Math.ceil(items / rows));
  for (let block = 0; block < errors.length; block++) {
    const [from, to] = [block * rows * width, Math.min(items, (block + 1) * rows) * width];
    let largest = 0;
    for (let at = from; at < to; at++) largest = Math.max(largest, Math.abs(vectors[at]!));
    const scale = largest / 127;
    for (let at = from; at < to; at += width) {
      let squares = 0;
      for (let i = 0; i < width; i++) {
        const x = vectors[at + i]!;
        squares += (x - scale * Math.round(x / scale)) ** 2;
      }
      errors[block] = Math.max(errors[block]!, Math.sqrt(squares));
    }
  }
  const reach = queries.slice(0, 20).map((query) => {
    const length = Math.sqrt(query.reduce((sum, each) => sum + each * each, 0));
    const scores = scoresOf(query);
    const bound = (row: number): number => length * errors[Math.floor(row / rows)]!;
    // Codes miss a score by less than the bound, mostly by far less: here they miss it by nothing.
    const lower = scores.map((score, row) => score - bound(row)).sort();
    const limit = lower[items - k]!;
    return scores.reduce((count, score, row) => count + (score + bound(row) >= limit ? 1 : 0), 0);
  });
  console.log(`    a scale for ${rows} item${rows === 1 ? '' : 's'}: ${median(reach)}`);
}

function scoresOf(query: Float64Array, rows = items): Float64Array {
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += query[i]! * vectors[row * width + i]!;
    scores[row] = sum;
  }
  return scores;
}

const exactItems = Math.min(items, numberOf('exact-items', 1e5));
const smaller = makeScan(vectors.subarray(0, exactItems * width), exactItems, width);

/**
 * The answers against scores in float64, added up in another order: each has its score, in descending order, and no other item has more than
 * the last of them. What is within the rounding of float64 counts as a tie.
 */
function check(name: string, make: (i: number) => ScanRequest): void {
  let wrong = 0;
  for (let i = 0; i < exactQueries; i++) {
    const { allowed = Bits.all(exactItems), ...request } = make(i);
    const { rows, scores } = smaller.top([{ ...request, allowed }])[0]!;
    const all = scoresOf(request.vectors[0]!, exactItems);
    for (const other of request.vectors.slice(1)) {
      const scores = scoresOf(other, exactItems);
      for (let row = 0; row < exactItems; row++) all[row] = Math.max(all[row]!, scores[row]!);
    }
    const near = 1e-12 * (1 + Math.abs(scores[0] ?? 0));
    const last = (scores.at(-1) ?? Number.NEGATIVE_INFINITY) + near;
    let above = 0;
    for (let row = 0; row < exactItems; row++) if (all[row]! > last && allowed.has(row)) above++;
    const given = new Set(rows);
    const isRight =
      given.size === Math.min(k, allowed.count()) &&
      above < Math.max(1, given.size) &&
      rows.every((row, at) => allowed.has(row) && Math.abs(all[row]! - scores[at]!) <= near) &&
      rows.every((row) => all[row]! > last || Math.abs(all[row]! - last) <= 2 * near) &&
      scores.every((score, at) => at === 0 || score <= scores[at - 1]!);
    if (!isRight) wrong++;
  }
  console.log(
    `  ${name}: ${exactQueries - wrong} of ${exactQueries} queries over ${exactItems.toLocaleString('en')} items equal a search through all float64 scores`,
  );
}

const share = (part: number): Bits => {
  const bits = new Bits(exactItems);
  for (let row = 0; row < exactItems; row++) if (random.next() < part) bits.add(row);
  return bits;
};
if (exactQueries > 0) {
  const [hundredth, half] = [share(0.01), share(0.5)];
  const without = (): Bits => {
    const bits = Bits.all(exactItems);
    for (let i = 0; i < 5000; i++) bits.delete(random.integer(exactItems));
    return bits;
  };
  const weights = [0.2, 1, 3];
  const weighted = (query: Float64Array): Float64Array =>
    query.map((each, i) => each * weights[Math.floor((3 * i) / width)]!);
  check('no filter', (i) => requests[i]!);
  check('a filter that keeps 1 %', (i) => ({ ...requests[i]!, allowed: hundredth }));
  check('a filter that keeps half', (i) => ({ ...requests[i]!, allowed: half }));
  check('5,000 excluded', (i) => ({ ...requests[i]!, allowed: without() }));
  check('3 weights', (i) => ({ vectors: [weighted(queries[i]!)], k }));
  const interestsOf = (i: number) => [0, 1, 2, 3].map((j) => queries[(i + j) % queries.length]!);
  check('4 interests', (i) => ({ vectors: interestsOf(i), k }));
}

const python = option('python');
if (python !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'tower-serve-'));
  try {
    writeFileSync(join(folder, 'items.f32'), new Uint8Array(vectors.buffer));
    writeFileSync(
      join(folder, 'queries.f32'),
      new Uint8Array(Float32Array.from(queries.slice(0, 256).flatMap((each) => [...each])).buffer),
    );
    spawnSync(python, ['bench/peers/faiss_scan.py', folder, String(width), String(k)], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
