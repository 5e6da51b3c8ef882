/**
 * What the host does in a training step, without an engine: assembly, gather and pooling, then scatter and the row-wise
 * optimizer. Two shapes: MovieLens (budget 0.3 × an engine step of 3.5 ms) and twenty tables of a million rows (8 ms).
 * `npx tsx bench/embedding.ts`. Figures mean something only on a machine that does nothing else: the load is printed.
 */
import { loadavg } from 'node:os';
import { makeRandom } from '../src/base/random/random.ts';
import type { Corpus, Events, IndexedColumn } from '../src/data/dataset.ts';
import type { Tensors } from '../src/engines/engine.ts';
import type { FeaturePlan, GraphPlan, InputPlan } from '../src/graph/plan/plan.ts';
import { makeTable, type Table } from '../src/training/embedding/table.ts';
import { makeRanker } from '../src/training/evaluation/ranks.ts';
import { makeFeeder } from '../src/training/feed/feeder.ts';
import { rowOptimizer } from './row_optimizer.ts';

const random = makeRandom(7);
const events = { kind: 'events' } as const;

interface Setting {
  readonly name: string;
  readonly budget: number;
  readonly rows: number;
  readonly batch: number;
  readonly steps: number;
  readonly tables: readonly (readonly [name: string, rows: number, dim: number])[];
  readonly inputs: readonly { feature: string; table: string; column: IndexedColumn; max?: number }[];
  readonly others: readonly InputPlan[];
  readonly items: number;
}

/** Popularity falls off as 1 ÷ (rank + 55): the most rated film has a share of 0.35 %, as in MovieLens. */
const popular = (count: number): number => Math.floor(55 * ((count + 55) / 55) ** random.next() - 55);

function movielens(): Setting {
  const rows = 100_836;
  const users = 610;
  const movies = 9724;
  const item = Int32Array.from({ length: rows }, () => popular(movies));
  const user = Int32Array.from({ length: rows }, (_, row) => Math.floor((row / rows) * users));
  const first = new Int32Array(users).fill(-1);
  user.forEach((each, row) => {
    if (first[each]! < 0) first[each] = row;
  });
  const bagLengths = Int32Array.from({ length: movies }, () => 1 + random.integer(4));
  const ends = Int32Array.from(bagLengths);
  for (let i = 1; i < movies; i++) ends[i]! += ends[i - 1]!;
  const genres = Int32Array.from({ length: ends[movies - 1]! }, () => 1 + random.integer(20));
  const codes = item.map((each) => each + 1);
  return {
    name: 'MovieLens, batch 1024',
    budget: 1.05,
    rows,
    batch: 1024,
    steps: 300,
    tables: [
      ['user_id', users + 1, 32],
      ['movie_id', movies + 1, 32],
      ['genres', 21, 16],
    ],
    inputs: [
      {
        feature: 'user_id',
        table: 'user_id',
        column: { column: { kind: 'codes', values: user.map((each) => each + 1) } },
      },
      {
        feature: 'history',
        table: 'movie_id',
        max: 50,
        column: {
          column: {
            kind: 'bags',
            starts: Int32Array.from({ length: rows }, (_, row) => Math.max(first[user[row]!]!, row - 50)),
            ends: Int32Array.from({ length: rows }, (_, row) => row),
            values: codes,
          },
        },
      },
      { feature: 'movie_id', table: 'movie_id', column: { column: { kind: 'codes', values: codes } } },
      {
        feature: 'genres',
        table: 'genres',
        max: 6,
        column: {
          column: { kind: 'bags', starts: ends.map((end, i) => end - bagLengths[i]!), ends, values: genres },
          index: item,
        },
      },
    ],
    others: [
      { name: 'log_q', source: { from: 'log_q', key: 'movie_id', estimator: 'frequency', rows: events } },
      { name: 'hits', source: { from: 'accidental_hits', key: 'movie_id', rows: events } },
    ],
    items: movies,
  };
}

function scale(tableRows: number): Setting {
  const rows = 102_400;
  const names = Array.from({ length: 20 }, (_, i) => `feature_${i}`);
  return {
    name: `20 tables of ${tableRows.toLocaleString('en')} × 16, batch 4096`,
    budget: 8,
    rows,
    batch: 4096,
    steps: 40,
    tables: names.map((name) => [name, tableRows, 16]),
    inputs: names.map((feature) => ({
      feature,
      table: feature,
      column: { column: { kind: 'codes', values: Int32Array.from({ length: rows }, () => random.integer(tableRows)) } },
    })),
    others: [],
    items: 1000,
  };
}

function measure(setting: Setting): void {
  const { rows, batch, steps } = setting;
  const began = performance.now();
  const tables = new Map<string, Table>();
  for (const [name, tableRows, dim] of setting.tables) {
    const table = makeTable({ name, rows: tableRows, dim, optimizer: rowOptimizer });
    table.initialize(1, 0.05);
    tables.set(name, table);
  }
  const initialised = performance.now() - began;
  const features: FeaturePlan[] = setting.inputs.map(({ feature, table, column, max }) => ({
    name: feature,
    tower: 'tower',
    gives: column.column.kind === 'bags' ? 'bag' : 'code',
    encoder: { kind: 'hash', buckets: 1 },
    column: feature,
    encoderOf: table,
    ...(max === undefined ? {} : { max }),
    table,
    width: tables.get(table)!.dim,
  }));
  const plan: GraphPlan = {
    graph: { name: 'none', nodes: [], inputs: [], parameters: [], outputs: [], updates: [] },
    inputs: [
      ...setting.inputs.map(
        ({ feature, column }): InputPlan => ({
          name: feature,
          source: { from: 'embedding', feature, pool: column.column.kind === 'bags' ? 'mean' : 'none', rows: events },
        }),
      ),
      ...setting.others,
    ],
  };
  const item = Int32Array.from({ length: rows }, (_, row) => {
    const movie = setting.inputs.find(({ feature }) => feature === 'genres');
    return movie ? movie.column.index![row]! : row % setting.items;
  });
  const data: Events = {
    rows,
    features: new Map(setting.inputs.map(({ feature, column }) => [feature, column])),
    labels: new Map(),
    item,
    user: item,
  };
  const trainingCounts = new Int32Array(setting.items);
  for (const each of item) trainingCounts[each]!++;
  const corpus: Corpus = { rows: setting.items, features: new Map(), keys: [], trainingCounts };
  const feeder = makeFeeder({ plan, events: data, corpus, features, tables, seed: 1, batch });
  const order = random.permutation(rows);
  const gradients: Tensors = Object.fromEntries(
    setting.inputs.map(({ feature, table }) => {
      const data = new Float32Array(batch * tables.get(table)!.dim);
      random.fill(data, -1e-3, 1e-3);
      return [`gradient:${feature}`, { dtype: 'float32', shape: [batch, tables.get(table)!.dim], data }];
    }),
  );
  // Between forward and backward an engine runs and takes the caches.
  const engine = new Float32Array(4 * 2 ** 20);
  const times = { forward: [] as number[], backward: [] as number[] };
  const warmUp = 30;
  for (let step = 1; step <= steps + warmUp; step++) {
    const at = (step * batch) % (rows - batch);
    const start = performance.now();
    feeder.inputs(order.slice(at, at + batch).sort(), step, { rate: 1e-3 });
    const forward = performance.now();
    engine.fill(step);
    const back = performance.now();
    feeder.apply(gradients);
    const end = performance.now();
    if (step <= warmUp) continue;
    times.forward.push(forward - start);
    times.backward.push(end - back);
  }
  const sorted = (values: number[]): number[] => values.sort((a, b) => a - b);
  const median = (values: number[]): number => sorted(values)[values.length >> 1]!;
  const [forward, backward] = [median(times.forward), median(times.backward)];
  const quickest = sorted(times.forward)[0]! + sorted(times.backward)[0]!;
  console.log(
    `${setting.name}: forward ${forward.toFixed(2)} ms, backward ${backward.toFixed(2)} ms, together ` +
      `${(forward + backward).toFixed(2)} ms of ${setting.budget} ms (quickest ${quickest.toFixed(2)}); tables made in ${initialised.toFixed(0)} ms`,
  );
}

function ranking(): void {
  const rows = 1008;
  const columns = 9724;
  const scores = new Float32Array(rows * columns);
  random.fill(scores, -1, 1);
  const targets = Int32Array.from({ length: rows }, () => random.integer(columns));
  const begin = makeRanker();
  const rowOf = Int32Array.from(targets.keys());
  const rank = (): void => {
    const ranks = begin(columns, targets, rowOf);
    ranks.readTargetScores(scores, 0, columns);
    ranks.count(scores, 0, columns);
    ranks.ranks();
  };
  rank();
  const start = performance.now();
  for (let i = 0; i < 10; i++) rank();
  console.log(
    `ranks of ${10 * rows} targets among ${columns}: ${(performance.now() - start).toFixed(0)} ms (98 M comparisons)`,
  );
}

console.log(`load average before: ${loadavg()[0]!.toFixed(2)}`);
ranking();
measure(movielens());
for (const rows of [10_000, 100_000, 1_000_000]) measure(scale(rows));
console.log(
  `load average after: ${loadavg()[0]!.toFixed(2)}; memory in use ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
);
