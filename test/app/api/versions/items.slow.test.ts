/** Items that are written while versions change: each version has all of them, with an index and without. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexItems, load, open } from '../../../../src/api.ts';
import { openLogs } from '../../../../src/app/api/serve.ts';
import { openVersion } from '../../../../src/app/api/versions/serve_versions.ts';
import type { ItemChange } from '../../../../src/serving/live/live_items.ts';
import { makeRehearsal, makeSwaps } from '../../../../src/serving/server/versions/swaps.ts';
import { makeVersions, type Version } from '../../../../src/serving/server/versions/versions.ts';
import { filmKeys, trainFilms } from '../../../serving/server/films.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';

const root = temporaryFolder();
let folder: string;

beforeAll(async () => {
  folder = await trainFilms(root);
  const run = await load(folder, { engine: 'onnx' });
  await indexItems(run, { k: 3 });
  await run.close();
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function place(name: string, index?: string) {
  const logs = await openLogs({ items: join(root, name) });
  const items = logs.items!;
  const make = async (): Promise<Version> =>
    openVersion(await load(folder, { engine: 'onnx' }), folder, { logs, index });
  const versions = makeVersions(await make());
  const swaps = makeSwaps({ versions, rehearse: makeRehearsal(versions), load: make, say: () => {} });
  const close = async (): Promise<void> => {
    await versions.close();
    await items.close();
  };
  return { items, versions, swaps, close };
}

const put = (key: string, year: number) => ({ key, columns: { title: `Film ${key}`, genre: 'War', year } });
const gone = (key: string) => ({ key, deleted: true }) as const;
/** All items that a version can recommend, with their years. */
async function allOf({ answers }: Version): Promise<Record<string, unknown>> {
  const { items } = await answers.recommend({ user: 'u1', k: 1000, removeSeen: false, columns: ['year'] });
  expect(items).toHaveLength(answers.snapshot.count);
  return Object.fromEntries(items.map(({ key, columns }) => [key, columns!.year]).sort());
}

it('writes during a swap are in the next version, and writes after it too', async () => {
  const { items, versions, swaps, close } = await place('swap');
  const expected: Record<string, unknown> = Object.fromEntries(filmKeys.map((key, at) => [key, 1990 + at]));
  let isOver = false;
  const write = async (key: string, year: number | undefined): Promise<void> => {
    await items.writes.write([year === undefined ? gone(key) : put(key, year)], false);
    if (year === undefined) delete expected[key];
    else expected[key] = year;
  };
  const writing = (async () => {
    for (let at = 0; !isOver || at < 60; at++) {
      await write(`n${at % 40}`, 1900 + at);
      if (at % 3 === 0) await write(`n${at % 40}`, undefined);
      if (at < filmKeys.length) await write(filmKeys[at]!, at % 2 === 0 ? undefined : 2000 + at);
      await new Promise(setImmediate);
    }
  })();
  for (let at = 0; at < 2; at++) {
    const before = versions.current;
    await swaps.loadFolder(folder);
    expect(versions.current).not.toBe(before);
  }
  isOver = true;
  await writing;
  const sorted = () => Object.fromEntries(Object.entries(expected).sort());
  expect(await allOf(versions.current)).toEqual(sorted());
  await write('after', 2026);
  expect(await allOf(versions.current)).toEqual(sorted());
  await close();

  // What a new start reads is the same.
  const again = await place('swap');
  expect(await allOf(again.versions.current)).toEqual(sorted());
  await again.close();
});

describe('with an index', () => {
  it('the index answers of what it has, and written items are searched exactly next to it', async () => {
    const { items, versions, swaps, close } = await place('indexed', 'index');
    const exactly = await open(await load(folder, { engine: 'onnx' }), { takesItems: true });
    const write = async (writes: Parameters<typeof items.writes.write>[0]): Promise<void> => {
      await items.writes.write(writes, true);
      const changes = await exactly.items!.prepare(writes);
      exactly.items!.show(changes as readonly ItemChange[]);
    };
    const body = { user: 'u1', k: 3, removeSeen: false };
    const compare = async (): Promise<void> => {
      const { answers } = versions.current;
      for (const user of ['u1', 'u2']) {
        const own = await answers.recommend({ ...body, user });
        expect(own.exact).toBe(false);
        // The lists of so few items have all of them.
        expect(own.items).toEqual((await exactly.recommend({ ...body, user })).items);
        const all = { ...body, user, k: 100 };
        expect((await answers.recommend(all)).items).toEqual((await exactly.recommend(all)).items);
      }
      const near = { item: 'f7', k: 5 };
      expect((await answers.similar(near)).items).toEqual((await exactly.similar(near)).items);
    };
    await compare();
    const [best, second] = (await exactly.recommend(body)).items;
    await write([gone(best!.key), put('new', 2030), put(second!.key, 1995)]);
    await compare();
    await swaps.loadFolder(folder);
    await compare();
    await write([gone('new'), put(best!.key, 2010)]);
    await compare();
    await close();
  });

  it('a version without an index is refused, and the one before answers', async () => {
    const { versions, swaps, close } = await place('refused', 'index');
    const before = versions.current;
    rmSync(join(folder, 'index'), { recursive: true });
    await expect(swaps.loadFolder(folder)).rejects.toThrow('no index.json');
    expect(versions.current).toBe(before);
    expect((await before.answers.recommend({ user: 'u1', k: 3 })).exact).toBe(false);
    await close();
  });
});
