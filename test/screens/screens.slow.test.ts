/** Each kind of page as four readers see it, with pictures for people: on a phone and at a desk, by day and at night. Skips where there is no Chromium. */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyFilmsPage } from '../../scripts/site/films.ts';
import { siteHandler } from '../../scripts/site/serve.ts';
import { load, type Serving, serve, type Trained, train, writeReport, writeRunsReport } from '../../src/api.ts';
import { exportPage } from '../../src/app/api/export_page.ts';
import { evaluate } from '../../src/app/api/run.ts';
import { openWatch, type TrainingPage } from '../../src/app/api/watch.ts';
import { studyPage } from '../../src/plugins/tune/study_page.ts';
import type { TrainingEvent } from '../../src/training/train_options.ts';
import { chromium, Page } from '../playground/browser.ts';
import { type Site, serveFolder } from '../serving/runtime/site.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { lookAt, readers, screens } from './look.ts';
import { writeFilms } from './made_films.ts';
import { madeStudy } from './made_study.ts';

if (chromium === undefined) console.warn('no pictures of pages are taken: there is no Chromium on this machine');
const root = temporaryFolder();
const [first, second, study] = ['first', 'second', 'study.html'].map((name) => join(root, name)) as [
  string,
  string,
  string,
];
const address = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

describe.skipIf(chromium === undefined)('pages', () => {
  let page: Page;
  let trained: Trained;
  const events: TrainingEvent[] = [];

  beforeAll(async () => {
    const data = writeFilms(root);
    const model = 'docs/examples/films/films.tower';
    const set = { epochs: 8, batch: 256 };
    trained = await train(model, { data, out: first, set, onEvent: (event) => events.push(event) });
    await train(model, { data, out: second, set, seed: 2 });
    for (const folder of [first, second]) {
      const run = await load(folder);
      // All of them have names in the charts, and lie near each other.
      const near = folder === second ? (['item_knn', 'rp3beta', 'slim', 'ials'] as const) : [];
      await writeReport(folder, await evaluate(run, { baselines: ['popularity', 'item_cf', 'ease', ...near] }));
      await run.close();
    }
    page = await Page.open('about:blank#first');
  }, 120_000);
  afterAll(async () => page?.close());

  const file = (path: string): string => pathToFileURL(resolve(path)).href;
  const look = async (name: string, visit: string, ready?: string) =>
    expect(await lookAt(page, name, { visit, ...(ready ? { ready } : {}) })).toEqual({});

  it('that are wrong are found', async () => {
    const wrong = [
      '<!doctype html><html lang="en"><title>wrong</title><meta name="viewport" content="width=device-width"><body style="background:#123">',
      '<div style="width:1500px">wide</div>',
      '<p style="width:40px;overflow:hidden;white-space:nowrap">these words are cut</p>',
      '<p style="position:absolute;top:200px">below</p><p style="position:absolute;top:203px">above</p>',
      '<p style="color:#777;background:#888">pale</p><img src="none.png" alt="">',
      '<svg width="100" height="20" viewBox="0 0 200 40"><text y="12" font-size="14">small</text></svg>',
      '<div style="width:90px;overflow:auto"><svg class="model" width="200" height="20" aria-label="of a model"></svg></div>',
      '<pre style="white-space:pre-wrap">wrapped</pre>',
      '<script>console.error("an error"); missing();</script>',
    ];
    writeFileSync(join(root, 'wrong.html'), wrong.join('\n'));
    const found = await lookAt(page, 'wrong', { visit: file(join(root, 'wrong.html')) });
    for (const { width, scheme } of readers) rmSync(join(screens, `wrong-${width}-${scheme}.png`));
    expect(Object.keys(found)).toEqual(readers.map(({ width, scheme }) => `wrong, ${width}, ${scheme}`));
    for (const faults of Object.values(found)) {
      for (const fault of [
        /^the page is 15\d\d pixels wide/,
        /^the page is rgb\(17, 34, 51\), and the design's paper/,
        /^cut: these words are cut$/,
        /^on each other: below \| above$/,
        /^letters of 7.0 pixels: small$/,
        /^cut: the drawing of a model$/,
        /^code wraps: wrapped$/,
        /^color-contrast: .*pale/,
        /^console: .*an error/,
        /^exception: .*missing is not defined/,
        /ERR_FILE_NOT_FOUND/,
      ])
        expect(faults).toContainEqual(expect.stringMatching(fault));
    }
  }, 60_000);

  it('of a run: its report, which is no larger than 400 kB', async () => {
    await look('report', file(join(first, 'report.html')));
    expect(statSync(join(first, 'report.html')).size).toBeLessThan(400_000);
  });

  it('of a run next to many baselines', () => look('report-baselines', file(join(second, 'report.html'))));

  it('of several runs', async () => {
    await look('runs', file(await writeRunsReport([first, second], join(root, 'report.html'))));
    expect(statSync(join(root, 'report.html')).size).toBeLessThan(400_000);
  });

  it('of a study', async () => {
    writeFileSync(study, studyPage(madeStudy));
    await look('study', file(study));
  });

  describe('of servers', () => {
    let watch: TrainingPage;
    let serving: Serving;
    let films: Site;
    beforeAll(async () => {
      watch = await openWatch(0);
      watch.ready(trained.plan);
      await watch.compare(trained);
      for (const event of events.slice(0, Math.floor(0.6 * events.length))) watch.event(event);
      const run = await load(first);
      await exportPage(run, { out: join(root, 'films/model'), columns: ['year', 'genres'] });
      serving = await serve(run, { port: 0 });
      copyFilmsPage(join(root, 'films'));
      films = await serveFolder(join(root, 'films'));
    }, 60_000);
    afterAll(async () => {
      await watch?.end('ended');
      await serving?.close();
      await films?.close();
    });

    it('of a run that trains', () => look('live', watch.url, `document.body.textContent.includes('; popularity 0.')`));
    it('of a server of recommendations', () =>
      look('serve', serving.url, `document.querySelectorAll('.items > li').length > 0`));
    it('of films, with its model in the page', () =>
      look('films', `${films.url}index.html`, `document.querySelectorAll('#answer li').length === 10`));
  });

  const isBuilt = existsSync('build/site/index.html');
  if (!isBuilt) console.warn('no pictures of the site are taken: `npm run docs` builds it');
  describe.skipIf(!isBuilt)('of the site', () => {
    let server: Server;
    beforeAll(async () => {
      server = createServer(siteHandler('build/site'));
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    });
    afterAll(() => {
      server?.closeAllConnections();
      server?.close();
    });

    // Vue has taken over what the server of files sent.
    const taken = `document.querySelector('#app')?.__vue_app__ && document.querySelector('h1')`;
    const withModel = `(document.querySelector('[data-part=live]').scrollIntoView(), document.querySelectorAll('[data-part=answer] li').length === 8) && (scrollTo(0, 0), scrollY === 0)`;
    it.each([
      ['site-home', '/', `${taken} && ${withModel}`],
      ['site-gallery', '/gallery.html', taken],
      ['site-tutorial', '/tutorial/3-negatives.html', taken],
      ['playground', '/app/playground/index.html', `document.getElementById('state')?.textContent === 'no errors'`],
    ])('%s', (name, path, ready) => look(name, `${address(server)}${path}`, ready));
  });
});
