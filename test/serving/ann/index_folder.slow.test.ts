/** An index on disk, with usearch. Its certificate is computed again here from the files alone, by plain sums. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { type ListIndex, type NeighbourGraph, recallOf, searchAll } from '../../../src/engines/scan/approximate.ts';
import { Bits } from '../../../src/engines/scan/bits.ts';
import { makeScan } from '../../../src/engines/scan/scan.ts';
import {
  type IndexManifest,
  type IndexSource,
  openIndexFolder,
  writeIndexFolder,
} from '../../../src/serving/ann/index_folder.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { hasUsearch, skipped } from './has_usearch.ts';

/** While it is set, the disk is full when a graph is to be on it. */
const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...more) => {
    const handle = await real.open(path, ...more);
    if (disk.isFull && String(path).includes('graph.usearch')) {
      handle.sync = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'fsync' }));
    }
    return handle;
  };
  return { ...real, open };
});

const random = makeRandom(21);
const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
const [rows, width, k] = [3000, 16, 10];
/** Lengths differ, as those of popular items do. */
const data = new Float32Array(rows * width);
for (let row = 0; row < rows; row++) {
  const length = Math.exp(0.4 * gaussian());
  for (let i = 0; i < width; i++) data[row * width + i] = length * gaussian();
}
const queries = Array.from({ length: 60 }, (_, at) =>
  Array.from({ length: at % 5 === 0 ? 2 : 1 }, () =>
    Float64Array.from({ length: width }, () => Math.fround(gaussian() + 0.5)),
  ),
);
const keys = Array.from({ length: rows }, (_, row) => `item ${row}`);
const items = { data, rows, width, keys };
const version = 'a'.repeat(64);
/** As a snapshot gives them. */
const served = (of = items) => ({
  version,
  rows: of.rows,
  width: of.width,
  keyAt: (row: number) => of.keys[row]!,
  itemVector: (row: number) => of.data.subarray(row * width, (row + 1) * width),
});
const root = temporaryFolder();
const sourceOf = (name: string, more: Partial<IndexSource> = {}): IndexSource => ({
  folder: join(root, name),
  tower: '0.0.0',
  version,
  items,
  queries: { vectors: queries, of: 'events of the test part' },
  k,
  recall: 0.95,
  kind: 'graph',
  ...more,
});
const scan = makeScan(data, rows, width);

/** The rows of the best k by sums in another order, and the score of the last. */
function bestOf(vectors: readonly Float64Array[]): { readonly best: Set<number>; readonly last: number } {
  const scores = Float64Array.from({ length: rows }, (_, row) =>
    Math.max(...vectors.map((vector) => vector.reduceRight((sum, each, i) => sum + each * data[row * width + i]!, 0))),
  );
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, k);
  return { best: new Set(order), last: scores[order.at(-1)!]! };
}

describe.skipIf(!hasUsearch)(`an index in a folder${skipped}`, () => {
  let manifest: IndexManifest;
  const events: string[] = [];

  beforeAll(async () => {
    manifest = await writeIndexFolder(sourceOf('index', { onProgress: ({ kind }) => void events.push(kind) }));
  });

  it('has a certificate whose recalls are those of an independent computation', async () => {
    const { makeIndex } = await openIndexFolder(join(root, 'index'), served());
    const graph = makeIndex(scan) as NeighbourGraph;
    const recalls = queries.map((vectors) => {
      const { best } = bestOf(vectors);
      const near = new Set(vectors.flatMap((vector) => [...graph.nearest(vector, graph.width)!]));
      return [...best].filter((row) => near.has(row)).length / k;
    });
    recalls.sort((a, b) => a - b);
    const { certificate } = manifest;
    expect(certificate.recall).toBeCloseTo(recalls.reduce((sum, each) => sum + each, 0) / recalls.length, 12);
    expect(certificate.low).toBe(recalls[3]);
    expect(certificate).toMatchObject({ k, queries: 60, asked: 0.95, of: 'events of the test part' });
    expect(certificate.recall).toBeGreaterThanOrEqual(0.95);
    expect(certificate.milliseconds.graph).toBeGreaterThan(0);
    expect(certificate.milliseconds.scan).toBeGreaterThan(0);
  });

  it('shows what it is doing', () => {
    expect(new Set(events)).toEqual(new Set(['trying', 'certifying']));
  });

  it('answers as the scan does where it claims to, and never what a filter leaves out', async () => {
    const { makeIndex } = await openIndexFolder(join(root, 'index'), served());
    const graph = makeIndex(scan) as NeighbourGraph;
    let approximate = 0;
    for (const share of [0.002, 0.1, 0.6, 0.99]) {
      const allowed = new Bits(rows);
      for (let row = 0; row < rows; row++) if (random.next() < share) allowed.add(row);
      const requests = queries.map((vectors) => ({ vectors, k: 5, allowed }));
      const exact = scan.top(requests);
      searchAll(scan, { ...graph, widest: rows }, requests).forEach((answer, i) => {
        expect([...answer.rows].every((row) => allowed.has(row))).toBe(true);
        expect(answer.rows).toHaveLength(exact[i]!.rows.length);
        if (answer.exact === undefined) expect(answer).toEqual(exact[i]);
        else approximate++;
      });
    }
    expect(approximate).toBeGreaterThan(0);
  });

  it('is refused where it finds less than is asked for, and the index of before stays', async () => {
    const text = (): string => readFileSync(join(root, 'index', 'index.json'), 'utf8');
    const before = text();
    // More than all cannot be found.
    await expect(writeIndexFolder(sourceOf('index', { recall: 1.001 }))).rejects.toThrow(
      /the index finds \d+\.\d\d % of the best 10 items of 60 queries, and 100\.10 % are asked for/,
    );
    expect(text()).toBe(before);
    expect(readdirSync(join(root, 'index')).sort()).toEqual(['graph.usearch', 'index.json']);
    await openIndexFolder(join(root, 'index'), served());
  });

  it('replaces an index, and no other files', async () => {
    await writeIndexFolder(sourceOf('again'));
    const second = await writeIndexFolder(sourceOf('again', { version: 'b'.repeat(64) }));
    expect(JSON.parse(readFileSync(join(root, 'again', 'index.json'), 'utf8'))).toEqual(second);
    mkdirSync(join(root, 'mine'));
    writeFileSync(join(root, 'mine', 'letter.txt'), '');
    await expect(writeIndexFolder(sourceOf('mine'))).rejects.toThrow(/already contains other files \(letter.txt\)/);
  });

  it('is opened for its own model and items alone', async () => {
    const open = (more: Partial<typeof items>): Promise<unknown> =>
      openIndexFolder(join(root, 'index'), served({ ...items, ...more }));
    await expect(openIndexFolder(join(root, 'index'), { ...served(), version: 'c'.repeat(64) })).rejects.toThrow(
      /does not fit the run: it is of another version of the model/,
    );
    await expect(open({ keys: keys.toReversed() })).rejects.toThrow(/it is of items with other keys/);
    await expect(open({ data: data.map((each) => 1.01 * each) })).rejects.toThrow(/it is of items with other vectors/);
    await expect(open({ data: data.map((each) => each * (1 + 1e-6)) })).resolves.toBeDefined();
    await expect(open({ rows: 2999 })).rejects.toThrow(/it is of 3,000 items, not 2,999/);
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    ['no manifest', (folder) => rmSync(join(folder, 'index.json')), /contains no index: it has no index.json/],
    [
      'a manifest that is no JSON',
      (folder) => truncateSync(join(folder, 'index.json'), 40),
      /index.json is damaged: it is not JSON/,
    ],
    [
      'a manifest with another entry',
      (folder) => {
        const path = join(folder, 'index.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"width": 16', '"width": "16"'));
      },
      /index.json is damaged: \/items\/width must be integer/,
    ],
    [
      'a graph that was cut off',
      (folder) => truncateSync(join(folder, 'graph.usearch'), 4000),
      /graph.usearch is damaged: its checksum differs/,
    ],
    ['no graph', (folder) => rmSync(join(folder, 'graph.usearch')), /graph.usearch is missing/],
    [
      'a graph that is none',
      (folder) => {
        const path = join(folder, 'graph.usearch');
        const bytes = Buffer.from('no graph at all');
        const { sha256 } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).files['graph.usearch'];
        const text = readFileSync(join(folder, 'index.json'), 'utf8');
        writeFileSync(path, bytes);
        writeFileSync(
          join(folder, 'index.json'),
          text.replace(sha256, createHash('sha256').update(bytes).digest('hex')),
        );
      },
      /graph.usearch is damaged: it is no graph of 3,000 such vectors/,
    ],
  ])('is reported with %s', async (_, damage, message) => {
    const folder = join(root, 'damaged');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(root, 'index'), folder, { recursive: true });
    damage(folder);
    await expect(openIndexFolder(folder, served())).rejects.toThrow(message);
  });

  it('ends at a signal and leaves nothing', async () => {
    const control = new AbortController();
    const work = writeIndexFolder(
      sourceOf('ended', { signal: control.signal, onProgress: () => control.abort(new Error('enough')) }),
    );
    await expect(work).rejects.toThrow('enough');
    expect(() => readdirSync(join(root, 'ended'))).toThrow('ENOENT');
  });
});

describe('lists in a folder', () => {
  const listed = (name: string, more: Partial<IndexSource> = {}) => sourceOf(name, { kind: 'lists', ...more });
  let manifest: IndexManifest;
  let index: ListIndex;

  beforeAll(async () => {
    manifest = await writeIndexFolder(listed('lists'));
    const { makeIndex } = await openIndexFolder(join(root, 'lists'), served());
    index = makeIndex(scan) as ListIndex;
  });

  it('have a certificate whose recalls are those of an independent computation', () => {
    const recalls = queries.map((vectors) => {
      const { best } = bestOf(vectors);
      return index.search({ vectors, k })!.rows.filter((row) => best.has(row)).length / k;
    });
    const { certificate } = manifest;
    expect(certificate.recall).toBeCloseTo(recalls.reduce((sum, each) => sum + each, 0) / recalls.length, 12);
    expect(certificate.recall).toBeGreaterThanOrEqual(0.95);
    expect(manifest.lists!.count).toBeGreaterThan(10);
    expect(Object.keys(manifest.files)).toEqual(['lists.safetensors']);
  });

  it('find all of the best items if they are searched wide enough', async () => {
    const wide = await writeIndexFolder(listed('wide', { recall: 1 }));
    expect(wide.certificate.recall).toBe(1);
    const { makeIndex } = await openIndexFolder(join(root, 'wide'), served());
    const requests = queries.map((vectors) => ({ vectors, k }));
    const exact = scan.top(requests);
    searchAll(scan, makeIndex(scan), requests).forEach((answer, i) => {
      expect(answer).toEqual({ ...exact[i], exact: false });
    });
  });

  it('leave out the items that are excluded, and leave filters and longer answers to the scan', () => {
    for (const vectors of queries) {
      const allowed = Bits.all(rows);
      const [best] = scan.top([{ vectors, k: 2 * k }]);
      for (const row of best!.rows.filter((_, at) => at % 2 === 0)) allowed.delete(row);
      const request = { vectors, k, allowed };
      const found = index.search(request)!;
      expect(found.rows).toHaveLength(k);
      expect(found.rows.every((row) => allowed.has(row))).toBe(true);
      found.rows.forEach((row, at) => {
        expect(found.scores[at]).toBe(scan.score(vectors, row));
      });
      expect(recallOf(found, scan.top([request])[0]!)).toBeGreaterThan(0.5);
      const [filtered, longer] = searchAll(scan, index, [
        { ...request, isFiltered: true },
        { vectors, k: k + 1 },
      ]);
      expect(filtered).toEqual(scan.top([request])[0]);
      expect(longer).toEqual(scan.top([{ vectors, k: k + 1 }])[0]);
    }
  });

  it('replace a graph in its folder', async () => {
    cpSync(join(root, 'lists'), join(root, 'replaced'), { recursive: true });
    writeFileSync(join(root, 'replaced', 'graph.usearch'), '');
    await writeIndexFolder(listed('replaced'));
    expect(readdirSync(join(root, 'replaced')).sort()).toEqual(['index.json', 'lists.safetensors']);
  });

  it('are reported if an item is in them twice, whatever the checksum says', async () => {
    const folder = join(root, 'twice');
    cpSync(join(root, 'lists'), folder, { recursive: true });
    const path = join(folder, 'lists.safetensors');
    const bytes = readFileSync(path);
    const { order } = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
    const at = 8 + Number(bytes.readBigUInt64LE(0)) + order.data_offsets[0];
    bytes.copy(bytes, at, at + 4, at + 8);
    writeFileSync(path, bytes);
    await expect(openIndexFolder(folder, served())).rejects.toThrow('its checksum differs');
    const manifestPath = join(folder, 'index.json');
    const text = readFileSync(manifestPath, 'utf8');
    const hash = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(manifestPath, text.replace(manifest.files['lists.safetensors']!.sha256, hash));
    await expect(openIndexFolder(folder, served())).rejects.toThrow('its lists do not have each item once');
  });
});

describe.skipIf(!hasUsearch)('on a disk that is full when the graph is to be on it', () => {
  it('no index is written, and the message says why', async () => {
    disk.isFull = true;
    const work = writeIndexFolder(sourceOf('full')).finally(() => {
      disk.isFull = false;
    });
    await expect(work).rejects.toMatchObject({ diagnostics: [{ code: 'cannot-write' }] });
    expect(existsSync(join(root, 'full'))).toBe(false);
  });
});
