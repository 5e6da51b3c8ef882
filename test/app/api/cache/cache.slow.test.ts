/** The law of the cache: a start with it answers as a start without it, whatever was changed or damaged in between. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, open, train } from '../../../../src/api.ts';
import { makeCache } from '../../../../src/app/api/cache/cache.ts';
import { recordedBlock } from '../../../../src/app/api/recorded.ts';
import type { LoadRequest } from '../../../../src/app/api/run.ts';
import { readLoaded, readWhole, runOf, writeLoaded } from '../../../../src/app/api/versions/load_beside.ts';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { writeDurably } from '../../../../src/base/storage/durable.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/base/storage/safetensors.ts';
import { loadEngine } from '../../../../src/engines/engines.ts';
import { openServable, packServable } from '../../../../src/retrieval/servable.ts';
import { openRecommender } from '../../../../src/serving/live/recommender.ts';
import { load as loadArtifact } from '../../../../src/training/artifact/load.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { data, writeProject } from '../../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const cacheOf = (run: string): string => join(run, 'cache', 'onnx.safetensors');
const engine = 'onnx' as const;

/** Clocks of file systems have steps: what was written now is not kept. */
const settle = (): Promise<void> => pause(2100);

/** Whole answers, and what was said. */
async function answers(run = at('run'), request: LoadRequest = {}) {
  const said: string[] = [];
  const opened = await load(run, { engine, say: (line) => void said.push(line.replaceAll(root, '')), ...request });
  const all = await ask(await open(opened));
  if (request.cache !== false) await opened.kept();
  await opened.close();
  return { all, said };
}

async function ask(asked: Awaited<ReturnType<typeof open>>) {
  return {
    users: await Promise.all(
      Array.from({ length: 6 }, (_, user) => asked.recommend({ user: `u${user}`, k: 7, history: 4 })),
    ),
    columns: await asked.recommend({ user: 'u1', filter: "title > 'Film 2'", columns: ['title', 'movie_id'] }),
    values: await asked.recommend({ values: { history: ['m3', 'm4'] }, k: 40, weights: { watch: 2 } }),
    similar: await asked.similar({ item: 'm3' }),
    found: await asked.users({ prefix: 'u1' }),
    about: await asked.about(),
  };
}

let fresh: Awaited<ReturnType<typeof ask>>;
beforeAll(async () => {
  writeProject(root);
  const settled = settle();
  await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine, set: { epochs: 1 } });
  await settled;
  fresh = (await answers(at('run'), { cache: false })).all;
}, 60_000);

/** Changes what is kept, and seals it again: it shows whether a start used it. */
async function change(path: string, edit: (kept: Loose) => unknown, more = {}): Promise<void> {
  const stored = await readSafetensors(path, { hasChecksum: true });
  const kept = openServable(stored, (reason) => new Error(reason));
  const { tensors, texts } = packServable(edit(kept) as object);
  await writeDurably(path, (sink) => writeSafetensors(sink, tensors, { ...stored.metadata, ...texts, ...more }, true));
}
// biome-ignore lint/suspicious/noExplicitAny: plain data whose entries tests change
type Loose = any;
const mark = (path: string): Promise<void> => change(path, (kept) => ({ ...kept, notes: ['from the cache'] }));
const isUsed = ({ all }: Awaited<ReturnType<typeof answers>>): boolean =>
  all.users[0]!.notes.includes('from the cache');

let copies = 0;
/** A copy of the run with a cache that was used once. */
async function cached(): Promise<string> {
  const run = at(`run-${copies++}`);
  cpSync(at('run'), run, { recursive: true });
  if (!readdirSync(run).includes('cache')) await answers(run);
  return run;
}

it('keeps nothing where a request says so', () => {
  expect(readdirSync(at('run'))).not.toContain('cache');
});

it('answers as a start without it', async () => {
  const first = await answers();
  expect(first).toEqual({ all: fresh, said: [] });
  expect(readdirSync(join(at('run'), 'cache'))).toEqual(['onnx.safetensors']);
  expect(await answers()).toEqual({ all: fresh, said: [] });
});

it('is used, also by the process that reads a version, and where the run was copied', async () => {
  const run = await cached();
  await mark(cacheOf(run));
  expect(isUsed(await answers(run))).toBe(true);
  cpSync(run, at('elsewhere'), { recursive: true });
  expect(isUsed(await answers(at('elsewhere')))).toBe(true);
  await writeLoaded(at('loaded'), await readWhole(run, { engine }));
  const there = await runOf(await readLoaded(at('loaded')), engine, {});
  expect((await (await open(there)).recommend({ user: 'u1' })).notes).toContain('from the cache');
  await there.close();
});

it('belongs to one engine', async () => {
  const run = await cached();
  const { said } = await answers(run, { engine: 'javascript' });
  expect(said).toEqual([]);
  expect(readdirSync(join(run, 'cache')).sort()).toEqual(['javascript.safetensors', 'onnx.safetensors']);
  copyFileSync(join(run, 'cache', 'javascript.safetensors'), cacheOf(run));
  expect((await answers(run)).said).toEqual([
    expect.stringMatching(/out of date, because it is of another version of the engine; the data is read/),
  ]);
});

describe('where what it comes from has changed', () => {
  /** A project of its own, with a run that was served. */
  async function project(name: string): Promise<string> {
    writeProject(at(name));
    writeFileSync(at(`${name}/data.tower`), data);
    cpSync(at('run'), at(`${name}/run`), { recursive: true });
    rmSync(at(`${name}/run/cache`), { recursive: true, force: true });
    await settle();
    return at(`${name}/run`);
  }
  const named = (run: string): LoadRequest => ({ data: join(dirname(run), 'data.tower') });

  it('reads a changed items file again, and keeps that', async () => {
    const run = await project('changed');
    expect((await answers(run, named(run))).said).toEqual([]);
    await mark(cacheOf(run));
    const items = at('changed/films.csv');
    // As many bytes as before, at the same time.
    const { atime, mtime } = statSync(items);
    writeFileSync(items, readFileSync(items, 'utf8').replace('Film 30', 'Film XX'));
    utimesSync(items, atime, mtime);
    const { all, said } = await answers(run, named(run));
    expect(said).toEqual([
      '/changed/run/cache/onnx.safetensors is out of date, because films.csv has changed; the data is read again',
      '/changed/run/cache'.replace(/^/, 'what was read is not kept in ') +
        ': films.csv was written less than two seconds before it was read',
    ]);
    expect(JSON.stringify(all)).toContain('Film XX');
    expect(JSON.stringify(all)).not.toContain('from the cache');
    await settle();
    expect((await answers(run, named(run))).said).toHaveLength(1);
    expect(await answers(run, named(run))).toEqual({ all, said: [] });
  });

  it('takes a file that was only touched or copied as the same', async () => {
    const run = await project('touched');
    await answers(run, named(run));
    await mark(cacheOf(run));
    utimesSync(at('touched/films.csv'), 1, 1);
    expect(isUsed(await answers(run, named(run)))).toBe(true);
    cpSync(at('touched'), at('moved'), { recursive: true });
    const moved = at('moved/run');
    expect(isUsed(await answers(moved, named(moved)))).toBe(true);
    writeFileSync(at('moved/ratings.csv'), `${readFileSync(at('moved/ratings.csv'), 'utf8')}u0,m1,9999\n`);
    expect((await answers(moved, named(moved))).said[0]).toContain('because ratings.csv has changed');
    writeFileSync(at('moved/data.tower'), data.replace('past(movie_id, 5)', 'past(movie_id, 4)'));
    expect((await answers(moved, named(moved))).said[0]).toContain('because the data block has changed');
  });

  it('reads the data again after another training', async () => {
    const run = await project('trained');
    await answers(run, named(run));
    const kept = readFileSync(cacheOf(run));
    await train(at('films.tower'), {
      data: at('data.tower'),
      out: run,
      engine,
      force: true,
      set: { epochs: 1, seed: 2 },
    });
    expect(readdirSync(run)).not.toContain('cache');
    mkdirSync(join(run, 'cache'));
    writeFileSync(cacheOf(run), kept);
    const { all, said } = await answers(run);
    expect(said[0]).toContain('because it is of another training');
    expect(all).toEqual((await answers(run, { cache: false })).all);
  }, 30_000);
});

describe('where it is damaged', () => {
  let trained: Awaited<ReturnType<typeof loadArtifact>>;
  let block: ReturnType<typeof recordedBlock>;
  /** What a start would use of the cache, and what it would say. */
  async function opened(run: string) {
    trained ??= await loadArtifact(at('run'));
    block ??= recordedBlock(trained, []);
    const said: string[] = [];
    const source = { trained: { ...trained, folder: run }, block: async () => block, isNamed: false };
    const cache = makeCache({ ...source, say: (line) => void said.push(line) });
    const loaded = await loadEngine(engine);
    return { trained, said, engine: loaded, kept: await cache.open(loaded) };
  }

  it('is not used, and a line says so', async () => {
    const run = await cached();
    const whole = readFileSync(cacheOf(run));
    const { kept } = await opened(run);
    expect(kept).toBeDefined();
    const random = makeRandom(1, 2);
    for (let i = 0; i < Number(process.env.TOWER_FUZZ ?? 150); i++) {
      const bytes = Buffer.from(whole);
      const place = i % 2 ? random.integer(bytes.length) : random.integer(4000);
      if (i % 4 === 3) bytes.copy(bytes, place, random.integer(bytes.length));
      else bytes[place] = bytes[place]! ^ (1 << random.integer(8));
      const cut = i % 5 === 4 ? bytes.subarray(0, random.integer(bytes.length)) : bytes;
      if (cut.equals(whole)) continue;
      writeFileSync(cacheOf(run), cut);
      const found = await opened(run);
      expect([found.kept, found.said.length], `case ${i} at ${place}`).toEqual([undefined, 1]);
      expect(found.said[0]).toMatch(/(is damaged: |is out of date, because ).+; the data is read again$/);
    }
  });

  it('is made again, and answers are those of a start without it', async () => {
    const run = await cached();
    const whole = readFileSync(cacheOf(run));
    for (const bytes of [whole.subarray(0, 10_000), Buffer.from(whole).fill(7, whole.length - 300), Buffer.alloc(0)]) {
      writeFileSync(cacheOf(run), bytes);
      const { all, said } = await answers(run);
      expect(all).toEqual(fresh);
      expect(said).toEqual([expect.stringMatching(/is damaged: /)]);
      expect(readFileSync(cacheOf(run)).equals(whole)).toBe(true);
    }
  });

  it('of an older build is out of date: its codes had no centre', async () => {
    const run = await cached();
    await change(cacheOf(run), (kept) => kept, { format: 'tower-servable-0' });
    const { kept, said } = await opened(run);
    expect([kept, said]).toEqual([undefined, [expect.stringMatching(/is out of date, .* another version of Tower; /)]]);
    await answers(run);
    expect((await opened(run)).kept?.items.coded?.centre).toBeInstanceOf(Float32Array);
  });

  it('is refused where it does not fit, also under a right checksum', async () => {
    const run = await cached();
    const edits: readonly [reason: string, edit: (served: Loose) => unknown][] = [
      ['what is seen', (served) => Object.assign(served, { seen: 'perhaps' })],
      ['the vectors', ({ items }) => Object.assign(items.vectors, { data: new Float32Array(3) })],
      ['holds NaN', ({ items }) => items.vectors.data.fill(Number.NaN, 5, 6)],
      ['the shape of the vectors', ({ items }) => Object.assign(items.vectors, { width: 2 ** 40 })],
      ['the codes', ({ items }) => Object.assign(items.coded, { codes: new Uint8Array(1) })],
      ['a record', ({ items }) => items.coded.records.fill(Number.POSITIVE_INFINITY, 0, 1)],
      ['the keys of the items', ({ items }) => items.keys.ends.fill(2 ** 31, 3, 4)],
      ['twice', ({ items }) => items.keys.slots.fill(1)],
      ['column "', ({ items }) => items.columns.get('title').codes.fill(40)],
      ['column "title"', ({ items }) => Object.assign(items.columns.get('title'), { kind: 'texts' })],
      ['column "title"', ({ items }) => Object.assign(items.columns.get('title'), { kind: 'toString' })],
      ['feature "movie_id"', ({ items }) => items.features.get('movie_id').column.values.fill(1e6, 0, 1)],
      ['feature "history"', ({ users }) => users.features.get('history').column.ends.fill(1e6, 0, 1)],
      ['the feature "history" of users', ({ users }) => users.features.delete('history')],
      ['what users had', ({ users }) => users.had.values.fill(40, 0, 1)],
      ['the tables', ({ items }) => items.tables.set('x', new Float32Array(1))],
    ];
    const whole = readFileSync(cacheOf(run));
    for (const [reason, edit] of edits) {
      writeFileSync(cacheOf(run), whole);
      await change(cacheOf(run), (kept) => {
        const copy = structuredClone(kept);
        edit(copy);
        return copy;
      });
      const { kept, said } = await opened(run);
      expect([kept, said]).toEqual([undefined, [expect.stringContaining(reason)]]);
    }
    for (const value of [null, 7, {}, { notes: [] }, []]) {
      await change(cacheOf(run), () => value);
      expect((await opened(run)).said).toEqual([expect.stringContaining('is damaged')]);
    }
  });

  it('breaks nothing with other numbers under a right checksum', async () => {
    const run = await cached();
    const whole = readFileSync(cacheOf(run));
    const random = makeRandom(3, 4);
    const numbers = [-1, 0, 1, 3, 40, 2 ** 31 - 1, -(2 ** 31), 1e30, Number.NaN];
    let used = 0;
    for (let i = 0; i < Number(process.env.TOWER_FUZZ ?? 40); i++) {
      writeFileSync(cacheOf(run), whole);
      await change(cacheOf(run), (kept) => {
        const copy = structuredClone(kept);
        const arrays = arraysIn(copy).filter((array) => array.length > 0);
        for (let edit = random.integer(2); edit >= 0; edit--) {
          const array = arrays[random.integer(arrays.length)]!;
          array[random.integer(array.length)] = numbers[random.integer(numbers.length)]!;
        }
        return copy;
      });
      const { trained, kept, said, engine: loaded } = await opened(run);
      if (kept === undefined) {
        expect(said).toHaveLength(1);
        continue;
      }
      used++;
      const noRows = () => Promise.reject(new Error('no row is read'));
      const recommender = await openRecommender(trained, { served: kept, dataset: noRows }, loaded);
      const { snapshot } = recommender;
      for (const key of ['u1', 'u2']) await recommender.ask({ key }, { k: 40, filter: "title > ''" });
      await recommender.ask({ values: { history: ['m1', 'm2'] } }, { k: 3, exclude: ['m3'] });
      snapshot.usersWith('u', 40);
      snapshot.orderDirections().top([{ vectors: [snapshot.itemVector(0)], k: 3 }]);
      await recommender.close();
    }
    expect(used).toBeGreaterThan(3);
  });
});

/** Every typed array of plain data. */
function arraysIn(value: unknown): Loose[] {
  if (ArrayBuffer.isView(value)) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return [...(value instanceof Map ? value.values() : Object.values(value))].flatMap(arraysIn);
}

describe('where it cannot be written', () => {
  it.each([
    [
      'a file is in its place',
      (run: string) => writeFileSync(join(run, 'cache'), ''),
      /not a folder|its path is not a folder/,
    ],
    ['a link leads out of the run', (run: string) => symlinkSync(root, join(run, 'cache')), /not a folder/],
    ['a folder has its name', (run: string) => mkdirSync(cacheOf(run), { recursive: true }), /folder/],
  ])('answers, and says that it is not kept: %s', async (_, prepare, reason) => {
    const run = at(`run-${copies++}`);
    cpSync(at('run'), run, { recursive: true });
    rmSync(join(run, 'cache'), { recursive: true, force: true });
    prepare(run);
    const { all, said } = await answers(run);
    expect(all).toEqual(fresh);
    expect(said.at(-1)).toMatch(/^what was read is not kept in /);
    expect(said.join('\n')).toMatch(reason);
  });

  it('is whole when two starts write it at the same time, and without what a kill has left', async () => {
    const run = at(`run-${copies++}`);
    cpSync(at('run'), run, { recursive: true });
    rmSync(join(run, 'cache'), { recursive: true, force: true });
    mkdirSync(join(run, 'cache'));
    const left = join(run, 'cache', '.onnx.safetensors.1-0.partial');
    writeFileSync(left, 'x');
    utimesSync(left, 1, 1);
    const both = await Promise.all([answers(run), answers(run)]);
    for (const one of both) expect(one).toEqual({ all: fresh, said: [] });
    expect(readdirSync(join(run, 'cache'))).toEqual(['onnx.safetensors']);
    expect(await answers(run)).toEqual({ all: fresh, said: [] });
  });
});
