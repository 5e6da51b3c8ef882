/**
 * Ranks items that training never saw: a model that reads vectors of a text model, one that reads words, one that reads ids alone, and nearest neighbours by
 * content. `npx tsx bench/cold_items.ts movielens --model FOLDER` reads `ml-latest-small`, and `msweb` the official files, both in the folder `TOWER_DATA`.
 * `--out docs/results/cold` keeps the figures, `--seeds 3` trains each model so many times, `--part validation` ranks the part that settings are chosen by.
 *
 * MovieLens is split by time, so its cold films are those that came last. All areas of msweb are old: some of them, drawn by a hash, leave training, a tenth of
 * all for the validation part, where the neighbours are tuned, and a fifth for the test.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, type Run, train } from '../src/api.ts';
import type { Part } from '../src/data/dataset.ts';
import { taskOverRows } from '../src/training/evaluation/ranking_questions.ts';
import { bootstrap, groupsOf } from '../src/training/evaluation/slices.ts';
import { coldRows, coldValues, meanOf, measures, valuesOfRuns, wholeTask } from './cold/measure.ts';
import { coldModels } from './cold/models.ts';
import { neighbours, similaritiesOf } from './cold/neighbours.ts';
import { coldSets } from './cold/sets.ts';
import { describeMachine } from './machine.ts';
import { embedItems, readItems } from './text_vectors.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    out: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    part: { type: 'string', default: 'test' },
  },
});
const name = positionals[0]!;
const set = coldSets[name]!;
const part = options.part as Part;
const folder = mkdtempSync(join(tmpdir(), 'tower-cold-'));
const at = (file: string): string => join(folder, file);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

await set.prepare(process.env.TOWER_DATA ?? '', folder, 0);
mkdirSync(at('runs'));
const { key, columns } = set;
const items = { file: at('items.csv'), key, columns, model: options.model!, out: at('items.parquet') };
const { width } = await embedItems(items);
await embedItems({ ...items, out: at('vectors.npy') });
writeFileSync(
  at('data.tower'),
  `data cold { events = "events.csv"  items = "items.parquet" by item_id\n${set.block}\n}`,
);

const runs: Record<string, Run[]> = {};
for (const [model, text] of Object.entries(coldModels(set, width))) {
  writeFileSync(at(`${model}.tower`), text);
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    const out = at(`runs/${model}-${seed}`);
    await train(at(`${model}.tower`), { data: at('data.tower'), out, set: { seed } });
    (runs[model] ??= []).push(await load(out));
    console.error(`trained ${model}, seed ${seed}`);
  }
}
// The history of this model keeps cold items, so the neighbours know them too.
const [first] = runs.text!;
const dataset = await first!.dataset();
const { plan } = first!.trained;
const { corpus } = dataset;
const held = { dataset, plan, part };
const tuned = { dataset, plan, part: 'validation' as const };
const similarities = similaritiesOf(await readItems(items, corpus), columns[1]);

interface Row {
  readonly name: string;
  readonly note: string;
  readonly values: readonly Float64Array[];
}

async function neighbourRow(of: string, similarity: Float32Array, onlyCold: boolean): Promise<Row> {
  const tried: [k: number, recall: number][] = [];
  for (const k of [1, 3, 10, 50]) {
    const values = await coldValues(tuned, neighbours(of, similarity, wholeTask(tuned), k), onlyCold);
    tried.push([k, meanOf(values[1]!)]);
  }
  const [k] = tried.reduce((best, each) => (each[1] > best[1] ? each : best));
  const values = await coldValues(held, neighbours(of, similarity, wholeTask(held), k), onlyCold);
  return { name: of, note: `k = ${k}, of 1, 3, 10, 50 by validation`, values };
}

const { group, groups, unit } = groupsOf(taskOverRows(wholeTask(held), coldRows(held)));
const interval = ({ mean, low, high }: { mean: number; low: number; high: number }): string =>
  `${mean.toFixed(4)} [${low.toFixed(4)} – ${high.toFixed(4)}]`;
const protocols = [];
for (const onlyCold of [false, true]) {
  const rows: Row[] = [];
  for (const [model, own] of Object.entries(runs))
    rows.push({ name: model, note: `${own.length} seeds`, values: await valuesOfRuns(own, part, onlyCold) });
  for (const [of, similarity] of Object.entries(similarities)) rows.push(await neighbourRow(of, similarity, onlyCold));
  const figures = measures.map((_, i) =>
    bootstrap({ series: rows.map(({ values }) => values[i]!), group, groups, reference: 0 }),
  );
  const among = onlyCold ? 'items without a training event' : 'all items';
  console.log(`\n${name}, ${part}, among ${among}; ${unit} are drawn`);
  const kept = rows.map(({ name, note }, row) => {
    const own = figures.map(({ means }) => means[row]!);
    const minusText = figures.map(({ differences }) => differences[row]!);
    const minus = row === 0 ? '' : `  minus text: ${minusText.map(interval as never).join('  ')}`;
    console.log(`${name} (${note}): ${own.map(interval as never).join('  ')}${minus}`);
    const byLabel = <T>(values: readonly T[]): Record<string, T> =>
      Object.fromEntries(measures.map(({ label }, i) => [label, values[i]!]));
    return { name, note, figures: byLabel(own), ...(row === 0 ? {} : { minusText: byLabel(minusText) }) };
  });
  protocols.push({ among, rows: kept });
}
if (options.out !== undefined) {
  const summary = {
    ...{ format: 'tower-cold-1', set: name, part, model: basename(options.model!), width, columns, unit },
    ...{ events: group.length, groups, items: corpus.rows },
    coldItems: corpus.trainingCounts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0),
    ...{ machine: describeMachine(), protocols },
  };
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, `${name}.json`), `${JSON.stringify(summary, null, 2)}\n`);
}
