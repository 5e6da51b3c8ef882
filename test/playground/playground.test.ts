/** The playground in a real browser: a mistake is typed, underlined, fixed by its quick fix. Skips where there is no Chromium. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium, Page } from './browser.ts';

if (chromium === undefined) console.warn('the playground is not tried: there is no Chromium on this machine');

describe.skipIf(chromium === undefined)('the playground', () => {
  let page: Page;

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/playground.mjs', '--build']);
    page = await Page.open(pathToFileURL(resolve('build/playground/index.html')).href);
    // The first start of a browser on a busy machine.
  }, 60_000);
  afterAll(async () => page?.close());

  const text = () => page.value<string>(`document.querySelector('.cm-content').innerText`);
  const shown = (id: string) => page.value<string>(`document.getElementById('${id}').textContent`);

  /** Puts the cursor behind the first `after` of the text. */
  const clickBehind = (after: string) =>
    page.value(`(() => {
      const line = [...document.querySelectorAll('.cm-line')].find((one) => one.textContent.includes(${JSON.stringify(after)}));
      const range = document.createRange();
      const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
      let left = line.textContent.indexOf(${JSON.stringify(after)}) + ${after.length};
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (left <= node.length) { range.setStart(node, left); break; }
        left -= node.length;
      }
      document.querySelector('.cm-content').focus();
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
    })()`);

  it('opens as a file, with a model that checks, its towers drawn with shapes, its weights, its graph', async () => {
    expect(await shown('state')).toBe('checks');
    const drawn = await shown('towers');
    for (const said of ['tower user', 'tower item', 'mlp(128, 64)', 'vector[64]', 'task watch']) {
      expect(drawn).toContain(said);
    }
    // user: three fields of 32 → 128 → 64, with biases.
    expect(await shown('sizes')).toContain(
      `user.main${(96 * 128 + 128 + 128 * 64 + 64).toLocaleString('en-US')} weights`,
    );
    expect(await shown('graph')).toMatch(/MatMul\(.*user\/main\/mlp\/weights_0/);
    if (process.env.SCREENSHOTS) writeFileSync(`${process.env.SCREENSHOTS}/whole.png`, await page.screenshot());
  });

  it('underlines a mistake as it is typed, and removes it by its quick fix', async () => {
    await clickBehind('profile -> flatten -> mlp');
    await page.type('x');
    await page.until(`document.querySelector('.cm-lintRange-error')?.textContent === 'mlpx'`);
    await page.until(`document.getElementById('state').textContent.startsWith('1 error')`);
    expect(await shown('graph')).toBe('There is no graph while the model has errors.');
    expect(await page.value(`document.getElementById('graph-name').checkVisibility()`)).toBe(false);
    // The wrong tower has no size, the other is still drawn and counted.
    expect(await shown('sizes')).toMatch(/^item\d/);
    expect(await shown('towers')).toContain('tower item');

    const { x, y } = await page.value<{ x: number; y: number }>(
      `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('.cm-lintRange-error').getBoundingClientRect())`,
    );
    await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    await page.until(`document.querySelector('.cm-tooltip .cm-diagnosticAction')`);
    if (process.env.SCREENSHOTS) writeFileSync(`${process.env.SCREENSHOTS}/wrong.png`, await page.screenshot());
    expect(await page.value(`document.querySelector('.cm-tooltip .cm-diagnosticText').textContent`)).toContain(
      '`mlpx`',
    );
    const button = await page.value<{ x: number; y: number }>(
      `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('.cm-tooltip .cm-diagnosticAction').getBoundingClientRect())`,
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await page.send('Input.dispatchMouseEvent', { type, ...button, button: 'left', clickCount: 1 });
    }
    await page.until(`document.getElementById('state').textContent === 'checks'`);
    await page.until(`document.querySelector('.cm-lintRange-error') === null`);
    expect(await text()).not.toContain('mlpx');
    expect(await shown('graph')).toContain('MatMul');
  });

  it('formats', async () => {
    await clickBehind('group profile =');
    await page.type('     ');
    expect(await text()).toContain('group profile =      ');
    await page.value(`document.getElementById('format').click()`);
    expect(await text()).toContain('group profile = user_id, history');
  });

  it('completes the kinds that a flow may go on with, those that fit before the others', async () => {
    await clickBehind('profile -> flatten -> ');
    await page.type(' ');
    const first = '.cm-tooltip-autocomplete li:first-child .cm-completionLabel';
    await page.until(`document.querySelector('${first}')?.textContent === 'dense'`);
    await page.type('sen');
    await page.until(`document.querySelector('.cm-tooltip-autocomplete')?.textContent.includes('senet')`);
  });

  it('is as light or dark as the system asks for, and as narrow as its window', async () => {
    const prefer = (value: string) =>
      page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    const lightOf = (selector: string, property: string) =>
      `getComputedStyle(document.querySelector('${selector}')).${property}.match(/\\d+/g)[0]`;
    for (const [scheme, paper, ink] of [
      ['dark', '<', '>'],
      ['light', '>', '<'],
    ] as const) {
      await prefer(scheme);
      for (const place of ['body', '.cm-gutters']) {
        await page.until(`${lightOf(place, 'backgroundColor')} ${paper} 128`);
        await page.until(`${lightOf(place, 'color')} ${ink} 128`);
      }
    }
    const size = { width: 420, height: 900, deviceScaleFactor: 1, mobile: false };
    await page.send('Emulation.setDeviceMetricsOverride', size);
    await page.until('document.documentElement.scrollWidth <= innerWidth');
    expect(await page.value<number>(`document.getElementById('editor').clientWidth`)).toBeGreaterThan(380);
  });
});
