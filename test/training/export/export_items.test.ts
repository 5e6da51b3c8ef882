/** The vectors of all items, read back by others: a search over them by brute force has the answers of the recommender. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import { makeRecommender, type Recommender } from '../../../src/serving/live/recommender.ts';
import { exportModel, writeItems } from '../../../src/training/export/export_towers.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';

const root = temporaryFolder();
const folder = join(root, 'exported');
const { corpus } = dataset;
let recommender: Recommender;
let files: readonly string[];

beforeAll(async () => {
  const trained = await trainSmall(root);
  const { plan, tables, parameters } = trained;
  const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
  const items = { keys: corpus.keys, titles: corpus.titles!, vectors: retrieval.items() };
  ({ files } = await exportModel(trained, { folder, tower: '0.0.0', items }));
  recommender = await makeRecommender(trained, dataset, plainEngine);
}, 60_000);

const users = ['u0', 'u3', 'u7'];

/** Keys and scores, best first, of all items for the users. */
const expected = () =>
  Promise.all(
    users.map(async (key) => {
      const { items } = await recommender.ask({ key }, { k: corpus.rows, removeSeen: false });
      return items.map(({ key: item, score }) => ({ key: item, score: expect.closeTo(score, 5) }));
    }),
  );
const queries = async () => Promise.all(users.map(async (key) => [...(await recommender.vectors({ key }))[0]!]));

const read = async (path: string, columns: string) => {
  const database = await openDatabase();
  const rows = await database.rows(`SELECT ${columns} FROM read_parquet('${path}')`);
  database.close();
  return rows;
};

it('is named in serving.json', () => {
  expect(files).toEqual(expect.arrayContaining(['index/items.parquet', 'index/vectors.npy']));
  expect(JSON.parse(readFileSync(join(folder, 'serving.json'), 'utf8')).index).toEqual({
    vectors: 'index/vectors.npy',
    items: 'index/items.parquet',
    rows: corpus.rows,
  });
});

it('as Parquet has the answers of the recommender', async () => {
  const path = join(folder, 'index/items.parquet');
  const rows = await read(path, 'key, title');
  expect(rows.map(({ key }) => key)).toEqual(corpus.keys);
  expect(rows.map(({ title }) => title)).toEqual(corpus.titles);
  const width = recommender.snapshot.width;
  const database = await openDatabase();
  const found = [];
  for (const vector of await queries()) {
    const product = `list_inner_product(vector::DOUBLE[], [${vector}]::DOUBLE[])`;
    const sql = `SELECT key, ${product} score FROM read_parquet('${path}') WHERE len(vector) = ${width} ORDER BY score DESC`;
    found.push(await database.rows(sql));
  }
  database.close();
  expect(found).toEqual(await expected());
});

it('as an array of NumPy has them too', async () => {
  const bytes = readFileSync(join(folder, 'index/vectors.npy'));
  const { rows, width } = recommender.snapshot;
  expect(bytes.toString('latin1', 0, 128)).toBe(
    `\x93NUMPY\x01\x00v\x00${`{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`.padEnd(117)}\n`,
  );
  const found = (await queries()).map((vector) =>
    [...corpus.keys]
      .map((key, row) => ({
        key,
        score: vector.reduce((sum, each, i) => sum + each * bytes.readFloatLE(128 + (row * width + i) * 4), 0),
      }))
      .sort((a, b) => b.score - a.score),
  );
  expect(found).toEqual(await expected());
});

const python = process.env.TOWER_PYTHON ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;
if (!hasNumpy) console.warn('skipped: numpy is not installed');
it.skipIf(!hasNumpy)('is read by NumPy, and by PyArrow where it is installed', async () => {
  const script = `
import json, sys, numpy
folder, queries = sys.argv[1], numpy.array(json.loads(sys.argv[2]), dtype=numpy.float32)
vectors = numpy.load(folder + "/vectors.npy", mmap_mode="r", allow_pickle=False)
assert vectors.dtype == numpy.float32 and vectors.flags.c_contiguous
order = numpy.argsort(-(queries @ vectors.T), axis=1, kind="stable")
same = None
try:
    import pyarrow.parquet
    table = pyarrow.parquet.read_table(folder + "/items.parquet")
    same = numpy.array_equal(numpy.vstack(table["vector"].to_numpy()), vectors) and table["key"][3].as_py()
except ImportError:
    pass
print(json.dumps([order.tolist(), same]))
`;
  const run = spawnSync(python, ['-c', script, join(folder, 'index'), JSON.stringify(await queries())], {
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  const [order, same] = JSON.parse(run.stdout);
  const answers = await expected();
  expect(order.map((rows: number[]) => rows.map((row) => corpus.keys.at(row)))).toEqual(
    answers.map((items) => items.map(({ key }) => key)),
  );
  if (same !== null) expect(same).toBe(corpus.keys.at(3));
});

it('takes more rows than a chunk has, and items without titles', async () => {
  const [rows, width] = [5000, 3];
  const data = Float32Array.from({ length: rows * width }, (_, i) => Math.fround(i / 7));
  const keys = Array.from({ length: rows }, (_, row) => `'"${row}`);
  await writeItems(join(root, "it's"), { keys, vectors: { data, rows, width } });
  const table = await read(join(root, "it''s", 'index/items.parquet'), '*');
  expect(Object.keys(table[0]!)).toEqual(['key', 'vector']);
  expect(table.map(({ key }) => key)).toEqual(keys);
  expect(table.flatMap(({ vector }) => vector as number[])).toEqual([...data]);
});
