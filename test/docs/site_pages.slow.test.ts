/** Pages of the built site in a real browser: axe finds no serious barrier. Skips where there is no site or no Chromium. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteHandler } from '../../scripts/site/serve.ts';
import { chromium, Page } from '../playground/browser.ts';

const site = 'build/site';
const isBuilt = existsSync(`${site}/index.html`);
if (!isBuilt) console.warn('the pages of the site are not tried: `npm run docs` builds it');
if (chromium === undefined) console.warn('the pages of the site are not tried: there is no Chromium on this machine');

/** A guide with code of three languages, a model with its picture, messages, the playground's, an address that is none. test/screens looks at others. */
const paths = [
  '/guide/tracking',
  '/models/mmoe_two_tower',
  '/errors/',
  '/errors/track-behind',
  '/playground',
  '/no/such/page',
];

/** A phone by day, and a desk at night. */
interface SiteReader {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}
const readers: readonly [SiteReader, SiteReader] = [
  { width: 390, scheme: 'light' },
  { width: 1440, scheme: 'dark' },
];

/** Rules that a page breaks, each with the elements that break it. */
const serious = `judged
  .filter(({ impact }) => impact === 'serious' || impact === 'critical')
  .flatMap(({ id, nodes }) => nodes
    .map(({ html, any: [first] }) => [id, html.slice(0, 160), first?.message].join(': ')))`;

const pagesIn = (folder: string): string[] =>
  isBuilt
    ? readdirSync(join(site, folder)).flatMap((name) => (name.endsWith('.html') ? [`/${folder}/${name}`] : []))
    : [];

describe.skipIf(!isBuilt || chromium === undefined)('a page of the site', () => {
  let page: Page;
  let server: Server;
  let base = '';
  const open = async (path: string, { width, scheme }: SiteReader): Promise<void> => {
    await page.send('Emulation.setDeviceMetricsOverride', {
      ...{ width, height: 900, deviceScaleFactor: 1, mobile: width < 600 },
    });
    // The site takes the colours of the system as it loads: a change afterwards would fade.
    await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await page.send('Page.navigate', { url: 'about:blank' });
    await page.until(`location.href === 'about:blank'`);
    await page.send('Page.navigate', { url: base + path });
    await page.until(`document.readyState === 'complete' && location.pathname === ${JSON.stringify(path)}`);
    // Vue has taken over what the server of files sent.
    await page.until(`document.querySelector('#app')?.__vue_app__ && document.querySelector('h1')`);
  };
  beforeAll(async () => {
    server = createServer(siteHandler(site));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    page = await Page.open('about:blank#first');
  }, 60_000);
  afterAll(async () => {
    await page?.close();
    server?.closeAllConnections();
    server?.close();
  });

  it.each(paths)(
    '%s has no barrier, by day on a phone and at night at a desk',
    async (path) => {
      for (const reader of readers) {
        await open(path, reader);
        expect(await page.value(`document.documentElement.classList.contains('dark')`)).toBe(reader.scheme === 'dark');
        await page.send('Runtime.evaluate', { expression: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
        await page.value(`void axe.run().then(({ violations }) => { window.judged = violations; })`);
        await page.until('window.judged');
        expect(await page.value<string[]>(serious), `${reader.width} ${reader.scheme}`).toEqual([]);
      }
    },
    120_000,
  );

  it('begins with a model that can be broken and mended, beside its picture', async () => {
    await open('/', readers[1]);
    const verdict = `document.querySelector('[data-part=verdict]').textContent`;
    const text = `document.querySelector('[data-part=area]').value`;
    const press = (words: string) =>
      page.value(
        `void [...document.querySelectorAll('.start button')].find((one) => one.textContent === '${words}').click()`,
      );
    const first = await page.value<string>(text);
    // The picture of the worker has the weights of each box.
    await page.until(`document.querySelector('[data-part=picture]').textContent.includes('16,576')`);
    await press('misspell a block');
    await page.until(`document.querySelector('.t-error')?.textContent === 'flaten'`);
    expect(await page.value(verdict)).toBe('1 message');
    expect(await page.value('document.querySelector(".start-problem a").getAttribute("href")')).toMatch(
      /errors\/[\w-]+\.html$/,
    );
    await page.value(`void document.querySelector('.start-problem .actions button').click()`);
    await page.until(`${verdict}.startsWith('no errors')`);
    expect(await page.value<string>(text)).toBe(first);
    await press('give the towers two widths');
    await page.until(`document.querySelector('.start-problem')?.textContent.includes('channel-widths')`);
    await press('Back to the first text');
    await page.until(`${verdict}.startsWith('no errors')`);
    await page.value(`void document.querySelector('[data-part=area]').focus()`);
    await page.type('x');
    await page.until(`document.querySelector('.start-problem')`);
  }, 120_000);

  it('has a model of flights that answers in the page, when a reader comes to it', async () => {
    await open('/', readers[0]);
    expect(await page.value('document.querySelectorAll("[data-part=answer] li").length')).toBe(0);
    await page.value(`void document.querySelector('[data-part=live]').scrollIntoView()`);
    await page.until(`document.querySelectorAll('[data-part=answer] li').length === 8`);
    const places = `[...document.querySelectorAll('[data-part=answer] .place')].map((each) => each.textContent).join()`;
    const before = await page.value<string>(places);
    await page.value(
      `void (document.querySelector('[data-part=origin]').value = 'HNL', document.querySelector('[data-part=origin]').dispatchEvent(new Event('input')))`,
    );
    await page.until(`${places} !== ${JSON.stringify(before)}`);
    // From Honolulu most flights go to the other islands.
    expect(await page.value<string>(places)).toContain('Kahului, HI');
  }, 120_000);

  it('loads less than 300 kB first, as a host sends it, without the worker', () => {
    const html = readFileSync(`${site}/index.html`, 'utf8');
    const files = [...html.matchAll(/(?:src|href)="\.\/((?:assets|app)\/[^"]+\.(?:js|css)|[\w-]+\.css)"/g)].map(
      ([, path]) => path!,
    );
    expect(files.length).toBeGreaterThan(4);
    const sent = ['index.html', 'app/playground/start_editor.js', ...new Set(files)];
    const bytes = sent.reduce((sum, path) => sum + gzipSync(readFileSync(join(site, path))).length, 0);
    expect(bytes).toBeLessThan(300_000);
  });

  it.each(['/gallery.html', ...pagesIn('tutorial')])(
    '%s loads less than 300 kB first, with its pictures, as a host sends it',
    async (path) => {
      await open(path, readers[0]);
      const asked = `[...new Set([location.href, ...performance.getEntriesByType('resource').map(({ name }) => name)])]`;
      const names = await page.value<string[]>(asked);
      const sent = names.map((name) => gzipSync(readFileSync(join(site, new URL(name).pathname))).length);
      expect(names.length).toBeGreaterThan(4);
      expect(sent.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
    },
    60_000,
  );

  it('has pictures that follow its switch between day and night, whatever the system says', async () => {
    const model = '/models/two_tower.html';
    const pictureAt = async (): Promise<string> => {
      // The switch fades.
      await page.until(`document.getAnimations().length === 0 && document.querySelector('.vp-doc img').complete`);
      const { x, y, width, height } = await page.value<{ x: number; y: number; width: number; height: number }>(
        `JSON.parse(JSON.stringify(document.querySelector('.vp-doc img').getBoundingClientRect()))`,
      );
      const clip = { x, y, width, height, scale: 1 };
      return (await page.send('Page.captureScreenshot', { format: 'png', clip })).data as string;
    };
    await open(model, { width: 1440, scheme: 'dark' });
    const night = await pictureAt();
    await open(model, { width: 1440, scheme: 'light' });
    const day = await pictureAt();
    expect(day).not.toBe(night);
    await page.value(`void document.querySelector('.VPSwitchAppearance').click()`);
    await page.until(`document.documentElement.classList.contains('dark')`);
    expect(await pictureAt()).toBe(night);
    await page.value(`void document.querySelector('.VPSwitchAppearance').click()`);
  }, 60_000);

  it('has a search without a barrier', async () => {
    for (const reader of readers) {
      await open('/', reader);
      await page.value(`document.querySelector('.DocSearch-Button').click()`);
      await page.until(`document.activeElement?.id === 'localsearch-input'`);
      await page.type('senet');
      await page.until(`document.querySelectorAll('[role=option]').length > 1`);
      expect(await page.value<string>(`document.querySelector('[aria-selected=true]').innerText`)).toContain('senet');
      await page.send('Runtime.evaluate', { expression: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
      await page.value(`void axe.run().then(({ violations }) => { window.judged = violations; })`);
      await page.until('window.judged');
      expect(await page.value<string[]>(serious), `${reader.width} ${reader.scheme}`).toEqual([]);
    }
  }, 120_000);

  it('has groups that the keyboard opens, and that say so', async () => {
    await open('/guide/tracking', readers[1]);
    const group = `[...document.querySelectorAll('.VPSidebarItem > [role=button]')].find((one) => one.innerText.includes('Models'))`;
    // One that does not fold is no button.
    expect(await page.value(`${group.replace('Models', 'Coming from')} === undefined`)).toBe(true);
    expect(await page.value(`${group}.getAttribute('aria-expanded')`)).toBe('false');
    await page.value(`void ${group}.focus()`);
    for (const [key, expanded] of [
      [' ', 'true'],
      ['Enter', 'false'],
    ] as const) {
      const pressed = { key, code: key === ' ' ? 'Space' : 'Enter', windowsVirtualKeyCode: key === ' ' ? 32 : 13 };
      await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...pressed, text: key === ' ' ? ' ' : '\r' });
      await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...pressed });
      await page.until(`${group}.getAttribute('aria-expanded') === '${expanded}'`);
    }
  }, 60_000);
});
