/** Pages of the built site in a real browser: axe finds no barrier. Skips where there is no site or no Chromium. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteHandler } from '../../scripts/site/serve.ts';
import { chromium, Page } from '../playground/browser.ts';

const site = 'build/site';
const isBuilt = existsSync(`${site}/index.html`);
if (!isBuilt) console.warn('the pages of the site are not tried: `npm run docs` builds it');
if (chromium === undefined) console.warn('the pages of the site are not tried: there is no Chromium on this machine');

/** One of each kind: the first, a guide with tables and pictures, a long one, code, a model, the reference, messages, the playground's. */
const paths = [
  '/',
  '/guide/getting-started',
  '/guide/tracking',
  '/spec',
  '/results',
  '/models/mmoe_two_tower',
  '/reference/blocks',
  '/errors/',
  '/errors/track-behind',
  '/playground',
];

describe.skipIf(!isBuilt || chromium === undefined)('a page of the site', () => {
  let page: Page;
  let server: Server;
  let base = '';
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
    '%s has no barrier, light and dark, at a desk and on a phone',
    async (path) => {
      await page.send('Page.navigate', { url: base + path });
      await page.until(`document.readyState === 'complete' && location.pathname === ${JSON.stringify(path)}`);
      await page.until(`document.querySelector('h1')`);
      await page.send('Runtime.evaluate', { expression: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
      const all: string[] = [];
      for (const [width, isDark] of [
        [390, false],
        [1440, true],
      ] as const) {
        await page.send('Emulation.setDeviceMetricsOverride', {
          ...{ width, height: 900, deviceScaleFactor: 1, mobile: width < 600 },
        });
        await page.value(`document.documentElement.classList.toggle('dark', ${isDark})`);
        await page.until(`innerWidth === ${width}`);
        await page.value(
          `void (delete window.judged, axe.run().then(({ violations }) => { window.judged = violations; }))`,
        );
        await page.until('window.judged');
        const serious = `judged.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)).join(' '))`;
        all.push(...(await page.value<string[]>(serious)));
      }
      expect(all).toEqual([]);
    },
    120_000,
  );
});
