/** The page of films, built from a few made-up films and served under a path, in a real browser. Skips where there is no Chromium. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFilmsPage } from '../../scripts/site/films.ts';
import { load, train } from '../../src/api.ts';
import { exportPage } from '../../src/app/api/export_page.ts';
import { makeRandom } from '../../src/base/random/random.ts';
import { chromium, Page } from '../playground/browser.ts';
import { type Site, serveFolder } from '../serving/runtime/site.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const source = 'docs/examples/films';
const root = temporaryFolder();
/** No file of the page may know the path that it is served under. */
const path = 'some/where/films';

if (chromium === undefined) console.warn('the page of films is not tried: there is no Chromium on this machine');

/** 60 films of three genres; each person likes films of one. */
function writeData(folder: string): string {
  const random = makeRandom(3);
  const genres = ['Drama', 'Comedy', 'Sci-Fi'];
  const titles = Array.from({ length: 60 }, (_, at) => `Film ${at}${at === 4 ? ', The' : ''} (${1950 + at})`);
  titles[7] = 'Amélie & <b>Friends</b> (1957)';
  const movies = titles.map((title, at) => `${at + 1},"${title}",${genres[at % 3]}`);
  const ratings = Array.from({ length: 1200 }, (_, at) => {
    const user = random.integer(40);
    return `${user},${1 + (user % 3) + 3 * random.integer(20)},${at % 5 === 0 ? 2 : 5},${1e9 + at * 100}`;
  });
  mkdirSync(join(folder, 'movielens'), { recursive: true });
  writeFileSync(join(folder, 'movielens/movies.csv'), `movieId,title,genres\n${movies.join('\n')}\n`);
  writeFileSync(join(folder, 'movielens/ratings.csv'), `userId,movieId,rating,timestamp\n${ratings.join('\n')}\n`);
  const block = readFileSync(`${source}/data.tower`, 'utf8').replaceAll('../../../models/data/', '');
  writeFileSync(join(folder, 'data.tower'), block);
  return join(folder, 'data.tower');
}

describe.skipIf(chromium === undefined)('the page of films', () => {
  let site: Site;
  let page: Page;
  const asked: string[] = [];

  beforeAll(async () => {
    const data = writeData(root);
    await train(`${source}/films.tower`, { data, out: join(root, 'run'), set: { epochs: 2, batch: 64 } });
    const run = await load(join(root, 'run'));
    const built = join(root, 'site', path);
    await exportPage(run, { out: join(built, 'model'), columns: ['year', 'genres'] });
    await run.close();
    copyFilmsPage(built);
    site = await serveFolder(join(root, 'site'), (name, bytes) => {
      asked.push(name);
      return bytes;
    });
    page = await Page.open(`${site.url}${path}/index.html`);
    await page.until(`document.querySelectorAll('#answer li').length === 10`);
  }, 120_000);
  afterAll(async () => {
    await page?.close();
    await site?.close();
  });

  const text = (selector: string) => page.value<string>(`document.querySelector('${selector}').textContent`);
  const all = (selector: string) =>
    page.value<string[]>(`[...document.querySelectorAll('${selector}')].map((each) => each.textContent)`);
  const press = (key: string) =>
    page.value(`void document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}' }))`);
  const type = async (words: string) => {
    await page.value(`document.getElementById('search').focus()`);
    await page.type(words);
  };

  it('recommends before anything is picked, and fetches its own folder alone', async () => {
    expect(await text('#state')).toMatch(/^Nothing is picked: this is for anybody. Found in \d+\.\d ms\.$/);
    expect(await page.value('document.getElementById("progress").hidden')).toBe(true);
    expect((await all('#popular button')).length).toBe(8);
    const known =
      /^(index\.html|style\.css|films\.js|model\/(tower\.js|tower\.json|servable\.packed|tower\.safetensors))$/;
    // Chromium asks the root of the host for an icon.
    const below = asked.filter((name) => name !== 'favicon.ico');
    expect(below.filter((name) => !name.startsWith(`${path}/`) || !known.test(name.slice(path.length + 1)))).toEqual(
      [],
    );
  });

  it('leads to the terms of the data, which are in the folder, and nowhere else but to GroupLens', async () => {
    const links = await page.value<string[]>(`[...document.links].map((each) => each.getAttribute('href'))`);
    expect(links).toEqual(['https://grouplens.org/datasets/movielens/', 'movielens.txt']);
    const terms = await (await fetch(`${site.url}${path}/movielens.txt`)).text();
    expect(terms).toContain('so long as it is distributed under these same');
    expect(terms).toContain('F. Maxwell Harper and Joseph A. Konstan. 2015.');
    expect(existsSync(join(root, 'site', path, 'films.tower'))).toBe(false);
  });

  it('finds films by keys alone, without accents and as they are called', async () => {
    await type('amelie');
    await page.until(`!document.getElementById('found').hidden`);
    // A title is text, whatever it holds.
    expect(await all('#found > div')).toEqual(['Amélie & <b>Friends</b> (1957)']);
    await press('Escape');
    expect(await page.value(`document.getElementById('found').hidden`)).toBe(true);
    await page.value(`void (document.getElementById('search').value = '')`);
    await type('the film 4');
    await press('ArrowDown');
    expect(await page.value(`document.getElementById('search').getAttribute('aria-activedescendant')`)).toBe('found-0');
    await press('Enter');
    await page.until(`document.querySelectorAll('#liked li').length === 1`);
    expect(await text('#liked li span')).toBe('The Film 4 (1954)');
    expect(await page.value('location.hash')).toBe('#liked=5');
    await page.until(`!document.querySelector('#state').textContent.startsWith('Nothing')`);
    expect((await all('#answer strong')).includes('The Film 4')).toBe(false);
  });

  it('filters by genre and years, hides a film, and takes one from the answer', async () => {
    const set = (id: string, value: string) =>
      page.value(
        `void (document.getElementById('${id}').value = '${value}', document.getElementById('${id}').dispatchEvent(new Event('input')))`,
      );
    await set('genre', 'Comedy');
    await set('from', '1980');
    await set('to', '1999');
    await page.until(
      `[...document.querySelectorAll('#answer .about')].every((each) => each.textContent.endsWith('Comedy'))`,
    );
    const abouts = await all('#answer .about');
    expect(abouts.length).toBe(7);
    for (const about of abouts) expect(about).toMatch(/^19[89]\d · Comedy$/);
    const [first, second] = await all('#answer strong');
    await page.value(`document.querySelector('#answer button[aria-label="Hide ${first}"]').click()`);
    await page.until(`document.querySelector('#answer strong').textContent === '${second}'`);
    await page.value(`document.querySelector('#answer button[aria-label="I like ${second}"]').click()`);
    await page.until(`document.querySelectorAll('#liked li').length === 2`);
    await set('from', '2090');
    await page.until(`document.querySelector('#state').textContent === 'No film is left: remove a filter.'`);
  });

  it('keeps the picks in its address', async () => {
    await page.send('Page.reload');
    await page.until(`document.querySelectorAll('#answer li').length === 10`);
    expect((await all('#liked li span')).length).toBe(2);
    await page.value(`document.querySelector('#liked button').click()`);
    await page.until(`document.querySelectorAll('#liked li').length === 1`);
  });

  it.each(['light', 'dark'])('fits a phone, %s, and has no barrier that axe finds', async (scheme) => {
    const metrics = { width: 360, height: 740, deviceScaleFactor: 2, mobile: true };
    await page.send('Emulation.setDeviceMetricsOverride', metrics);
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    expect(await page.value('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    const small = `[...document.querySelectorAll('button, input, select')].filter((each) => each.offsetParent && each.offsetHeight < 44).length`;
    expect(await page.value(small)).toBe(0);
    if (process.env.SCREENSHOTS)
      writeFileSync(`${process.env.SCREENSHOTS}/films_${scheme}.png`, await page.screenshot());
    await page.send('Runtime.evaluate', { expression: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
    await page.value(
      `void (window.judged = undefined, axe.run().then(({ violations }) => { window.judged = violations.map(({ id, nodes }) => id + ': ' + nodes[0].html); }))`,
    );
    await page.until('window.judged');
    expect(await page.value('window.judged')).toEqual([]);
  });
});
