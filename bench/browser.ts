/**
 * A model in a page: bytes, and milliseconds in headless Chromium. `npm run docs:browser -- --out build/films` first, then `npm run bench -- browser`, or
 * `npx tsx bench/browser.ts [--items=100000,1000000]`.
 *
 * The first row is the page of films. The others have its query tower and random items: as many as the option says.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { makeRandom } from '../src/base/random/random.ts';
import { writeDurably } from '../src/base/storage/durable.ts';
import { treeBytes, writeSafetensors } from '../src/base/storage/safetensors.ts';
import { treeIn } from '../src/base/storage/tensor_tree.ts';
import { keyTableOf } from '../src/base/text/key_table.ts';
import type { ItemColumn } from '../src/retrieval/filter/filter_columns.ts';
import { codedRows, itemVectors, type PageIndex, type PageQuery } from '../src/retrieval/page_files.ts';
import { itemColumnsOf, type PublicItems, publicItemsOf } from '../src/retrieval/servable.ts';
import { chromium, Page } from '../test/playground/browser.ts';
import { serveFolder } from '../test/serving/runtime/site.ts';
import { describeMachine } from './machine.ts';

const films = 'build/films/model';
if (chromium === undefined || !existsSync(films)) {
  console.log(`no figures: ${chromium === undefined ? 'there is no Chromium' : `${films} is not built`}`);
  process.exit();
}
const items = process.argv.find((argument) => argument.startsWith('--items='))?.slice(8) ?? '100000,1000000';
const root = mkdtempSync(join(tmpdir(), 'tower-bench-browser-'));

interface Timing {
  readonly open: number;
  readonly tower: readonly number[];
  readonly recommend: readonly number[];
  readonly filter: readonly number[];
}

/** Runs in the page. */
const measure = `async (folder) => {
  const { open } = await import('./' + folder + '/tower.js');
  const start = performance.now();
  const model = await open(folder);
  const opened = performance.now() - start;
  const values = { liked: model.query.features[0].examples.slice(0, 8).map(({ value }) => value) };
  const times = async (work) => {
    const all = [];
    for (let i = 0; i < 230; i++) {
      const from = performance.now();
      await work();
      if (i >= 30) all.push(performance.now() - from);
    }
    return all.sort((a, b) => a - b);
  };
  const filter = "year >= 1990 and 'Drama' in genres";
  return {
    open: opened,
    tower: await times(() => model.vectors({ values })),
    recommend: await times(() => model.recommend({ values, k: 10 })),
    filter: await times(() => model.recommend({ values, k: 10, filter })),
  };
}`;

async function main(): Promise<void> {
  console.log(`a model in a page: ${describeMachine()}`);
  writeFileSync(join(root, 'index.html'), `<!doctype html><script>window.measure = ${measure}</script>`);
  cpSync(films, join(root, 'films'), { recursive: true });
  const sizes = items.split(',').map(Number);
  for (const size of sizes) await writeRandom(join(root, `random${size}`), size);
  const site = await serveFolder(root);
  try {
    for (const folder of ['films', ...sizes.map((size) => `random${size}`)]) await row(site.url, folder);
  } finally {
    await site.close();
  }
}

async function row(url: string, folder: string): Promise<void> {
  const bodies = readdirSync(join(root, folder)).map((name) => readFileSync(join(root, folder, name)));
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const packed = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
  const page = await Page.open(url);
  try {
    await page.value(`void measure(${JSON.stringify(folder)}).then((timing) => { window.timing = timing; })`);
    for (let i = 0; i < 30 && !(await page.value<boolean>('Boolean(window.timing)')); i++) {
      await page.until('window.timing').catch(() => {});
    }
    const { open, tower, recommend, filter } = await page.value<Timing>('window.timing');
    const at = (times: readonly number[]): string => `p50 ${times[100]!.toFixed(2)}, p95 ${times[190]!.toFixed(2)}`;
    console.log(
      `  ${folder}: ${(bytes / 1e6).toFixed(1)} MB, ${(packed / 1e6).toFixed(1)} MB as gzip; open ${open.toFixed(0)} ms; query tower ${at(tower)}; recommend ${at(recommend)}; with a filter ${at(filter)} ms`,
    );
  } finally {
    await page.close();
  }
}

/** The values of the films, again and again. */
function repeatedColumn(column: ItemColumn, rows: number): ItemColumn {
  const at = Int32Array.from({ length: rows }, (_, row) => row);
  switch (column.kind) {
    case 'number':
      return { ...column, values: Float64Array.from(at, (row) => column.values[row % column.values.length]!) };
    case 'truth':
      return { ...column, values: Int8Array.from(at, (row) => column.values[row % column.values.length]!) };
    case 'text':
      return { ...column, codes: at.map((row) => column.codes[row % column.codes.length]!) };
    case 'texts': {
      const { starts, ends } = column;
      return {
        ...column,
        starts: at.map((row) => starts[row % starts.length]!),
        ends: at.map((row) => ends[row % ends.length]!),
      };
    }
  }
}

async function writeRandom(folder: string, rows: number): Promise<void> {
  cpSync(films, folder, { recursive: true });
  const bodyOf = (name: string): Buffer => readFileSync(join(folder, name));
  const json = <T>(name: string): T =>
    JSON.parse((name.endsWith('z') ? gunzipSync(bodyOf(name)) : bodyOf(name)).toString()) as T;
  const { width } = json<PageQuery>('query.jsonz');
  const random = makeRandom(5);
  const data = new Float32Array(rows * width);
  random.fill(data, -1, 1);
  const own = treeIn(new Uint8Array(gunzipSync(bodyOf('items.packed'))), (reason) => new Error(reason)) as PublicItems;
  const titles = keyTableOf(own.titles!);
  const keys = Array.from({ length: rows }, (_, at) => `item ${at}`);
  const repeated = { keys, titles: keys.map((_, at) => titles.keyAt(at % titles.size)) };
  const columns = new Map(
    [...itemColumnsOf(own.columns)].map(([name, column]) => [name, repeatedColumn(column, rows)]),
  );
  writeFileSync(
    join(folder, 'items.packed'),
    gzipSync(await treeBytes(publicItemsOf(repeated, columns)), { level: 9 }),
  );
  await writeDurably(join(folder, 'items.safetensors'), (sink) =>
    writeSafetensors(sink, codedRows({ name: itemVectors, shape: [rows, width], data })),
  );
  const index = json<PageIndex>('tower.json');
  const files = Object.fromEntries(
    Object.keys(index.files).map((name) => {
      const body = readFileSync(join(folder, name));
      return [name, { sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length }];
    }),
  );
  writeFileSync(join(folder, 'tower.json'), JSON.stringify({ ...index, files }));
}

try {
  await main();
} finally {
  rmSync(root, { recursive: true, force: true });
}
