/** What a page answers is what the server answers, from files alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { codedRows, numbersOf } from '../../../src/retrieval/vectors.ts';
import { type Opened, open } from '../../../src/runtime.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { corpus } from '../server/served.ts';
import { type ExportedSmall, exportSmall } from './exported.ts';
import { type Site, serveFolder } from './site.ts';

const root = temporaryFolder();
let small: ExportedSmall;
let site: Site;
let page: Opened;

beforeAll(async () => {
  small = await exportSmall(root);
  site = await serveFolder(small.folder);
  page = await open(site.url);
});
afterAll(() => site?.close());

const history = ['i1', 'i3', 'i2'].map((_, at) => corpus.keys.at(at * 3)!);

const codesOf = async (work: Promise<unknown>): Promise<string[]> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).diagnostics.map(({ code }) => code);
};

describe('an export that is opened', () => {
  it('has what a static server needs, and what a page may know', () => {
    expect(readdirSync(small.folder).sort()).toEqual([
      'servable.packed',
      'tower.js',
      'tower.json',
      'tower.safetensors',
    ]);
    const { model, count, columns, tasks, version } = page;
    expect({ model, count, columns, tasks }).toEqual({
      model: 'fixture',
      count: corpus.rows,
      columns: ['year', 'country', 'genres', 'new'],
      tasks: ['watch'],
    });
    expect(version).toBe(small.trained.manifest.checksum);
    expect(small.exported.users).toBe(12);
    expect([...page.items()].map(({ key }) => key)).toEqual(corpus.keys);
    expect(page.query).toEqual(small.answers.about().query);
  });

  it('searches with the vector that an engine computes, but for rounding', async () => {
    const [mine] = await page.vectors({ values: { history } });
    const [theirs] = await small.answers.vectors({ values: { history } });
    expect(mine!.length).toBe(theirs!.length);
    expect(Math.max(...mine!.map((value, i) => Math.abs(value - theirs![i]!)))).toBeLessThan(1e-6);
  });

  it.each([
    {},
    { k: 3, filter: "year >= 1990 and 'Drama' in genres" },
    { filter: "country = 'NL' or country is null", exclude: [history[0]!, 'nobody'] },
    { filter: 'new', columns: ['year', 'country', 'genres', 'new'] },
    { weights: { watch: 2.5 }, removeSeen: false, k: 24 },
  ])('answers as the server does, to the bit, with %j', async (more) => {
    const answer = await page.recommend({ values: { history }, ...more });
    const [vector] = await page.vectors({ values: { history } });
    const seen = more.removeSeen === false ? [] : history;
    const asked = { vector: [...vector!], removeSeen: false, ...more, exclude: [...(more.exclude ?? []), ...seen] };
    const served = await small.answers.recommend(asked);
    expect(answer.items).toEqual(served.items);
    expect(answer.items.length).toBeGreaterThan(0);
    const byEngine = await small.answers.recommend({ values: { history }, ...more });
    expect(answer.notes).toEqual(byEngine.notes);
    expect(answer.items.map(({ key }) => key)).toEqual(byEngine.items.map(({ key }) => key));
  });

  it('finds items near an item as the server does', async () => {
    const asked = { item: history[0]!, k: 5, columns: ['genres'] };
    const { version: _, ...mine } = await page.similar(asked);
    const { version: __, ...theirs } = await small.answers.similar(asked);
    expect(mine).toEqual(theirs);
  });

  it('refuses what the server refuses, with the same codes', async () => {
    expect(await codesOf(page.recommend({ values: { histori: history } }))).toEqual(['unknown-name']);
    expect(await codesOf(page.recommend({ values: { history: 3, user_id: {} } }))).toEqual(['feature-value']);
    expect(await codesOf(page.recommend({ values: {}, filter: 'yaer > 3' }))).toEqual(['unknown-name']);
    expect(await codesOf(page.recommend({ values: {}, filter: 'year >' }))).toEqual(['filter-syntax']);
    expect(await codesOf(page.recommend({ values: {}, filter: "year = 'x'" }))).toEqual(['filter-type']);
    expect(await codesOf(page.recommend({ values: {}, weights: { like: 1 } }))).toEqual(['unknown-name']);
    expect(await codesOf(page.recommend({ vector: [1] }))).toEqual(['request-value']);
    expect(await codesOf(page.similar({ item: 'nobody' }))).toEqual(['unknown-name']);
    const odd = [{}, { values: {}, k: 0 }, { values: [] }, { values: {}, exclude: 'x' }, { values: {}, columns: [1] }];
    for (const each of odd) expect(await codesOf(page.recommend(each as object))).toEqual(['request-value']);
    expect(await codesOf(page.recommend({ user: 'u1' } as object))).toEqual(['unknown-name']);
    expect(await codesOf(page.recommend(null as never))).toEqual(['request-body']);
    expect(await codesOf(page.similar({} as never))).toEqual(['request-value']);
  });

  it('holds the chosen columns alone, and refuses others', async () => {
    const folder = join(root, 'few');
    await small.write(folder, { columns: ['year'] });
    const few = await serveFolder(folder);
    const opened = await open(few.url.slice(0, -1));
    expect(opened.columns).toEqual(['year']);
    await few.close();
    expect(await codesOf(small.write(join(root, 'none'), { columns: ['yaer'] }))).toEqual(['unknown-name']);
    expect(await codesOf(small.write(folder))).toEqual(['folder-in-use']);
    await small.write(folder, { force: true });
  });
});

describe('events that the caller keeps', () => {
  const events = history.map((item, at) => ({ item, time: 1000 - at }));

  it('are the history of the query, and seen', async () => {
    const values = { history: history.toReversed() };
    const person = page.with(events);
    expect(await person.vectors()).toEqual(await page.vectors({ values }));
    const { items } = await person.recommend({ k: 30 });
    expect(items).toEqual((await page.recommend({ values, k: 30, removeSeen: true })).items);
    expect(items.filter(({ key }) => history.includes(key))).toEqual([]);
    const all = await person.recommend({ k: 30, removeSeen: false, exclude: [history[0]!] });
    expect(all.items.map(({ key }) => key)).toContain(history[1]);
    expect(all.items.map(({ key }) => key)).not.toContain(history[0]);
  });

  it('with a filter on a column that was not exported say how it is', async () => {
    const failed = await page
      .with(events)
      .recommend({ filter: 'colour = 1' })
      .catch((error: unknown) => error);
    const { hint } = (failed as Failure).diagnostics[0]!;
    expect(hint).toMatch(/`tower export RUN --browser --columns [\w,]*colour`$/);
  });

  it('may be of items that are no longer there, and none', async () => {
    const person = page.with([...events, { item: 'gone', time: 0 }]);
    const answer = await person.recommend();
    expect(answer.items).toHaveLength(10);
    expect(answer.notes.at(-1)).toContain('items are not in this folder, such as `gone`');
    expect((await page.with(events).recommend()).notes.join()).not.toContain('not in this folder');
    expect(await page.with([]).vectors()).toEqual(await page.vectors({ values: {} }));
  });

  it('are refused where the export says why', async () => {
    const folder = join(root, 'closed');
    await small.write(folder, { events: { closed: 'events cannot be read one by one: they have no time' } });
    const closedSite = await serveFolder(folder);
    const closed = await open(closedSite.url);
    expect(() => closed.with(events)).toThrow('cannot be given: events cannot be read one by one: they have no time');
    await closedSite.close();
  });
});

describe('numbers of one byte', () => {
  it('are off by at most 1/254 of the largest number of their row', () => {
    const data = Float32Array.of(0.5, -1, 0.25, 0, 0, 0, 3, 2.99, -0.01);
    const coded = codedRows(data, 3);
    expect(coded.codes).toEqual(Uint8Array.of(192, 1, 160, 128, 128, 128, 255, 255, 128));
    const read = numbersOf(coded);
    for (const [at, value] of read.entries()) {
      const largest = Math.max(...data.subarray(at - (at % 3), at - (at % 3) + 3).map(Math.abs));
      expect(Math.abs(value - data[at]!)).toBeLessThanOrEqual(largest / 254 + 1e-7);
    }
  });

  it('take less space, and give nearly the same vectors and items', async () => {
    const folder = join(root, 'coded');
    const { index } = await small.write(folder, { exact: false });
    const bytes = ({ files }: typeof index): number => files['tower.safetensors'].bytes;
    expect(bytes(index)).toBeLessThan(bytes(small.exported.index));
    const codedSite = await serveFolder(folder);
    const coded = await open(codedSite.url);
    const request = { values: { history }, k: 10 };
    const [mine, exact] = [(await coded.vectors(request))[0]!, (await page.vectors(request))[0]!];
    expect(Math.hypot(...mine.map((value, at) => value - exact[at]!))).toBeLessThan(0.01 * Math.hypot(...exact));
    const { items } = await coded.recommend(request);
    const scores = new Map((await page.recommend({ ...request, k: 24 })).items.map(({ key, score }) => [key, score]));
    for (const { key, score } of items) expect(score).toBeCloseTo(scores.get(key)!, 2);
    await codedSite.close();
  });
});

it('opens the model that the site has', async () => {
  const fetch = async (url: string): Promise<Response> => new Response(readFileSync(new URL(url)));
  const opened = await open(new URL('../../../site/flights', import.meta.url), { fetch });
  expect((await opened.recommend({ values: {}, k: 3 })).items).toHaveLength(3);
});
