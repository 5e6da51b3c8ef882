/** The nearest items of vectors by pgvector, and the best items of our exported runtime, with the time of each question. */
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exportPage, load, train } from '../../src/api.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { open } from '../../src/runtime.ts';
import { bagAt } from '../../src/training/evaluation/ranking_questions.ts';
import type { Matrix } from '../../src/training/scoring/matrix_product.ts';
import type { ScoringTask } from '../../src/training/scoring/scorer.ts';
import { startCluster } from '../../test/plugins/postgres/cluster.ts';

/** Items of an answer. */
const k = 50;

export interface MeanQuestion {
  readonly vector: Float32Array;
  /** Rows of items that leave the answer. */
  readonly seen: readonly number[];
}

export interface Listed {
  readonly name: string;
  readonly lists: readonly (readonly number[])[];
  readonly times: string;
}

const ways = [
  { name: 'pgvector, exact', settings: ['enable_indexscan = off'] },
  { name: 'pgvector, HNSW as it comes', settings: ['enable_seqscan = off'] },
  {
    name: 'pgvector, HNSW with iterative_scan',
    settings: ['enable_seqscan = off', 'hnsw.iterative_scan = strict_order'],
  },
];

const textOf = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** Asks each question alone, one after the other, with a statement that is prepared. */
export async function listedItems(items: Matrix, questions: readonly MeanQuestion[]): Promise<readonly Listed[]> {
  const cluster = await startCluster();
  try {
    const writer = await cluster.client();
    await writer.query('CREATE EXTENSION vector');
    await writer.query(`CREATE TABLE items (id int PRIMARY KEY, embedding vector(${items.columns}))`);
    for (let first = 0; first < items.rows; first += 500) {
      const ids = Array.from({ length: Math.min(500, items.rows - first) }, (_, at) => first + at);
      const vectors = ids.map((id) => textOf(items.data.subarray(id * items.columns, (id + 1) * items.columns)));
      const insert = 'INSERT INTO items SELECT id, v::vector FROM unnest($1::int[], $2::text[]) AS t(id, v)';
      await writer.query(insert, [ids, vectors]);
    }
    await writer.query('CREATE INDEX ON items USING hnsw (embedding vector_cosine_ops)');
    await writer.query('ANALYZE items');
    await writer.end();
    const listed: Listed[] = [];
    for (const { name, settings } of ways) {
      const client = await cluster.client();
      for (const setting of settings) await client.query(`SET ${setting}`);
      const ask = async ({ vector, seen }: MeanQuestion): Promise<readonly number[]> => {
        const text = `SELECT id FROM items WHERE id <> ALL($2::int[]) ORDER BY embedding <=> $1::vector LIMIT ${k}`;
        const { rows } = await client.query({ name: 'nearest', text, values: [textOf(vector), seen] });
        return rows.map(({ id }) => id as number);
      };
      const { answers, times } = await timed(questions, ask);
      const most = answers.reduce((sum, list) => sum + list.length, 0) / answers.length;
      listed.push({ name, lists: answers, times: `${times}; ${most.toFixed(1)} items an answer` });
      await client.end();
    }
    return listed;
  } finally {
    await cluster.remove();
  }
}

async function timed<Q, A>(questions: readonly Q[], ask: (question: Q) => Promise<A>) {
  for (const question of questions.slice(0, 50)) await ask(question);
  const answers: A[] = [];
  const times: number[] = [];
  const [before] = loadavg();
  for (const question of questions) {
    const start = performance.now();
    answers.push(await ask(question));
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * (times.length - 1))]!.toFixed(2);
  const load = `load ${before!.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after`;
  return { answers, times: `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, of ${times.length} questions, ${load}` };
}

/** Trains the model for one epoch, because time does not depend on its weights, and asks its export as a user with all events would. */
export async function runtimeTimes(
  data: string,
  folder: string,
  { corpus }: Dataset,
  { events }: ScoringTask,
  model: string,
): Promise<string> {
  const run = join(folder, model);
  await train(`models/${model}.tower`, { data, out: run, set: { epochs: 1 } });
  const trained = await load(run);
  await exportPage(trained, { out: join(folder, `${model}-page`) });
  await trained.close();
  const address = pathToFileURL(resolve(folder, `${model}-page`)).href;
  const opened = await open(address, {
    fetch: async (url) => new Response(new Uint8Array(await readFile(new URL(String(url))))),
  });
  const { bags, index } = events.earlier!;
  const rows = Array.from({ length: Math.min(2000, events.rows) }, (_, row) => row);
  const { times } = await timed(rows, async (row) => {
    const past = bagAt(bags, index ? index[row]! : row);
    const own = Array.from(past, (item, time) => ({ item: corpus.keys.at(item)!, time }));
    return opened.with(own).recommend({ k });
  });
  return `${model}, ${times}`;
}
