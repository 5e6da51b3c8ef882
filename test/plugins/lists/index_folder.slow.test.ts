/** An index on disk. Its certificate is computed again here from the files alone, by plain sums. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import {
  type IndexManifest,
  type IndexSource,
  openIndexFolder,
  writeIndexFolder,
} from '../../../src/plugins/lists/index_folder.ts';
import { type ApproximateIndex, recallOf, searchAll } from '../../../src/retrieval/scan/approximate.ts';
import { Bits } from '../../../src/retrieval/scan/bits.ts';
import { makeScan } from '../../../src/retrieval/scan/scan.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

/** While it is set, the disk is full when lists are to be on it. */
const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (path, ...more) => {
    const handle = await real.open(path, ...more);
    if (disk.isFull && String(path).includes('lists.safetensors')) {
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

describe('an index in a folder', () => {
  let manifest: IndexManifest;
  let index: ApproximateIndex;
  const lines: string[] = [];
  const counts: (readonly number[])[] = [];

  beforeAll(async () => {
    manifest = await writeIndexFolder(
      sourceOf('index', {
        onProgress: (line) => void lines.push(line),
        onItems: (...count) => void counts.push(count),
      }),
    );
    const { makeIndex } = await openIndexFolder(join(root, 'index'), served());
    index = makeIndex(scan);
  });

  it('has a certificate whose recalls are those of an independent computation', () => {
    const recalls = queries.map((vectors) => {
      const { best } = bestOf(vectors);
      return index.search({ vectors, k })!.rows.filter((row) => best.has(row)).length / k;
    });
    const { certificate } = manifest;
    expect(certificate.recall).toBeCloseTo(recalls.reduce((sum, each) => sum + each, 0) / recalls.length, 12);
    expect(certificate.recall).toBeGreaterThanOrEqual(0.95);
    recalls.sort((a, b) => a - b);
    expect(certificate.low).toBe(recalls[3]);
    expect(certificate).toMatchObject({ k, queries: 60, asked: 0.95, of: 'events of the test part' });
    expect(certificate.milliseconds.lists).toBeGreaterThan(0);
    expect(certificate.milliseconds.scan).toBeGreaterThan(0);
    expect(manifest.lists.count).toBeGreaterThan(10);
    expect(Object.keys(manifest.files)).toEqual(['lists.safetensors']);
  });

  it('shows what it is doing', () => {
    expect(lines[0]).toBe('measured the exact scan');
    expect(lines.at(-1)).toMatch(/^measured [\d.]+ deviations: \d+\.\d\d % found$/);
    expect(counts.at(-1)).toEqual([rows, rows]);
  });

  it('finds all of the best items if the lists are searched wide enough', async () => {
    const wide = await writeIndexFolder(sourceOf('wide', { recall: 1 }));
    expect(wide.certificate.recall).toBe(1);
    const { makeIndex } = await openIndexFolder(join(root, 'wide'), served());
    const requests = queries.map((vectors) => ({ vectors, k }));
    const exact = scan.top(requests);
    searchAll(scan, makeIndex(scan), requests).forEach((answer, i) => {
      expect(answer).toEqual({ ...exact[i], exact: false });
    });
  });

  it('leaves out the items that are excluded, and leaves filters and longer answers to the scan', () => {
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

  it('is refused where it finds less than is asked for, and the index of before stays', async () => {
    const text = (): string => readFileSync(join(root, 'index', 'index.json'), 'utf8');
    const before = text();
    // More than all cannot be found.
    await expect(writeIndexFolder(sourceOf('index', { recall: 1.001 }))).rejects.toThrow(
      /the index finds \d+\.\d\d % of the best 10 items of 60 queries, and 100\.10 % are asked for/,
    );
    expect(text()).toBe(before);
    expect(readdirSync(join(root, 'index')).sort()).toEqual(['index.json', 'lists.safetensors']);
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
      'lists that were cut off',
      (folder) => truncateSync(join(folder, 'lists.safetensors'), 4000),
      /lists.safetensors is damaged: its checksum differs/,
    ],
    ['no lists', (folder) => rmSync(join(folder, 'lists.safetensors')), /lists.safetensors is missing/],
    [
      'a manifest of an earlier format',
      (folder) => {
        const path = join(folder, 'index.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace(/tower-index-\d+/, 'tower-index-1'));
      },
      /does not fit the run: it is of another version of Tower/,
    ],
  ])('is reported with %s', async (_, damage, message) => {
    const folder = join(root, 'damaged');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(root, 'index'), folder, { recursive: true });
    damage(folder);
    await expect(openIndexFolder(folder, served())).rejects.toThrow(message);
  });

  it('is reported if an item is in its lists twice, whatever the checksum says', async () => {
    const folder = join(root, 'twice');
    cpSync(join(root, 'index'), folder, { recursive: true });
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
    writeFileSync(manifestPath, text.replace(manifest.files['lists.safetensors'].sha256, hash));
    await expect(openIndexFolder(folder, served())).rejects.toThrow('its lists do not have each item once');
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

describe('on a disk that is full when the lists are to be on it', () => {
  it('no index is written, and the message says why', async () => {
    disk.isFull = true;
    const work = writeIndexFolder(sourceOf('full')).finally(() => {
      disk.isFull = false;
    });
    await expect(work).rejects.toMatchObject({ diagnostics: [{ code: 'cannot-write' }] });
    expect(existsSync(join(root, 'full'))).toBe(false);
  });
});
