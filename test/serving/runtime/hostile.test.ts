/** Files that are cut off, changed, too large, or made to mislead: each is refused with a code before anything is computed from it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/failure.ts';
import { treeBytes } from '../../../src/base/storage/safetensors.ts';
import { treeIn } from '../../../src/base/storage/tensor_tree.ts';
import type { PageIndex, PageQuery } from '../../../src/retrieval/page_files.ts';
import type { PublicItems } from '../../../src/retrieval/servable.ts';
import { open } from '../../../src/runtime.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { exportSmall } from './exported.ts';

const root = temporaryFolder();
const files = new Map<string, Buffer>();

beforeAll(async () => {
  const { folder } = await exportSmall(root);
  for (const name of ['tower.json', 'query.jsonz', 'query.safetensors', 'items.packed', 'items.safetensors']) {
    files.set(name, readFileSync(join(folder, name)));
  }
});

type Json<T> = { -readonly [K in keyof T]: Json<T[K]> };
const isPacked = (name: string): boolean => name.endsWith('.jsonz');
const json = <T>(name: string): Json<T> => {
  const body = files.get(name)!;
  return JSON.parse((isPacked(name) ? gunzipSync(body) : body).toString()) as Json<T>;
};
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const itemsOf = (body: Buffer): PublicItems =>
  treeIn(new Uint8Array(gunzipSync(body)), (reason) => new Error(reason)) as PublicItems;

const packed = async (value: unknown): Promise<Buffer> => gzipSync(await treeBytes(value));

/** As a server would: other bytes, or none, for some of the files. */
const fetching =
  (changed: Readonly<Record<string, Buffer | undefined>>) =>
  async (url: string): Promise<Response> => {
    const name = new URL(url).pathname.slice(1);
    const body = Object.hasOwn(changed, name) ? changed[name] : files.get(name);
    return body ? new Response(new Uint8Array(body)) : new Response('', { status: 404, statusText: 'Not Found' });
  };

async function refusal(changed: Readonly<Record<string, Buffer | undefined>>, more = {}): Promise<string> {
  const error = await open('http://site/', { fetch: fetching(changed), ...more }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  const [{ code, message, hint }] = (error as Failure).diagnostics as [Failure['diagnostics'][0]];
  expect(hint).toBeTypeOf('string');
  return `${code}: ${message}`;
}

/** The same with an index that has the checksums of the changed files: somebody did it on purpose. */
function consistent(changed: Readonly<Record<string, Buffer>>): Record<string, Buffer> {
  const index = json<PageIndex>('tower.json');
  for (const [name, body] of Object.entries(changed)) {
    const sha256 = createHash('sha256').update(body).digest('hex');
    index.files[name as keyof PageIndex['files']] = { sha256, bytes: body.length };
  }
  return { ...changed, 'tower.json': bytes(index) };
}

const altered = <T>(name: string, alter: (value: Json<T>) => unknown): Record<string, Buffer> => {
  const value = json<T>(name);
  alter(value);
  return consistent({ [name]: isPacked(name) ? gzipSync(bytes(value)) : bytes(value) });
};

it('opens the files as they are', async () => {
  const progress: number[] = [];
  const onProgress = ({ received, total }: { received: number; total: number }): void => {
    progress.push(received / total);
  };
  expect((await open('http://site/', { fetch: fetching({}), onProgress })).model).toBe('fixture');
  expect(progress.at(-1)).toBe(1);
});

it('has what is public alone, and of the users nothing', async () => {
  const items = itemsOf(files.get('items.packed')!);
  expect(Object.keys(items).sort()).toEqual(['columns', 'keys', 'titles']);
  expect(items.keys).not.toHaveProperty('slots');
  expect(Object.keys(json<PageQuery>('query.jsonz')).filter((name) => /users|had|seenBy/.test(name))).toEqual([]);
});

describe('bytes', () => {
  it.each(['tower.json', 'query.jsonz', 'items.safetensors'])('a missing %s', async (name) => {
    expect(await refusal({ [name]: undefined })).toBe(
      `export-unreachable: http://site/${name} cannot be fetched: the server answers 404 Not Found`,
    );
  });

  it('a file that another one replaced, byte by byte', async () => {
    const body = Buffer.from(files.get('items.safetensors')!);
    body[body.length - 2]! ^= 1;
    expect(await refusal({ 'items.safetensors': body })).toContain('its checksum is not that of its index');
  });

  it('a file that is cut off, or has more', async () => {
    const body = files.get('items.packed')!;
    expect(await refusal({ 'items.packed': body.subarray(0, 100) })).toMatch(
      /it has 100 bytes, and its index says \d+/,
    );
    expect(await refusal({ 'items.packed': Buffer.concat([body, body]) })).toContain('it is longer than the');
  });

  it('an index without end, of another format, and files larger than allowed', async () => {
    expect(await refusal({ 'tower.json': Buffer.alloc(2 ** 20 + 1, ' ') })).toContain(
      'it is longer than 1048576 bytes',
    );
    expect(await refusal({ 'tower.json': Buffer.from('<!doctype html>') })).toContain('it is not JSON');
    expect(
      await refusal(altered<PageIndex>('tower.json', (index) => Object.assign(index, { format: 'other' }))),
    ).toMatch('export-damaged');
    const large = json<PageIndex>('tower.json');
    large.files['items.safetensors'].bytes = 2 ** 40;
    expect(await refusal({ 'tower.json': bytes(large) })).toMatch(
      /its files have \d+ bytes, and 1073741824 are allowed/,
    );
    expect(await refusal({}, { mostBytes: 1000 })).toContain('and 1000 are allowed');
  });

  it('a network that ends', async () => {
    const fetch = () => Promise.reject(new TypeError('Failed to fetch'));
    expect(await refusal({}, { fetch })).toContain(
      'export-unreachable: http://site/tower.json cannot be fetched: Failed',
    );
    const signal = AbortSignal.abort(new Error('left the page'));
    const aborted = open('http://site/', { signal, fetch: () => Promise.reject(signal.reason) });
    await expect(aborted).rejects.toThrow('left the page');
  });
});

describe('files whose checksums are right', () => {
  it.each<[string, (query: Json<PageQuery>) => unknown, string]>([
    ['an op that there is not', (query) => Object.assign(query.graph.nodes.at(-1)!, { op: 'Eval' }), 'no op "Eval"'],
    [
      'a node that reads itself',
      (query) => Object.assign(query.graph.nodes.at(-1)!, { inputs: [query.graph.nodes.length - 1] }),
      'has a mistake',
    ],
    ['a node without a type', (query) => delete (query.graph.nodes[0] as { type?: unknown }).type, 'has no `type`'],
    [
      'a graph that gives another width',
      (query) => Object.assign(query, { width: 9 }),
      'does not give float32[batch, 9]',
    ],
    [
      'a graph that needs more memory than there is',
      (query) => {
        const { nodes, inputs } = query.graph;
        inputs.push({ name: 'more', node: nodes.length });
        const type = { dtype: 'float32', shape: [{ symbol: 'batch', times: 1 }, 2 ** 31 - 1] };
        nodes.push({ op: 'Input', inputs: [], attributes: { name: 'more' }, type, label: '' } as never);
      },
      'a query would take',
    ],
    [
      'a feature that needs itself',
      (query) => Object.assign(query.plan.features.find(({ name }) => name === 'history')!, { last: 'history' }),
      'needs itself',
    ],
    ['a feature that there is not', (query) => query.plan.towers[0].features.push('nobody'), 'no feature `nobody`'],
    ['an encoding that is missing', (query) => delete query.encodings.movie_id, '`movie_id` has no encoding'],
    ['an encoding of no kind', (query) => Object.assign(query.encodings.movie_id!, { kind: 'x' }), 'no known kind'],
    ['a task past the vectors', (query) => Object.assign(query.objectives[0]!, { to: 99 }), 'no part of the vectors'],
    ['an entry more', (query) => Object.assign(query, { script: 'alert(1)' }), 'has an entry `script`'],
    [
      'a vocabulary larger than its table',
      (query) =>
        (query.encodings.movie_id as unknown as { values: string[] }).values.unshift(...'abcdefghijklmnopqrstuvwxyz'),
      '',
    ],
  ])('%s', async (_, alter, reason) => {
    const changed = altered('query.jsonz', alter);
    if (reason !== '') return expect(await refusal(changed)).toContain(reason);
    // Nothing is read past a table: the answer has an error of the page's own, and no other memory.
    const opened = await open('http://site/', { fetch: fetching(changed) });
    const last = json<PageQuery>('query.jsonz').encodings.movie_id as unknown as { readonly values: readonly string[] };
    await expect(opened.recommend({ values: { history: [last.values.at(-1)!] } })).rejects.toThrow('is not within');
  });

  // biome-ignore lint/suspicious/noExplicitAny: each entry is replaced by one that does not fit
  it.each<[string, (items: any) => unknown, string]>([
    ['a key less', ({ keys }) => Object.assign(keys, { ends: keys.ends.slice(1) }), 'the titles does not fit'],
    ['no keys', (items) => delete items.keys, 'the keys of the items does not fit'],
    ['a title less', ({ titles }) => Object.assign(titles, { ends: titles.ends.slice(1) }), 'the titles does not fit'],
    ['a word that there is not', ({ columns }) => columns.get('country').codes.fill(99), 'column "country"'],
    [
      'a number that is none',
      ({ columns }) => Object.assign(columns.get('year'), { values: ['x'] }),
      'column "year" does not fit',
    ],
    [
      'texts of a column as lists',
      ({ columns }) => Object.assign(columns.get('country'), { kind: 'texts' }),
      'column "country" does not fit',
    ],
    ['users', (items) => Object.assign(items, { users: items.keys }), 'the entry "users" does not fit'],
  ])('%s', async (_, alter, reason) => {
    const items = itemsOf(files.get('items.packed')!);
    alter(items);
    expect(await refusal(consistent({ 'items.packed': await packed(items) }))).toContain(reason);
  });

  it('files that are not gzip, and texts longer than allowed', async () => {
    expect(await refusal(consistent({ 'items.packed': Buffer.from('{}') }))).toContain('it is not gzip');
    const cut = files.get('items.packed')!;
    expect(await refusal(consistent({ 'items.packed': cut.subarray(0, cut.length - 9) }))).toContain('it is not gzip');
    const long = gzipSync(Buffer.alloc(2 ** 24, ' '));
    expect(await refusal(consistent({ 'items.packed': long }), { mostBytes: 2 ** 20 })).toContain(
      'its contents are longer than 1048576 bytes',
    );
  });

  it('vectors of other sizes, and numbers that are infinite', async () => {
    const body = Buffer.from(files.get('items.safetensors')!);
    body.writeFloatLE(Number.POSITIVE_INFINITY, body.length - 4);
    expect(await refusal(consistent({ 'items.safetensors': body }))).toContain('holds Infinity');
    const header = Buffer.from(files.get('items.safetensors')!);
    header.writeBigUInt64LE(2n ** 50n, 0);
    expect(await refusal(consistent({ 'items.safetensors': header }))).toContain('its header is cut off');
    const query = files.get('query.safetensors')!;
    expect(await refusal(consistent({ 'items.safetensors': query }))).toContain('it has no `vectors`');
    expect(await refusal(consistent({ 'query.safetensors': files.get('items.safetensors')! }))).toContain(
      'it has no `',
    );
  });
});
