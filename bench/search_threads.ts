/**
 * Queries per second of threads that search one copy of the items: `npx tsx bench/search_threads.ts [--items=1000000] [--width=64] [--k=100] [--rounds=5]`.
 * Rounds of one and of two threads alternate. Threads need cores of their own: the load of the machine stands beside the figures.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type SharedItems, scanOfShared, shareItems } from '../src/retrieval/scan/scan.ts';
import { describeMachine, median, peakMemory, range } from './machine.ts';
import { twoTowers } from './serving/two_towers.ts';

const option = (name: string, otherwise: number): number =>
  Number(process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);

interface Started {
  readonly items: SharedItems;
  readonly thread: number;
  readonly queries: Float32Array;
  readonly k: number;
}

if (isMainThread) await compare();
else answer(workerData as Started);

/** Answers 32 queries at a time for as long as it is asked to, and says how many it answered. */
function answer({ items, thread, queries, k }: Started): void {
  const scan = scanOfShared(items, thread);
  const requests = Array.from({ length: queries.length / items.width }, (_, i) => ({
    vectors: [Float64Array.from(queries.subarray(i * items.width, (i + 1) * items.width))],
    k,
  }));
  parentPort!.on('message', (milliseconds: number) => {
    const start = performance.now();
    const before = process.cpuUsage();
    let answered = 0;
    while (performance.now() - start < milliseconds) {
      scan.top(requests);
      answered += requests.length;
    }
    const { user, system } = process.cpuUsage(before);
    parentPort!.postMessage({
      rate: (1000 * answered) / (performance.now() - start),
      processor: (user + system) / 1000,
    });
  });
  parentPort!.postMessage('ready');
}

async function compare(): Promise<void> {
  const [count, width, k, rounds] = [option('items', 1e6), option('width', 64), option('k', 100), option('rounds', 5)];
  const { items: vectors, queries } = twoTowers(count, 32, width);
  const items = shareItems(vectors, count, width, 2);
  // A worker of Node.js 20 does not load TypeScript by `--import`.
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(import.meta.url)})))`;
  const workers = [0, 1].map((thread) => new Worker(code, { eval: true, workerData: { items, thread, queries, k } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const rateOf = async (some: readonly Worker[]): Promise<number> => {
    const answers = some.map((worker) => once(worker, 'message'));
    for (const worker of some) worker.postMessage(2000);
    return (await Promise.all(answers)).reduce((sum, [{ rate }]) => sum + rate, 0);
  };
  await rateOf(workers);
  const [one, two]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    one.push(await rateOf([workers[round % 2]!]));
    two.push(await rateOf(workers));
  }
  console.log(`threads over ${count.toLocaleString('en')} × ${width}, k ${k}, 32 together: ${describeMachine()}`);
  console.log(`  one ${range(one, 0)} queries/s, two ${range(two, 0)} queries/s`);
  console.log(
    `  ${range(
      two.map((each, i) => each / one[i]!),
      2,
    )} times, median of all ${(median(two) / median(one)).toFixed(2)}`,
  );
  console.log(
    `  most memory of the process: ${peakMemory()} MiB, of which vectors ${Math.round(vectors.byteLength / 2 ** 20)} MiB`,
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
}
