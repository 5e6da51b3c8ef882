import { spawn } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbedRequest, embed } from '../../../src/app/api/embed.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { lower } from '../../../src/compiler/lower/lower.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import { openNpy } from '../../../src/data/files/feature_files.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { ended, program } from '../../app/cli/tower.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { answerOf, type EmbeddingServer, embeddingServer, modelWidth, wordCounts } from './embedding_server.ts';

const root = temporaryFolder();
const at = (name: string): string => join(root, name);
let server: EmbeddingServer;
let outputs = 0;

beforeAll(async () => {
  server = await embeddingServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.instead = undefined;
  server.requests.length = server.answered.length = 0;
});

const items = at('items.csv');
const lines = [
  '007,Night Train,A train at night,3.50',
  '8,"Rain, again",,4',
  '9,,,5',
  '10,Night Train,A train at night,1',
];
writeFileSync(items, `id,title,about,price\n${lines.join('\n')}\n`);

const request = (more: Partial<EmbedRequest> = {}): EmbedRequest => ({
  ...{ file: items, columns: ['title', 'about'], model: 'words', url: server.url, out: at(`${outputs++}.npy`) },
  ...more,
});

async function rowsOf(path: string): Promise<number[][]> {
  const file = await open(path);
  const array = await openNpy(file, statSync(path).size);
  const rows: number[][] = [];
  for (let row = 0; row < array.rows; row++) {
    const into = new Float32Array(array.columns);
    await array.readRow(row, into);
    rows.push([...into]);
  }
  await file.close();
  return rows;
}

const failed = async (work: Promise<unknown>): Promise<{ code: string; message: string; hint: string | undefined }> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  const [{ code, message, hint }] = (error as Failure).diagnostics as [Failure['diagnostics'][number]];
  return { code, message, hint };
};

const night = wordCounts('Night Train\nA train at night');
const rain = wordCounts('Rain, again');
const none = new Array<number>(modelWidth).fill(0);

it('writes a vector for each row, in the order of the file, with the keys and a record of the model', async () => {
  const made = request({ key: 'id', secret: 'hidden' });
  const embedded = await embed(made);
  expect(embedded).toEqual({
    ...{ out: made.out, record: `${made.out}.json`, keys: made.out.replace('.npy', '.keys.txt') },
    ...{ rows: 4, width: modelWidth, empty: 1, texts: 2, computed: 2 },
  });
  expect(await rowsOf(made.out)).toEqual([night, rain, none, night]);
  expect(readFileSync(embedded.keys!, 'utf8')).toBe('007\n8\n9\n10\n');
  expect(JSON.parse(readFileSync(embedded.record, 'utf8'))).toEqual({
    ...{ tower: 'vectors', version: 1, model: 'words', columns: ['title', 'about'], width: modelWidth, rows: 4 },
    url: `${server.url}/embeddings`,
  });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]).toMatchObject({ path: '/v1/embeddings', model: 'words', authorization: 'Bearer hidden' });
});

it('writes the rows with their vectors as Parquet, and ids as they were', async () => {
  const made = request({ out: at('items.parquet'), as: 'meaning' });
  await embed(made);
  const database = await openDatabase();
  const rows = await database.rows(`SELECT * FROM '${made.out}'`);
  const types = await database.rows(
    `SELECT column_name AS n, column_type AS t FROM (DESCRIBE SELECT * FROM '${made.out}')`,
  );
  database.close();
  expect(rows.map(({ id, title, price }) => [id, title, price])).toEqual([
    ['007', 'Night Train', 3.5],
    ['8', 'Rain, again', 4],
    ['9', null, 5],
    ['10', 'Night Train', 1],
  ]);
  expect(Array.from(rows[1]!.meaning as Iterable<number>)).toEqual(rain);
  expect(types.find(({ n }) => n === 'price')!.t).toBe('DOUBLE');
  // The file that was written can be the next one that is read.
  expect(await embed(request({ file: made.out }))).toMatchObject({ rows: 4, texts: 2 });
  expect(await failed(embed(request({ file: made.out, out: made.out, as: 'meaning' })))).toMatchObject({
    code: 'repeated-name',
  });
});

it.each([
  ['npy', `film : id(dim: ${modelWidth}, init: "v.npy", keys: "v.keys.txt", frozen)`, 'film'],
  ['parquet', `film : id(dim: 0)\nembedding : vector(${modelWidth})`, 'embedding'],
])('lets the protocol of a run name the model: %s', async (ending, features, offered) => {
  const events = Array.from({ length: 8 }, (_, row) => `u${row % 3},f${row % 4}`);
  const films = Array.from({ length: 4 }, (_, row) => `f${row},Film ${row}`);
  writeFileSync(at('events.csv'), `user_id,film\n${events.join('\n')}\n`);
  writeFileSync(at('films.csv'), `film,title\n${films.join('\n')}\n`);
  await embed(request({ file: at('films.csv'), columns: ['title'], out: at(`v.${ending}`), key: 'film' }));
  const text = `model films
features { user_id : id(dim: 4)
${features} }
tower user(user_id) keyed by user_id { channel main = user_id -> dense(4) }
tower item(${offered}) keyed by film { channel main = ${offered} -> dense(4) }
task watch { score = dot(user, item)
  loss = softmax(in_batch) }
train { batch = 2, epochs = 1, seed = 1
  dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05) }
data seen { events = "events.csv"
  items = "${ending === 'npy' ? 'films.csv' : 'v.parquet'}" by film
  split = random(test: 25%) }`;
  const { model, dataDescriptions } = checkSource(makeSource(at('films.tower'), text));
  const { protocol } = await readDataset(dataDescriptions[0]!, lower(model!).output!.plan);
  expect(protocol).toContain(`The vectors of v.${ending} are ${modelWidth} numbers of \`words\`, from \`title\`.`);
});

it('asks only for texts that are new, whatever their row, until the model or its settings change', async () => {
  const cache = at('shared');
  await embed(request({ cache }));
  const longer = at('longer.csv');
  writeFileSync(longer, `id,title,about,price\n11,Snow,,2\n${lines.join('\n')}\n`);
  const made = request({ file: longer, cache });
  expect(await embed(made)).toMatchObject({ texts: 3, computed: 1 });
  expect(server.answered).toEqual(['Rain, again', 'Night Train\nA train at night', 'Snow']);
  expect(await rowsOf(made.out)).toEqual([wordCounts('Snow'), night, rain, none, night]);
  server.requests.length = 0;
  expect(await embed(request({ cache }))).toMatchObject({ computed: 0 });
  expect(server.requests).toEqual([]);
  expect(await embed(request({ cache, model: 'other' }))).toMatchObject({ computed: 2 });
  expect(await embed(request({ cache, dimensions: 7 }))).toMatchObject({ computed: 2, width: 7 });
  expect(await embed(request({ cache, prefix: 'passage: ' }))).toMatchObject({ computed: 2 });
  expect(server.answered.at(-1)).toMatch(/^passage: /);
});

it('goes on after a cache that was cut short, and refuses a damaged one', async () => {
  const made = request({ batch: 1 });
  await embed(made);
  const [name] = readdirSync(`${made.out}.cache`).filter((each) => each.endsWith('.log')) as [string];
  const log = join(`${made.out}.cache`, name);
  truncateSync(log, statSync(log).size - 9);
  expect(await embed(made)).toMatchObject({ computed: 1 });
  appendFileSync(log, 'nonsense\n');
  expect(await failed(embed(made))).toMatchObject({ code: 'items-log' });
});

it('loses at most one batch by a kill', { timeout: 60_000 }, async () => {
  const many = at('many.csv');
  writeFileSync(many, `title\n${Array.from({ length: 40 }, (_, row) => `film ${row + 10}`).join('\n')}\n`);
  const made = request({ file: many, columns: ['title'], batch: 4 });
  const { url, out } = made;
  const args = ['embed', many, '--column', 'title', '--model', 'words', '--url', url!, '--out', out, '--batch', '4'];
  const child = spawn(process.execPath, [program, ...args]);
  server.instead = () => server.requests.length === 6 && child.kill('SIGKILL');
  await ended(child);
  expect(server.answered).toHaveLength(20);
  server.instead = undefined;
  expect(await embed(made)).toMatchObject({ texts: 40, computed: 20 });
  expect(new Set(server.answered).size).toBe(40);
});

describe('an endpoint that has no answer now', () => {
  it('is asked again, after the time that it names', async () => {
    const times: number[] = [];
    server.instead = (response) => {
      times.push(Date.now());
      if (times.length > 2) return false;
      response.writeHead(times.length === 1 ? 429 : 503, { 'retry-after': times.length === 1 ? '1' : '0' }).end('{}');
      return true;
    };
    expect(await embed(request())).toMatchObject({ computed: 2 });
    expect(times).toHaveLength(3);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
  });

  it('is asked again after a lost connection', async () => {
    server.instead = (response) => server.requests.length === 1 && Boolean(response.destroy());
    expect(await embed(request())).toMatchObject({ computed: 2 });
  });

  it('ends the run if it asks for a longer pause than anybody waits', async () => {
    server.instead = (response) => Boolean(response.writeHead(429, { 'retry-after': '3600' }).end('{}'));
    const { code, message, hint } = await failed(embed(request()));
    expect([code, server.requests.length]).toEqual(['embed-failed', 1]);
    expect(message).toContain('it answers 429; it asks to wait 3600 seconds');
    expect(hint).toContain('run the same command again');
  });

  it('does not hold a run that is stopped', async () => {
    const stop = new AbortController();
    server.instead = () => {
      setTimeout(() => stop.abort(new Error('stopped')), 10);
      return true;
    };
    await expect(embed(request({ signal: stop.signal }))).rejects.toThrow('stopped');
  });
});

describe('an answer', () => {
  const row = wordCounts('x');
  it.each([
    ['that is no JSON', '<html>', 'has no list `data`'],
    ['with fewer vectors', answerOf([row]), 'has 1 vectors for 2 texts'],
    [
      'with one index twice',
      JSON.stringify({
        data: [
          { index: 0, embedding: row },
          { index: 0, embedding: row },
        ],
      }),
      'has an index twice',
    ],
    [
      'with a wrong index',
      JSON.stringify({
        data: [
          { index: 0, embedding: row },
          { index: 2, embedding: row },
        ],
      }),
      'or one of no text',
    ],
    ['without numbers', JSON.stringify({ data: [{ index: 0 }, { index: 1 }] }), 'is no list of numbers'],
    ['with null', JSON.stringify({ data: [null, null] }), 'is no list of numbers'],
    ['with an empty vector', answerOf([[], []]), 'has 0 numbers'],
    ['with a text as a number', answerOf([row, ['1', 2]]), 'has "1" at index 0'],
    ['with a number too large for float32', answerOf([row, [1, 1e300]]), 'has 1e+300 at index 1'],
    ['with other widths', answerOf([row, [1, 2]]), 'a vector has 2 numbers, and those before it have 24'],
  ])('%s is refused, and nothing is cached', async (_, text, reason) => {
    server.instead = (response) => Boolean(response.end(text));
    const made = request();
    const { code, message } = await failed(embed(made));
    expect([code, message]).toEqual(['embed-failed', expect.stringContaining(reason)]);
    expect(server.requests).toHaveLength(1);
    server.instead = undefined;
    expect(await embed(made)).toMatchObject({ computed: 2 });
  });

  it('with another width than the cache is refused', async () => {
    const made = request({ batch: 1 });
    server.instead = (response) =>
      server.requests.length === 2 && Boolean(response.end(answerOf([wordCounts('x', 5)])));
    expect((await failed(embed(made))).message).toContain('a vector has 5 numbers, and those before it have 24');
  });

  it.each([
    [401, 'it answers 401: no such key', 'TOWER_EMBED_KEY'],
    [400, 'it answers 400: no such key', '--model'],
    [302, 'it has moved to http://elsewhere/', '--url'],
  ])('of status %d is not asked for again', async (status, reason, hint) => {
    const body = JSON.stringify({ error: { message: 'no such\nkey' } });
    server.instead = (response) => Boolean(response.writeHead(status, { location: 'http://elsewhere/' }).end(body));
    const failure = await failed(embed(request()));
    expect([failure.message, failure.hint]).toEqual([expect.stringContaining(reason), expect.stringContaining(hint)]);
    expect(server.requests).toHaveLength(1);
  });
});

it.each([
  ['an address', { url: 'ftp://host/v1' }, 'embed-failed', 'does not begin with'],
  ['a secret in the address', { url: 'http://me:hidden@host/v1' }, 'embed-failed', 'TOWER_EMBED_KEY'],
  ['a column', { columns: ['titel'] }, 'unknown-name', 'titel'],
  ['a file', { file: at('none.csv') }, 'cannot-read', 'it does not exist'],
  ['a kind of file', { file: import.meta.filename }, 'data-file-kind', 'embed_rows.slow.test.ts'],
  ['a repeated key', { key: 'about' }, 'embed-key', 'row 2'],
])('refuses %s', async (_, more, code, words) => {
  const failure = await failed(embed(request(more)));
  expect([failure.code, `${failure.message} ${failure.hint}`]).toEqual([code, expect.stringContaining(words)]);
  expect(failure.message).not.toContain('hidden');
});

it('refuses a row that cannot be read, because each row has a vector', async () => {
  const broken = at('broken.csv');
  writeFileSync(broken, 'id,title,about\n1,a,b\n2,a\n');
  expect(await failed(embed(request({ file: broken })))).toMatchObject({
    code: 'data-file-shape',
    message: expect.stringContaining('line 3'),
  });
});
