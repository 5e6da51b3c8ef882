/**
 * What teams build by hand: a user is the mean of the vectors of the items that the user had, and pgvector finds the nearest items that are new to the user.
 * `npx tsx bench/mean_of_embeddings.ts movielens_next --model FOLDER`, and `toys`, whose items have attributes in place of texts. The sets are those of
 * `npm run study`, with its protocol, so the rows stand beside those of docs/results. It starts a PostgreSQL of its own, as tests do.
 *
 * The weight of an item halves with each HALF items that the user had after it; the validation part chooses HALF. `--out docs/results/mean_of_embeddings`
 * keeps the figures. `--times` measures a query of pgvector and of our exported runtime, with a model of one epoch.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Measured, measureBaseline, measureScorer, type OpenSet, openSet } from '../scripts/study/measure.ts';
import { sets } from '../scripts/study/plan.ts';
import { keptRows } from '../scripts/study/rows.ts';
import { openDatabase } from '../src/data/files/duckdb.ts';
import { chooseEngine } from '../src/engines/engines.ts';
import { makeTask } from '../src/training/evaluation/contestants.ts';
import { makeMeasures, metricValues } from '../src/training/evaluation/figures.ts';
import { bagAt, drawRankings } from '../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../src/training/evaluation/ranks.ts';
import { bootstrap, groupsOf } from '../src/training/evaluation/slices.ts';
import { engineProduct, type Matrix, type Product } from '../src/training/scoring/matrix_product.ts';
import type { Scorer, ScoringTask } from '../src/training/scoring/scorer.ts';
import { describeMachine } from './machine.ts';
import { listedItems, runtimeTimes } from './mean/serve.ts';
import { embedItems, readItems, unitVector } from './text_vectors.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string' }, out: { type: 'string' }, times: { type: 'boolean', default: false } },
});
const set = sets.find(({ name }) => name === positionals[0])!;
const halves = [0.25, 0.5, 1, 2, 5, 10, 20, 50];
const folder = mkdtempSync(join(tmpdir(), 'tower-mean-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function itemVectors({ dataset: { corpus } }: OpenSet): Promise<readonly Float32Array[]> {
  if (set.name === 'toys')
    return attributeVectors(Array.from({ length: corpus.rows }, (_, item) => corpus.keys.at(item)!));
  const texts = {
    ...{ file: 'models/data/movielens/movies.csv', key: 'movieId', columns: ['title', 'genres'] },
    ...{ model: options.model!, out: join(folder, 'items.parquet') },
  };
  await embedItems(texts);
  return (await readItems(texts, corpus)).vectors;
}

/** The attributes of each item, weighed by their rarity. */
async function attributeVectors(keys: readonly string[]): Promise<readonly Float32Array[]> {
  const database = await openDatabase();
  const listed = await database.rows("SELECT item, coalesce(attributes, '') AS own FROM 'models/data/toys/items.csv'");
  database.close();
  const byKey = new Map(listed.map(({ item, own }) => [String(item), String(own).split('|').filter(Boolean)]));
  const counts = new Map<string, number>();
  for (const own of byKey.values()) for (const each of own) counts.set(each, (counts.get(each) ?? 0) + 1);
  const place = new Map([...counts.keys()].map((each, at) => [each, at]));
  return keys.map((key) => {
    const vector = new Float32Array(place.size);
    for (const each of byKey.get(key)!) vector[place.get(each)!] = Math.log(keys.length / counts.get(each)!);
    return unitVector(vector);
  });
}

/** Writes the mean of the items of a row to `into`; without `half` all count alike. */
function addMean({ events }: ScoringTask, items: Matrix, row: number, half: number | undefined, into: Float32Array) {
  const { bags, index } = events.earlier!;
  const past = bagAt(bags, index ? index[row]! : row);
  let total = 0;
  for (const [at, item] of past.entries()) {
    if (item < 0) continue;
    const weight = half === undefined ? 1 : 2 ** (-(past.length - 1 - at) / half);
    total += weight;
    for (let i = 0; i < items.columns; i++) into[i]! += weight * items.data[item * items.columns + i]!;
  }
  for (let i = 0; i < items.columns; i++) into[i]! /= total || 1;
}

function meanScorer(task: ScoringTask, items: Matrix, half: number | undefined, product: Product): Scorer {
  return {
    ...{ name: 'mean of embeddings', doc: 'the cosine with the mean of the items before', ranksCold: true },
    score(rows) {
      const users = new Float32Array(rows.length * items.columns);
      rows.forEach((row, at) => {
        addMean(task, items, row, half, users.subarray(at * items.columns, (at + 1) * items.columns));
      });
      const start = { rows: rows.length, columns: items.rows, data: new Float32Array(rows.length * items.rows) };
      const negative = { rows: rows.length, columns: items.columns, data: users.map((value) => -value) };
      return product.subtract(start, negative, items);
    },
  };
}

const open = await openSet(set, 'two_tower');
const { dataset, plan, task } = open;
const vectors = await itemVectors(open);
const width = vectors[0]!.length;
const items: Matrix = { rows: vectors.length, columns: width, data: new Float32Array(vectors.length * width) };
for (const [item, vector] of vectors.entries()) items.data.set(vector, item * width);
const product = await engineProduct((await chooseEngine()).engine);

const [ndcg] = makeMeasures([{ metric: 'ndcg', k: 10 }]);
const validation = makeTask({ dataset, part: 'validation', plan });
const drawn = drawRankings(validation, 5000);
const tried: [half: number, value: number][] = [];
for (const half of halves) {
  const drawnTask = drawn.sampleTask(validation);
  const ranks = await rankEvents(drawnTask, drawn.sampleScorer(meanScorer(validation, items, half, product)), true);
  const values = metricValues(drawnTask, ranks, ndcg!);
  tried.push([half, values.reduce((sum, each) => sum + each, 0) / values.length]);
}
console.log('ndcg@10 on validation:', tried.map(([half, value]) => `half ${half}: ${value.toFixed(4)}`).join(', '));
const [half] = tried.reduce((best, each) => (each[1] > best[1] ? each : best));

/** Values of each question by metric. */
type Values = Readonly<Record<string, Float64Array>>;
const float64 = (values: Measured['values']): Values =>
  Object.fromEntries(Object.entries(values).map(([label, each]) => [label, Float64Array.from(each)]));
const plain = await measureScorer(open, task, meanScorer(task, items, undefined, product));
const decayed = await measureScorer(open, task, meanScorer(task, items, half, product));
await product.close();

/** Values of lists of items, best first: as `ranks` would give them if no two items had one score. */
function valuesOfLists(lists: readonly (readonly number[])[]): Values {
  const places = lists.map((list, row) => list.indexOf(task.events.item[row]!) + 1);
  const each = (value: (place: number) => number): Float64Array =>
    Float64Array.from(places, (place) => (place === 0 ? 0 : value(place)));
  return {
    'recall@10': each((place) => (place <= 10 ? 1 : 0)),
    'recall@50': each((place) => (place <= 50 ? 1 : 0)),
    'ndcg@10': each((place) => (place <= 10 ? 1 / Math.log2(1 + place) : 0)),
  };
}

const questions = Array.from({ length: task.events.rows }, (_, row) => {
  const vector = new Float32Array(width);
  addMean(task, items, row, half, vector);
  const { bags, index } = task.events.earlier!;
  const own = task.events.item[row]!;
  return { vector, seen: [...new Set(bagAt(bags, index ? index[row]! : row))].filter((item) => item !== own) };
});
// A scan for each of the 19,412 people of Toys takes long, and finds what the exact rows have.
const found = questions.length > 2000 ? [] : await listedItems(items, questions);

// The kept rows are of these questions if a row without a seed or a setting has the same values now as then.
const { values: popularityNow } = await measureBaseline(open, 'popularity');
const kept = keptRows('docs/results', set.name);
const popularityThen = kept.find(({ name }) => name === 'popularity')!.values;
for (const [label, values] of Object.entries(popularityNow))
  if (values.some((value, at) => value !== popularityThen[label]![at]))
    throw new Error(`docs/results has other ${label}`);

function shipped(model: string): Values {
  const own = kept.filter((row) => row.name === model && row.seed !== undefined);
  if (own.length === 0) throw new Error(`docs/results has no row of ${model}`);
  return Object.fromEntries(
    Object.keys(plain.values).map((label) => [
      label,
      Float64Array.from(
        plain.groups,
        (_, at) => own.reduce((sum, row) => sum + row.values[label]![at]!, 0) / own.length,
      ),
    ]),
  );
}

const rows: readonly (readonly [name: string, values: Values])[] = [
  [`mean with decay (half ${half}), exact`, float64(decayed.values)],
  ['plain mean, exact', float64(plain.values)],
  ...found.map(({ name, lists }) => [`mean with decay, ${name}`, valuesOfLists(lists)] as const),
  ['two_tower, mean of the seeds', shipped('two_tower')],
  ['bsarec, mean of the seeds', shipped('bsarec')],
];
const { group, groups, unit } = groupsOf(task);
const labels = Object.keys(plain.values);
const figures = labels.map((label) =>
  bootstrap({ series: rows.map(([, values]) => values[label]!), group, groups, reference: 0 }),
);
console.log(`${set.name}, ${task.events.rows} questions, ${items.rows} items × ${width}: ${describeMachine()}`);
const summary = rows.map(([name], row) => {
  const byLabel = <T>(of: (at: number) => T): Record<string, T> =>
    Object.fromEntries(labels.map((label, at) => [label, of(at)]));
  const own = byLabel((at) => figures[at]!.means[row]!);
  const minus = byLabel((at) => figures[at]!.differences[row]!);
  const shown = ({ mean, low, high }: (typeof own)[string]): string =>
    `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
  console.log(
    `${name}: ${labels.map((label) => `${label} ${shown(own[label]!)} (${shown(minus[label]!)})`).join('; ')}`,
  );
  return { name, figures: own, ...(row === 0 ? {} : { minusFirst: minus }) };
});
for (const { name, times } of found) console.log(`${name}: ${times}`);
const times: string[] = [];
if (options.times)
  for (const model of ['two_tower', 'bsarec']) times.push(await runtimeTimes(set.data, folder, dataset, task, model));
for (const each of times) console.log(`our runtime: ${each}`);
if (options.out !== undefined) {
  mkdirSync(options.out, { recursive: true });
  const record = {
    ...{ format: 'tower-mean-1', set: set.name, items: items.rows, width, questions: task.events.rows, unit },
    model: set.name === 'toys' ? 'attributes, weighed by rarity' : basename(options.model!),
    ...{ half, tried, protocol: plain.protocol.sentences, machine: describeMachine(), rows: summary },
    times: Object.fromEntries([...found.map(({ name, times }) => [name, times]), ['runtime', times]]),
  };
  writeFileSync(join(options.out, `${set.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
}
