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
import { encodeSafetensors } from '../src/base/storage/safetensors.ts';
import { parseSafetensors } from '../src/base/storage/tensor_header.ts';
import { keyTableOf } from '../src/base/text/key_table.ts';
import { packTexts } from '../src/base/text/texts.ts';
import {
  openServable,
  type PageFile,
  type PageIndex,
  type PublicServable,
  type PublicTower,
  packServable,
  pageIndex,
  type ServedColumn,
} from '../src/retrieval/servable.ts';
import { codedRows } from '../src/retrieval/vectors.ts';
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
function repeatedColumn(column: ServedColumn, rows: number): ServedColumn {
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
  const damaged = (reason: string): Error => new Error(reason);
  const bodyOf = (name: string): Buffer => readFileSync(join(folder, name));
  const contentsOf = (body: Buffer): unknown => openServable(parseSafetensors(new Uint8Array(body), damaged), damaged);
  const own = contentsOf(gunzipSync(bodyOf('servable.packed'))) as PublicServable;
  const tower = contentsOf(bodyOf('tower.safetensors')) as PublicTower;
  const random = makeRandom(5);
  const data = new Float32Array(rows * tower.width);
  random.fill(data, -1, 1);
  const titles = keyTableOf(own.items.titles!);
  const keys = packTexts(Array.from({ length: rows }, (_, at) => `item ${at}`));
  const repeated = packTexts(Array.from(keys, (_, at) => titles.keyAt(at % titles.size)));
  const columns = new Map(
    [...own.items.columns].map(([name, column]) => [name, repeatedColumn(column, rows)] as const),
  );
  const packed = async (contents: object, forGzip = false): Promise<Uint8Array> => {
    const { tensors, texts } = packServable(contents, forGzip);
    return encodeSafetensors(tensors, texts);
  };
  const bodies: Readonly<Record<PageFile, Uint8Array>> = {
    'servable.packed': gzipSync(await packed({ ...own, items: { keys, titles: repeated, columns } }, true), {
      level: 9,
    }),
    'tower.safetensors': await packed({ ...tower, vectors: codedRows(data, tower.width) }),
  };
  const files = Object.fromEntries(
    Object.entries(bodies).map(([name, body]) => {
      writeFileSync(join(folder, name), body);
      return [name, { sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length }];
    }),
  );
  const index = JSON.parse(bodyOf(pageIndex).toString()) as PageIndex;
  writeFileSync(join(folder, pageIndex), JSON.stringify({ ...index, files }));
}

try {
  await main();
} finally {
  rmSync(root, { recursive: true, force: true });
}
