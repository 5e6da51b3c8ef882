/** Files that are cut off, changed, too large, or made to mislead: each is refused with a code before anything is computed from it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { encodeSafetensors } from '../../../src/base/storage/safetensors.ts';
import { parseSafetensors } from '../../../src/base/storage/tensor_header.ts';
import { type PackedTexts, packTexts } from '../../../src/base/text/texts.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import {
  openServable,
  type PageFile,
  type PageIndex,
  type PublicServable,
  type PublicTower,
  packServable,
} from '../../../src/retrieval/servable.ts';
import { open } from '../../../src/runtime.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { exportSmall } from './exported.ts';

const root = temporaryFolder();
const files = new Map<string, Buffer>();

beforeAll(async () => {
  const { folder } = await exportSmall(root);
  for (const name of ['tower.json', 'servable.packed', 'tower.safetensors']) {
    files.set(name, readFileSync(join(folder, name)));
  }
});

type Changeable<T> = { -readonly [K in keyof T]: T[K] extends object ? Changeable<T[K]> : T[K] };
const indexOf = (): Changeable<PageIndex> => JSON.parse(files.get('tower.json')!.toString()) as Changeable<PageIndex>;
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function servableOf(): PublicServable & { readonly tower: PublicTower } {
  const damaged = (reason: string): Error => new Error(reason);
  const contentsOf = (body: Buffer): unknown => openServable(parseSafetensors(new Uint8Array(body), damaged), damaged);
  const rest = contentsOf(gunzipSync(files.get('servable.packed')!)) as PublicServable;
  return { ...rest, tower: contentsOf(files.get('tower.safetensors')!) as PublicTower };
}

async function packed(contents: object, more = {}): Promise<Buffer> {
  const { tensors, texts } = packServable(contents);
  return Buffer.from(await encodeSafetensors(tensors, { ...texts, ...more }));
}

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
function consistent(changed: Readonly<Partial<Record<PageFile, Buffer>>>): Record<string, Buffer> {
  const index = indexOf();
  for (const [name, body] of Object.entries(changed)) {
    const sha256 = createHash('sha256').update(body).digest('hex');
    index.files[name as PageFile] = { sha256, bytes: body.length };
  }
  return { ...changed, 'tower.json': bytes(index) };
}

// biome-ignore lint/suspicious/noExplicitAny: each entry is replaced by one that does not fit
async function altered(alter: (servable: any) => unknown): Promise<Record<string, Buffer>> {
  const servable = servableOf();
  alter(servable);
  const { tower, ...rest } = servable;
  return consistent({ 'servable.packed': gzipSync(await packed(rest)), 'tower.safetensors': await packed(tower) });
}

it('opens the files as they are', async () => {
  const progress: number[] = [];
  const onProgress = ({ received, total }: { received: number; total: number }): void => {
    progress.push(received / total);
  };
  expect((await open('http://site/', { fetch: fetching({}), onProgress })).model).toBe('fixture');
  expect(progress.at(-1)).toBe(1);
});

it('has what is public alone, and of the users nothing', () => {
  const { items, ...rest } = servableOf();
  expect(Object.keys(items).sort()).toEqual(['columns', 'keys', 'titles']);
  expect(items.keys).not.toHaveProperty('slots');
  const names = ['encodings', 'events', 'histories', 'objectives', 'plan', 'seen', 'tower'];
  expect(Object.keys(rest).sort()).toEqual(names);
});

describe('bytes', () => {
  it.each(['tower.json', 'servable.packed', 'tower.safetensors'])('a missing %s', async (name) => {
    expect(await refusal({ [name]: undefined })).toBe(
      `export-unreachable: http://site/${name} cannot be fetched: the server answers 404 Not Found`,
    );
  });

  it('a file that another one replaced, byte by byte', async () => {
    const body = Buffer.from(files.get('tower.safetensors')!);
    body[body.length - 2]! ^= 1;
    expect(await refusal({ 'tower.safetensors': body })).toContain('its checksum is not that of its index');
  });

  it('a file that is cut off, or has more', async () => {
    const body = files.get('servable.packed')!;
    expect(await refusal({ 'servable.packed': body.subarray(0, 100) })).toMatch(
      /it has 100 bytes, and its index says \d+/,
    );
    expect(await refusal({ 'servable.packed': Buffer.concat([body, body]) })).toContain('it is longer than the');
  });

  it('an index without end, of another format, and a file larger than allowed', async () => {
    expect(await refusal({ 'tower.json': Buffer.alloc(2 ** 20 + 1, ' ') })).toContain(
      'it is longer than 1048576 bytes',
    );
    expect(await refusal({ 'tower.json': Buffer.from('<!doctype html>') })).toContain('it is not JSON');
    expect(await refusal({ 'tower.json': bytes({ ...indexOf(), format: 'tower-page-3' }) })).toBe(
      'export-damaged: http://site/tower.json is damaged: its format is "tower-page-3", and this version of Tower reads "tower-servable-1"',
    );
    expect(await refusal({ 'tower.json': bytes({ ...indexOf(), files: {} }) })).toContain('or checksums');
    const large = indexOf();
    large.files['tower.safetensors'].bytes = 2 ** 40;
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

describe('a file whose checksum is right', () => {
  // biome-ignore lint/suspicious/noExplicitAny: each entry is replaced by one that does not fit
  it.each<[string, (servable: any) => unknown, string]>([
    ['an op that there is not', ({ tower }) => Object.assign(tower.graph.nodes.at(-1), { op: 'Eval' }), 'no op "Eval"'],
    [
      'a node that reads itself',
      ({ tower }) => Object.assign(tower.graph.nodes.at(-1), { inputs: [tower.graph.nodes.length - 1] }),
      'has a mistake',
    ],
    ['a node without a type', ({ tower }) => delete tower.graph.nodes[0].type, 'the graph does not fit'],
    ['another width', ({ tower }) => Object.assign(tower, { width: 9 }), 'the vectors does not fit'],
    [
      'a graph that gives another width',
      ({ tower, items: { keys } }) =>
        Object.assign(tower, { width: 9, vectors: new Float32Array(9 * keys.ends.length) }),
      'does not give float32[batch, 9]',
    ],
    [
      'a graph that needs more memory than there is',
      ({ tower: { graph } }) => {
        const { nodes, inputs } = graph;
        inputs.push({ name: 'more', node: nodes.length });
        const type = { dtype: 'float32', shape: [{ symbol: 'batch', times: 1 }, 2 ** 31 - 1] };
        nodes.push({ op: 'Input', inputs: [], attributes: { name: 'more' }, type, label: '' });
      },
      'a query would take',
    ],
    [
      'a feature that needs itself',
      ({ plan }) =>
        Object.assign(
          plan.features.find(({ name }: { name: string }) => name === 'history'),
          { last: 'history' },
        ),
      'needs itself',
    ],
    ['a feature that there is not', ({ plan }) => plan.towers[0].features.push('nobody'), 'feature `nobody`'],
    ['an encoding that is missing', ({ encodings }) => encodings.delete('movie_id'), 'which has no encoding'],
    [
      'an encoding of no kind',
      ({ encodings }) => Object.assign(encodings.get('movie_id'), { kind: 'x' }),
      'encoding "movie_id" does not fit',
    ],
    [
      'texts that end after their bytes',
      ({ encodings }) => encodings.get('movie_id').values.ends.fill(2 ** 31, 2),
      'encoding "movie_id" does not fit',
    ],
    ['a task past the vectors', ({ objectives }) => Object.assign(objectives[0], { to: 99 }), 'task "watch"'],
    ['an entry more', (servable) => Object.assign(servable, { script: 'alert(1)' }), 'the entry "script"'],
    ['a parameter less', ({ tower }) => tower.parameters.delete([...tower.parameters.keys()][0]), 'the parameters'],
    [
      'a parameter of another size',
      ({ tower }) => tower.parameters.set([...tower.parameters.keys()][0], new Float32Array(1)),
      'parameter `',
    ],
    [
      'vectors as bytes without a scale for each row',
      ({ tower }) =>
        Object.assign(tower, { vectors: { codes: new Uint8Array(tower.vectors.length), scales: new Float32Array(1) } }),
      'the vectors does not fit',
    ],
    [
      'a key less',
      ({ items: { keys } }) => Object.assign(keys, { ends: keys.ends.slice(1) }),
      'the titles does not fit',
    ],
    ['no keys', ({ items }) => delete items.keys, 'what is known of the items does not fit'],
    ['no items', (servable) => Object.assign(servable, { items: [] }), 'what is known of the items does not fit'],
    ['no tower', (servable) => Object.assign(servable, { tower: [] }), 'the query tower does not fit'],
    [
      'a title less',
      ({ items: { titles } }) => Object.assign(titles, { ends: titles.ends.slice(1) }),
      'the titles does not fit',
    ],
    ['a word that there is not', ({ items }) => items.columns.get('country').codes.fill(99), 'column "country"'],
    [
      'a number that is none',
      ({ items }) => Object.assign(items.columns.get('year'), { values: ['x'] }),
      'column "year" does not fit',
    ],
    [
      'texts of a column as lists',
      ({ items }) => Object.assign(items.columns.get('country'), { kind: 'texts' }),
      'column "country" does not fit',
    ],
    ['users', ({ items }) => Object.assign(items, { users: items.keys }), 'what is known of the items does not fit'],
    ['an infinite number', ({ tower }) => tower.vectors.fill(Number.POSITIVE_INFINITY, 3, 4), 'holds Infinity'],
  ])('%s', async (_, alter, reason) => {
    expect(await refusal(await altered(alter))).toContain(reason);
  });

  it('a vocabulary larger than its table: nothing is read past it', async () => {
    const changed = await altered(({ encodings }) => {
      const encoding = encodings.get('movie_id');
      encoding.values = packTexts(['a', ...'bcdefghijklmnopqrstuvwxyz', ...(encoding.values as PackedTexts)]);
    });
    // The answer has an error of the page's own, and no other memory.
    const opened = await open('http://site/', { fetch: fetching(changed) });
    const { values } = servableOf().encodings.get('movie_id') as Extract<Encoding, { kind: 'vocabulary' }>;
    await expect(opened.recommend({ values: { history: [values.at(-1)!] } })).rejects.toThrow('is not within');
  });

  it('another format, contents that are not gzip, or longer than allowed', async () => {
    const whole = files.get('servable.packed')!;
    const { tower, ...rest } = servableOf();
    const older = gzipSync(await packed(rest, { format: 'tower-servable-0' }));
    expect(await refusal(consistent({ 'servable.packed': older }))).toContain('its format is "tower-servable-0"');
    expect(await refusal(consistent({ 'servable.packed': Buffer.from('{}') }))).toContain('it is not gzip');
    expect(await refusal(consistent({ 'servable.packed': whole.subarray(0, whole.length - 9) }))).toContain(
      'it is not gzip',
    );
    const long = gzipSync(Buffer.alloc(2 ** 24, ' '));
    expect(await refusal(consistent({ 'servable.packed': long }), { mostBytes: 2 ** 20 })).toContain(
      'its contents are longer than 1048576 bytes',
    );
    const header = Buffer.from(await packed(tower));
    header.writeBigUInt64LE(2n ** 50n, 0);
    expect(await refusal(consistent({ 'tower.safetensors': header }))).toContain('its header is cut off');
    const swapped = { 'servable.packed': gzipSync(await packed(tower)), 'tower.safetensors': await packed(rest) };
    expect(await refusal(consistent(swapped))).toContain('the entry "');
  });
});
