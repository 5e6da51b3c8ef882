/**
 * Rows a second from Parquet and CSV into codes: three million US flights of npm's vega-datasets, `origin` and `destination` as ids,
 * whole (`readDataset`: staged, coded, sifted, ordered by time, split, encoded) and the two columns alone. And from launch to the
 * data of models/two_tower.tower in a cold, bundled process, where `tower data movielens` has put MovieLens.
 * `npx tsx bench/reading.ts [--json] [--rounds=3]`
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { buildSync } from 'esbuild';
import { tableOf } from '../src/app/cli/layout.ts';
import { makeSource } from '../src/base/text/source.ts';
import { bindData } from '../src/data/binding/bind.ts';
import { makeReadPlan, type Needs } from '../src/data/binding/data_layout.ts';
import { openDatabase } from '../src/data/files/duckdb.ts';
import { readDataset } from '../src/data/read_dataset.ts';
import { stage } from '../src/data/rows/stage.ts';
import { readRows } from '../src/data/rows/staged_tables.ts';
import { makeDictionaries } from '../src/data/rows/valid_files.ts';
import type { DataDescription } from '../src/graph/plan/data_description.ts';
import type { Encoder } from '../src/graph/plan/plan.ts';
import { describeMachine, median, peakMemory, range } from './machine.ts';
import { readNpmPackage } from './sets/npm_package.ts';

const GOAL = 1_000_000;
const cache = join(import.meta.dirname, '../.cache');
const option = (name: string): string | undefined =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.split('=')[1];
const rounds = Number(option('rounds') ?? 3);

/** The Parquet file, fetched once. */
async function flights(): Promise<string> {
  const file = join(cache, 'package/data/flights-3m.parquet');
  if (existsSync(file)) return file;
  const name = 'data/flights-3m.parquet';
  const { [name]: content } = await readNpmPackage('flights', 'vega-datasets@3.2.1', [name]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const vocabulary: Encoder = { kind: 'vocabulary', minimumCount: 1 };
const id = (name: string, tower: string) =>
  ({ name, tower, gives: 'code', encoder: vocabulary, column: name, encoderOf: name, width: 16 }) as const;

const needs: Needs = {
  features: [id('origin', 'from'), id('destination', 'to')],
  labels: [],
  towers: [
    { name: 'from', key: 'origin' },
    { name: 'to', key: 'destination' },
  ],
};

function describe(path: string, folder: string, time: boolean): DataDescription {
  const span = { source: makeSource('bench', path), start: 0, end: path.length };
  return {
    name: 'flights',
    span,
    folder,
    events: { path, span },
    columns: [],
    ...(time ? { time: { expression: '"date"', span } } : {}),
    histories: [],
    seen: 'excluded',
    split: time ? { kind: 'by_time', validation: 0.1, test: 0.1 } : { kind: 'random', validation: 0, test: 0, seed: 1 },
    reject: 0,
  };
}

/** Rows a second of the whole, and of two string columns into codes. */
async function measure(path: string): Promise<{ rows: number; whole: number[]; codes: number[] }> {
  const whole: number[] = [];
  const codes: number[] = [];
  let rows = 0;
  for (let round = 0; round < rounds; round++) {
    let start = performance.now();
    const { parts } = await readDataset(describe(path, cache, true), needs);
    rows = parts.train.rows + parts.validation.rows + parts.test.rows;
    whole.push((rows / (performance.now() - start)) * 1000);

    start = performance.now();
    const { output } = await bindData(describe(path, cache, false), needs);
    const { layout, discard } = output!;
    const database = await openDatabase();
    const staged = await stage(database, layout.sources.get('events')!, layout);
    const readPlan = makeReadPlan(describe(path, cache, false), needs, layout);
    await makeDictionaries({ database, layout, readPlan, staged: new Map([['events', staged]]) });
    await readRows({ database, layout }, staged, readPlan.columns.get('events')!);
    codes.push((rows / (performance.now() - start)) * 1000);
    database.close();
    discard();
  }
  return { rows, whole, codes };
}

/** Milliseconds from the start of a process to the model's plan, and to its data; nothing where MovieLens was not fetched. */
function coldStarts(): { compiled: number[]; data: number[] } | undefined {
  if (!existsSync('models/data/movielens/ratings.csv')) return undefined;
  const script = join(cache, 'movielens_cold.mjs');
  buildSync({
    entryPoints: ['bench/movielens_cold.ts'],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@duckdb/node-bindings'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const runs = Array.from(
    { length: rounds },
    () =>
      JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })) as { compiled: number; data: number },
  );
  return { compiled: runs.map(({ compiled }) => compiled), data: runs.map(({ data }) => data) };
}

const cold = coldStarts();
const parquet = await flights();
const csv = join(cache, 'flights.csv');
if (!existsSync(csv)) {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (SELECT date, delay, origin, destination FROM '${parquet}') TO '${csv}'`);
  connection.closeSync();
}

const figures = [
  { name: 'Parquet', ...(await measure('package/data/flights-3m.parquet')) },
  { name: 'CSV', ...(await measure('flights.csv')) },
];
const memory = peakMemory();
const json = { machine: describeMachine(), goal: GOAL, memory, figures, cold };
if (process.argv.includes('--json')) console.log(JSON.stringify(json));
else {
  const head = ['file', 'rows', 'whole data set, M rows/s', 'two ids into codes, M rows/s', 'goal'];
  const lines: string[][] = [];
  for (const { name, rows, whole, codes } of figures) {
    const millions = (rates: readonly number[]): string =>
      range(
        rates.map((rate) => rate / 1e6),
        2,
      );
    const goal = name === 'Parquet' ? `≥ ${GOAL / 1e6}: ${median(codes) >= GOAL ? 'met' : 'missed'}` : '';
    lines.push([name, rows.toLocaleString('en'), millions(whole), millions(codes), goal]);
  }
  const launch =
    cold === undefined
      ? 'MovieLens is not in models/data/movielens: `tower data movielens` puts it there'
      : `MovieLens, cold process: plan after ${range(cold.compiled, 0)} ms, data after ${range(cold.data, 0)} ms (goal ≤ 600)`;
  console.log(`${describeMachine()}\n${tableOf(head, lines)}\nlargest resident memory: ${memory} MiB\n${launch}`);
}
