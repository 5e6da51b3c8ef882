/**
 * The best items from PostgreSQL with pgvector, next to the scan of the same items: what an index takes and finds, and the processor time of a query.
 * `npx tsx bench/postgres.ts [--items=100000] [--width=64] [--k=100] [--recall=0.99]`. It starts a PostgreSQL of its own, as tests do.
 *
 * Vectors have structure, as those of towers do: 12 hidden numbers each, seen through another matrix on each side, and noise. Random vectors without it have
 * no neighbours, and no graph finds them.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { makeRandom } from '../src/base/random/random.ts';
import { openPostgres } from '../src/plugins/postgres/search_postgres.ts';
import { writeIndex } from '../src/plugins/postgres/write_postgres.ts';
import { makeSnapshot } from '../src/retrieval/snapshot.ts';
import { exactAnswersOf } from '../src/serving/live/recommender.ts';
import { startCluster } from '../test/plugins/postgres/cluster.ts';
import { describeMachine } from './machine.ts';

const numberOf = (name: string, otherwise: number): number =>
  Number(process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise);
const [rows, width, k, recall] = [
  numberOf('items', 100_000),
  numberOf('width', 64),
  numberOf('k', 100),
  numberOf('recall', 0.99),
];
const hidden = 12;
const random = makeRandom(5);
const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const gaussians = (count: number): Float64Array => Float64Array.from({ length: count }, gaussian);
const shared = gaussians(hidden * width);

/** Rows of one side. */
function side(count: number): Float32Array {
  const own = gaussians(hidden * width).map((each, i) => shared[i]! + 0.5 * each);
  const vectors = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const latent = gaussians(hidden);
    for (let i = 0; i < width; i++) {
      let sum = 0.3 * gaussian();
      for (let h = 0; h < hidden; h++) sum += latent[h]! * own[h * width + i]!;
      vectors[row * width + i] = sum;
    }
  }
  return vectors;
}

/** Processor time in milliseconds of all processes that began in a folder, and of those that they waited for. */
function timeIn(folder: string): number {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      for (const at of [11, 12, 13, 14]) ticks += Number(fields[at]);
    } catch {
      // It has ended.
    }
  }
  return 10 * ticks;
}

const data = side(rows);
const asked = side(500);
const queries = Array.from({ length: 500 }, (_, at) => [asked.subarray(at * width, (at + 1) * width)]);
const values = Float64Array.from({ length: rows }, (_, row) => row % 100);
const snapshot = makeSnapshot({
  version: 'bench',
  items: {
    vectors: { data, rows, width },
    keys: Array.from({ length: rows }, (_, row) => `item ${row}`),
    columns: new Map([['part', { kind: 'number', values }]]),
  },
});
console.log(`${rows.toLocaleString('en')} × ${width}, k ${k}, recall ${recall}: ${describeMachine()}`);
const cluster = await startCluster();
const spent = async <T>(work: () => Promise<T>): Promise<readonly [database: number, here: number, result: T]> => {
  const [before, own] = [timeIn(cluster.socket), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(own);
  return [timeIn(cluster.socket) - before, (user + system) / 1000, result];
};
try {
  const truth = exactAnswersOf(snapshot, queries.slice(0, 200), k);
  const url = cluster.url('postgres', '?options=-c%20maintenance_work_mem%3D1GB');
  const options = { name: 'tower_items', recall, half: false, dropsOlder: false, onProgress: console.log };
  const [database, here, { row }] = await spent(() => writeIndex(url, snapshot, truth, options));
  console.log(
    `written: processor time ${database} ms in the database, ${here.toFixed(0)} ms here`,
    row.settings,
    row.certificate,
  );
  const client = await cluster.client();
  const { rows: sizes } = await client.query(
    `SELECT pg_size_pretty(pg_table_size('${row.table}')) AS rows, pg_size_pretty(pg_indexes_size('${row.table}')) AS graph`,
  );
  console.log('sizes', sizes[0]);
  await client.end();
  const index = await openPostgres(cluster.url(), snapshot, { name: 'tower_items' });
  for (const [name, more] of [
    ['no filter', {}],
    ['a filter that keeps 50 %', { filter: 'part < 50' }],
    ['a filter that keeps 1 %', { filter: 'part = 7' }],
    ['5,000 items excluded', { excludeRows: Array.from({ length: 5000 }, (_, i) => 7 * i) }],
  ] as const) {
    const requests = queries.map((vectors) => ({ vectors, k, ...more }));
    await index.top(requests.slice(0, 20));
    const [inDatabase, own] = await spent(async () => {
      for (let from = 0; from < requests.length; from += 8) await index.top(requests.slice(from, from + 8));
    });
    const start = process.cpuUsage();
    for (const request of requests) snapshot.top([request]);
    const scan = process.cpuUsage(start);
    const each = (milliseconds: number): string => (milliseconds / requests.length).toFixed(2);
    console.log(
      `${name}: ${each(inDatabase)} ms in the database, ${each(own)} ms here; the scan ${each((scan.user + scan.system) / 1000)} ms`,
    );
  }
  await index.close();
} finally {
  await cluster.remove();
}
