/** Reports in a real browser: hostile names run nothing, numbers are under the pointer, a phone shows them, axe finds no barrier. Skips where there is no Chromium. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWatch } from '../../../src/app/api/watch.ts';
import { reportPage } from '../../../src/app/report/run_page.ts';
import { runsPage } from '../../../src/app/report/runs_page.ts';
import { chromium, Page } from '../../playground/browser.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { hostile, partsOf } from './parts.ts';

if (chromium === undefined) console.warn('reports are not tried: there is no Chromium on this machine');

const root = temporaryFolder();
const pages = {
  one: reportPage(partsOf()),
  several: runsPage([
    { ...partsOf(), name: `runs/${hostile}` },
    { ...partsOf({ seed: 2 }), name: 'runs/second' },
  ]),
};

describe.skipIf(chromium === undefined)('reports', () => {
  let page: Page;
  beforeAll(async () => {
    for (const [name, text] of Object.entries(pages)) writeFileSync(join(root, `${name}.html`), text);
    page = await Page.open('about:blank#first');
  }, 60_000);
  afterAll(async () => page?.close());

  const visit = async (name: keyof typeof pages): Promise<void> => {
    const url = pathToFileURL(join(root, `${name}.html`)).href;
    await page.send('Page.navigate', { url });
    await page.until(`document.readyState === 'complete' && location.href === ${JSON.stringify(url)}`);
  };
  const show = (width: number, scheme: string) =>
    Promise.all([
      page.send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 900,
        deviceScaleFactor: 1,
        mobile: width < 600,
      }),
      page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] }),
    ]);

  const expectNoBarrier = async (): Promise<void> => {
    await page.send('Runtime.evaluate', { expression: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
    for (const [width, scheme] of [
      [390, 'light'],
      [1440, 'dark'],
    ] as const) {
      await show(width, scheme);
      await page.until(`innerWidth === ${width} && document.documentElement.scrollWidth <= ${width}`);
      await page.value(
        `void (delete window.judged, axe.run().then(({ violations }) => { window.judged = violations; }))`,
      );
      await page.until('window.judged');
      const serious = `judged.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes[0].html)`;
      expect(await page.value(serious)).toEqual([]);
    }
  };

  it.each(['one', 'several'] as const)('run nothing that a name brings: %s', async (name) => {
    await visit(name);
    expect(await page.value('window.wasRun')).toBeUndefined();
    expect(await page.value(`document.querySelectorAll('script, img, iframe, link:not([href^="data:"])').length`)).toBe(
      0,
    );
    // The policy would stop what the text does not: a script that is put in later.
    await page.value(
      `(() => { const one = document.createElement('script'); one.textContent = 'window.wasRun = true'; document.head.append(one); })()`,
    );
    expect(await page.value('window.wasRun')).toBeUndefined();
  });

  it('show the numbers of a chart where the pointer is', async () => {
    await visit('several');
    await show(1440, 'light');
    const { x, y } = await page.value<{ x: number; y: number }>(
      `(() => { const one = document.querySelectorAll('.at line')[1]; one.scrollIntoView({ block: 'center' }); const { x, y, width, height } = one.getBoundingClientRect(); return { x: x + width / 2, y: y + height / 2 }; })()`,
    );
    const shown = `[...document.querySelectorAll('.at text')].filter((one) => getComputedStyle(one).display !== 'none').map((one) => one.textContent)`;
    expect(await page.value(shown)).toEqual([]);
    await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    await page.until(`${shown}.length === 1`);
    const [text] = await page.value<string[]>(shown);
    expect(text).toMatch(/^step 2 .*0\.5 .*second 0\.5$/);
  });

  it.each(['one', 'several'] as const)(
    'fit a phone and a desk, light and dark, without a barrier: %s',
    async (name) => {
      await visit(name);
      await expectNoBarrier();
    },
    60_000,
  );

  it('of a run that trains update in place, without a barrier, and say how it ended', async () => {
    const watch = await openWatch(0);
    const step = {
      kind: 'step',
      epoch: 1,
      stepOfEpoch: 7,
      steps: 2000,
      examplesPerSecond: 1234,
      secondsLeft: 5,
    } as const;
    watch.ready({ model: hostile, tasks: [] });
    for (let at = 1; at <= 7; at++) watch.event({ ...step, step: at, loss: 1 + 1 / at });
    watch.event({ kind: 'epoch', record: { ...partsOf().curves.epochs[0]!, best: true } });
    await page.send('Page.navigate', { url: watch.url });
    await page.until(`document.readyState === 'complete' && document.body.textContent.includes('Step7 of')`);
    await page.value(
      `void (window.isSame = true, document.querySelector('details').open = true, document.querySelector('summary').focus())`,
    );
    watch.event({ ...step, step: 8, loss: 0.5 });
    await page.until(`document.body.textContent.includes('Step8 of')`);
    // It is the same page: the reader's place, the open table and the keyboard are where they were.
    expect(await page.value('window.isSame')).toBe(true);
    expect(await page.value(`document.querySelector('details').open`)).toBe(true);
    expect(await page.value(`document.activeElement === document.querySelector('summary')`)).toBe(true);
    expect(await page.value('window.wasRun')).toBeUndefined();
    await expectNoBarrier();
    const ending = watch.end('ended', { report: 'runs/first/report.html' });
    await page.until(`document.body.textContent.includes('The whole report is in runs/first/report.html.')`);
    await ending;
    expect(await page.value('document.title')).toContain('training has ended');
  }, 120_000);
});
