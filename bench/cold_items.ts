/**
 * Ranks items that training never saw: a model that reads vectors of a text model, one that reads words, one that reads ids alone, and nearest neighbours by
 * content. `npx tsx bench/cold_items.ts movielens --model FOLDER` reads `ml-latest-small`, and `msweb` the official files, both in the folder `TOWER_DATA`.
 * `--out docs/results/cold` keeps the figures, `--seeds 3` trains each model so many times.
 *
 * MovieLens is split by time, so its cold films are those that came last. All areas of msweb are old: some of them, drawn by a hash, leave training, a tenth of
 * all for the validation part, where the neighbours are tuned, and a fifth for the test.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { embed, load, train } from '../src/api.ts';
import { type Run, retrievalOf } from '../src/app/api/run.ts';
import { wordsOfText } from '../src/data/columns/encoders/words.ts';
import type { Dataset, Part } from '../src/data/dataset.ts';
import { openDatabase } from '../src/data/files/duckdb.ts';
import { dataSets } from '../src/data/sets/table.ts';
import { makeTask } from '../src/training/evaluation/contestants.ts';
import { makeMeasures, metricValues } from '../src/training/evaluation/figures.ts';
import { bagAt, overRows, scorerOverRows } from '../src/training/evaluation/questions.ts';
import { rankEvents } from '../src/training/evaluation/ranks.ts';
import { bootstrap, groupsOf } from '../src/training/evaluation/slices.ts';
import { modelScorer, type Scorer, type ScoringTask } from '../src/training/scoring/scorer.ts';
import { describeMachine } from './machine.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string' }, url: { type: 'string' }, out: { type: 'string' }, seeds: { type: 'string' } },
});
const set = positionals[0] as 'movielens' | 'msweb';
const originals = process.env.TOWER_DATA ?? '';
const folder = mkdtempSync(join(tmpdir(), 'tower-cold-'));
const at = (name: string): string => join(folder, name);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

interface ColdSet {
  readonly key: string;
  readonly columns: readonly string[];
  readonly epochs: number;
  /** Writes events.csv and items.csv. */
  prepare(): Promise<void>;
  /** Entries of the data block. */
  readonly block: string;
  /** Declares the second column as a feature of the item tower. */
  readonly second: string;
}

const coldSets: Record<typeof set, ColdSet> = {
  movielens: {
    ...{ key: 'movieId', columns: ['title', 'genres'], epochs: 4 },
    async prepare() {
      copyFileSync(join(originals, 'ml-latest-small', 'ratings.csv'), at('events.csv'));
      copyFileSync(join(originals, 'ml-latest-small', 'movies.csv'), at('items.csv'));
    },
    block: `columns { user_id = "userId", item_id = "movieId", genres = "string_split(genres, '|')" }
      time = "timestamp"
      history = past(item_id, 50)
      split = by_time(validation: 10%, test: 10%)`,
    second: 'genres : list(category(dim: 16))',
  },
  msweb: {
    ...{ key: 'area_id', columns: ['title', 'path'], epochs: 4 },
    async prepare() {
      await dataSets.msweb.get({ folder: at('whole'), from: join(originals, 'msweb'), synthetic: {}, log: () => {} });
      const [header, ...visits] = readFileSync(at('whole/visits.csv'), 'utf8').trim().split(/\r?\n/);
      const isCold = (area: string): boolean => hashOf(area) < 0.3;
      const written = visits.flatMap((line) => {
        const [user, area, others, fold] = line.split(',') as [string, string, string, string];
        const known = others.split('|').filter((other) => !isCold(other));
        // The official set has two parts; a tenth of the people of training validates.
        const part = fold === 'test' ? 'test' : hashOf(user) < 0.1 ? 'validation' : 'train';
        const isHeld = hashOf(area) < (part === 'test' ? 0.2 : 0.3) && !(part === 'validation' && hashOf(area) < 0.2);
        if (known.length === 0 || (isCold(area) && (part === 'train' || !isHeld))) return [];
        return [[user, area, known.join('|'), part].join(',')];
      });
      writeFileSync(at('events.csv'), `${header}\n${written.join('\n')}\n`);
      copyFileSync(at('whole/areas.csv'), at('items.csv'));
    },
    block: `columns { item_id = "area_id", history = "string_split(others, '|')" }
      split = column("fold")`,
    second: 'path : text(words, hash: 2_000, dim: 16)',
  },
};
const { key, columns, epochs, prepare, block, second } = coldSets[set];

/** Returns a number in [0, 1) that follows from a text. */
function hashOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE() / 2 ** 32;
}

const task = `task choose { score = cosine(user, item)  loss = softmax(in_batch, temperature: 0.1, correction: frequency) }
train { batch = 1024, epochs = ${epochs}, seed = 1, dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05) }`;
const modelText = (name: string, features: string, group: string): string =>
  `model ${name}
features { user_id : id(dim: 0)  history : list(item_id, max: 50, through: item, unseen: keep)
${features} }
group offered = ${group}
tower user(history) keyed by user_id { channel main = history -> mean }
tower item(offered) keyed by item_id { channel main = offered -> flatten -> dense(128) }
${task}`;

const secondName = columns[1]!;
const models = (width: number): Readonly<Record<string, string>> => ({
  text: modelText('text', `item_id : id(dim: 0)\nembedding : vector(${width})`, 'embedding'),
  words: modelText(
    'words',
    `item_id : id(dim: 0)\ntitle : text(words, hash: 20_000, dim: 32)\n${second}`,
    `title, ${secondName}`,
  ),
  ids: modelText('ids', 'item_id : id(dim: 32, drop: 10%)', 'item_id'),
});

/** Rows of the events whose item has no training event, but a row in the corpus. */
const coldRows = ({ parts, corpus }: Dataset, part: Part): Int32Array =>
  Int32Array.from(parts[part].item.keys()).filter((row) => {
    const item = parts[part].item[row]!;
    return item >= 0 && corpus.trainingCounts[item] === 0;
  });

/** Sums the k largest similarities of an item with the items of the history. */
function neighbours(name: string, similarity: Float32Array, whole: ScoringTask, k: number): Scorer {
  const items = whole.corpus.rows;
  const { bags, index } = whole.history!;
  return {
    ...{ name, doc: `the ${k} nearest of the history, by content`, ranksCold: true },
    score(rows) {
      const scores = new Float32Array(rows.length * items);
      const best = new Float32Array(k);
      for (const [at, row] of rows.entries()) {
        const past = bagAt(bags, index ? index[row]! : row).filter((item) => item >= 0);
        for (let item = 0; item < items; item++) {
          best.fill(0);
          for (const other of past) {
            let value = similarity[other * items + item]!;
            for (let rank = 0; rank < k && value > 0; rank++)
              if (value > best[rank]!) [best[rank], value] = [value, best[rank]!];
          }
          scores[at * items + item] = best.reduce((sum, each) => sum + each, 0);
        }
      }
      return scores;
    },
  };
}

/** Returns cosines of all pairs of sparse rows: float32 [items, items]. */
function cosines(rows: readonly ReadonlyMap<string, number>[]): Float32Array {
  const similarity = new Float32Array(rows.length ** 2);
  const postings = new Map<string, [item: number, weight: number][]>();
  for (const [item, weights] of rows.entries()) {
    const length = Math.sqrt([...weights.values()].reduce((sum, each) => sum + each ** 2, 0));
    for (const [term, weight] of weights) {
      if (!postings.has(term)) postings.set(term, []);
      postings.get(term)!.push([item, weight / length]);
    }
  }
  for (const posting of postings.values())
    for (const [a, left] of posting) for (const [b, right] of posting) similarity[a * rows.length + b]! += left * right;
  return similarity;
}

function denseCosines(rows: readonly Float32Array[]): Float32Array {
  const similarity = new Float32Array(rows.length ** 2);
  const units = rows.map((row) => {
    const length = Math.hypot(...row) || 1;
    return row.map((value) => value / length);
  });
  for (let a = 0; a < units.length; a++) {
    const left = units[a]!;
    for (let b = a; b < units.length; b++) {
      const right = units[b]!;
      let sum = 0;
      for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
      similarity[a * units.length + b] = similarity[b * units.length + a] = sum;
    }
  }
  return similarity;
}

/** Weighs the words of the title and the values of the second column by their rarity. */
function rareTerms(texts: readonly (readonly string[])[]): Map<string, number>[] {
  const terms = texts.map(
    ([title, other]) =>
      new Set([...wordsOfText(title!), ...other!.split(/[|/]/).map((each) => `${secondName}=${each}`)]),
  );
  const counts = new Map<string, number>();
  for (const own of terms) for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1);
  return terms.map((own) => new Map([...own].map((term) => [term, Math.log(texts.length / counts.get(term)!) + 0.1])));
}

await prepare();
mkdirSync(at('runs'));
const embedded = await embed({
  ...{ file: at('items.csv'), columns, out: at('items.parquet'), key, model: options.model! },
  ...(options.url === undefined ? {} : { url: options.url }),
  cache: join(tmpdir(), `tower-cold-vectors-${set}`),
});
writeFileSync(at('data.tower'), `data cold { events = "events.csv"  items = "items.parquet" by item_id\n${block}\n}`);

const measures = makeMeasures([
  { metric: 'recall', k: 10 },
  { metric: 'recall', k: 50 },
]);
const runs: Record<string, Run[]> = {};
for (const [name, text] of Object.entries(models(embedded.width))) {
  writeFileSync(at(`${name}.tower`), text);
  for (let seed = 1; seed <= Number(options.seeds ?? 3); seed++) {
    const out = at(`runs/${name}-${seed}`);
    await train(at(`${name}.tower`), { data: at('data.tower'), out, set: { seed } });
    (runs[name] ??= []).push(await load(out));
    console.error(`trained ${name}, seed ${seed}`);
  }
}
const dataset = await runs.ids![0]!.dataset();
const { corpus } = dataset;

/** For each part, how its cold events rank, among all items or among those without a training event. */
async function valuesOf(
  scorer: Scorer,
  part: Part,
  onlyCold: boolean,
  own = dataset,
): Promise<readonly Float64Array[]> {
  const whole = taskOf(part, own);
  const rows = coldRows(own, part);
  const narrowed: Scorer = {
    ...{ name: scorer.name, doc: scorer.doc, ranksCold: true },
    ...(scorer.expect ? { expect: (of: Int32Array) => scorer.expect!(of) } : {}),
    async score(of) {
      const scores = Float32Array.from((await scorer.score(of)).subarray(0, of.length * corpus.rows));
      if (onlyCold)
        for (let i = 0; i < scores.length; i++) if (corpus.trainingCounts[i % corpus.rows]! > 0) scores[i] = -1e9;
      return scores;
    },
  };
  const task = overRows(whole, rows);
  const ranks = await rankEvents(task, scorerOverRows(narrowed, rows), true);
  return measures.map((measure) => metricValues(task, ranks, measure));
}
const taskOf = (part: Part, own: Dataset): ScoringTask =>
  makeTask({ dataset: own, part, plan: runs.ids![0]!.trained.plan });
const meanOf = (values: Float64Array): number => values.reduce((sum, each) => sum + each, 0) / values.length;

const database = await openDatabase();
const listed = await database.rows(
  `SELECT ${key} AS key, ${columns.map((name) => `coalesce(${name}, '') AS ${name}`).join(', ')}, embedding FROM '${at('items.parquet')}'`,
);
database.close();
const byKey = new Map(listed.map((row) => [String(row.key), row]));
const rowsOfCorpus = Array.from({ length: corpus.rows }, (_, item) => byKey.get(String(corpus.keys.at(item)))!);
const similarities = {
  'k-NN of title and columns': cosines(rareTerms(rowsOfCorpus.map((row) => columns.map((name) => String(row[name]))))),
  'k-NN of the vectors': denseCosines(rowsOfCorpus.map((row) => Float32Array.from(row.embedding as Iterable<number>))),
};

const { group, groups, unit } = groupsOf(overRows(taskOf('test', dataset), coldRows(dataset, 'test')));
const protocols = [];
for (const onlyCold of [false, true]) {
  const rows: { name: string; note?: string; values: readonly Float64Array[] }[] = [];
  for (const [name, own] of Object.entries(runs)) {
    const sums = measures.map(() => new Float64Array(group.length));
    for (const run of own) {
      const { retrieval, dataset: ownData } = await retrievalOf(run);
      const plan = run.trained.plan;
      const scorer = modelScorer(retrieval, { plan, events: ownData.parts.test, corpus: ownData.corpus });
      const values = await valuesOf(scorer, 'test', onlyCold, ownData);
      for (const [i, sum] of sums.entries())
        for (let e = 0; e < sum.length; e++) sum[e]! += values[i]![e]! / own.length;
      await retrieval.close();
    }
    rows.push({ name, note: `${own.length} seeds`, values: sums });
  }
  for (const [name, similarity] of Object.entries(similarities)) {
    const tried: [k: number, recall: number][] = [];
    for (const k of [1, 3, 10, 50]) {
      const values = await valuesOf(
        neighbours(name, similarity, taskOf('validation', dataset), k),
        'validation',
        onlyCold,
      );
      tried.push([k, meanOf(values[1]!)]);
    }
    const [k] = tried.reduce((best, each) => (each[1] > best[1] ? each : best));
    const values = await valuesOf(neighbours(name, similarity, taskOf('test', dataset), k), 'test', onlyCold);
    rows.push({ name, note: `k = ${k}, of 1, 3, 10, 50 by validation`, values });
  }
  const figures = measures.map((_, i) =>
    bootstrap({ series: rows.map(({ values }) => values[i]!), group, groups, reference: 0 }),
  );
  const interval = ({ mean, low, high }: { mean: number; low: number; high: number }): string =>
    `${mean.toFixed(4)} [${low.toFixed(4)} – ${high.toFixed(4)}]`;
  console.log(`\n${set}, ${onlyCold ? 'among items without a training event' : 'among all items'}; ${unit} are drawn`);
  for (const [at, { name, note }] of rows.entries()) {
    const shown = figures.map(({ means }) => interval(means[at]! as never)).join('  ');
    const minusText =
      at === 0
        ? ''
        : `  minus text: ${figures.map(({ differences }) => interval(differences[at]! as never)).join('  ')}`;
    console.log(`${name} (${note}): ${shown}${minusText}`);
  }
  protocols.push({
    among: onlyCold ? 'items without a training event' : 'all items',
    rows: rows.map(({ name, note }, at) => ({
      ...{ name, note },
      figures: Object.fromEntries(measures.map(({ label }, i) => [label, figures[i]!.means[at]])),
      ...(at === 0
        ? {}
        : { minusText: Object.fromEntries(measures.map(({ label }, i) => [label, figures[i]!.differences[at]])) }),
    })),
  });
}
const summary = {
  ...{ format: 'tower-cold-1', set, model: basename(options.model!), width: embedded.width, columns, epochs, unit },
  ...{ events: group.length, groups, items: corpus.rows },
  coldItems: corpus.trainingCounts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0),
  ...{ machine: describeMachine(), protocols },
};
if (options.out !== undefined) {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, `${set}.json`), `${JSON.stringify(summary, null, 2)}\n`);
}
