/** The playground in a real browser: a mistake is typed, underlined, fixed by its quick fix. Skips where there is no Chromium. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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
    expect(await shown('state')).toBe('no errors');
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
    const isShown = (id: string) => page.value<boolean>(`document.getElementById('${id}').checkVisibility()`);
    expect(await isShown('no-graph')).toBe(true);
    for (const id of ['graph-name', 'graph-fold', 'graph-text']) expect(await isShown(id), id).toBe(false);
    // The wrong tower has no size, the other is still drawn and counted.
    expect(await shown('sizes')).toMatch(/^item\d/);
    expect(await shown('towers')).toContain('tower item');

    const { x, y } = await page.value<{ x: number; y: number }>(
      `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('.cm-lintRange-error').getBoundingClientRect())`,
    );
    await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    await page.until(`document.querySelector('.cm-tooltip .cm-diagnosticAction')`);
    if (process.env.SCREENSHOTS) writeFileSync(`${process.env.SCREENSHOTS}/wrong.png`, await page.screenshot());
    // A name is code there too, without its backticks.
    expect(await page.value(`document.querySelector('.cm-tooltip .cm-diagnosticText code').textContent`)).toBe('mlpx');
    const button = await page.value<{ x: number; y: number }>(
      `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('.cm-tooltip .cm-diagnosticAction').getBoundingClientRect())`,
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await page.send('Input.dispatchMouseEvent', { type, ...button, button: 'left', clickCount: 1 });
    }
    await page.until(`document.getElementById('state').textContent === "no errors"`);
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

  const click = (selector: string) => page.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
  const choose = (path: string) =>
    page.value(
      `(() => { const one = document.getElementById('example'); one.value = ${JSON.stringify(path)}; one.dispatchEvent(new Event('change')); })()`,
    );
  const textOf = () => page.value<string>(`localStorage.getItem('tower-playground-text')`);
  const load = async (url?: string): Promise<void> => {
    // A page of before must not be taken for the page of after.
    await page.value(`void (window.isOld = true)`);
    await (url === undefined ? page.send('Page.reload') : page.send('Page.navigate', { url }));
    await page.until(
      `!window.isOld && document.readyState === 'complete' && document.getElementById('state')?.textContent`,
    );
  };

  it('fits every example into its pane, zooms, moves by dragging, folds', async () => {
    const names = await page.value<string[]>(
      `[...document.querySelectorAll('#example option')].map(({ value }) => value)`,
    );
    expect(names.length).toBeGreaterThan(20);
    for (const name of names.filter((each) => each !== '')) {
      await choose(name);
      await page.until(
        `document.getElementById('example').value === ${JSON.stringify(name)} && document.getElementById('about').textContent.length > 20`,
      );
      // The picture is drawn after the text is checked.
      await page.until(
        `document.getElementById('towers').scrollWidth === document.getElementById('towers').clientWidth &&
          (([a, b]) => a && b && a.getBBox().y === b.getBBox().y)(document.querySelectorAll('#towers text.tower'))`,
      );
    }
    await choose('models/parallel_two_tower.tower');
    await page.until(`document.getElementById('towers').textContent.includes('channel cin')`);
    const height = () => page.value<number>(`document.querySelector('#towers svg').viewBox.baseVal.height`);
    const open = await height();
    await click('#fold');
    expect(await height()).toBeLessThan(open);
    expect(await page.value(`document.getElementById('fold').ariaPressed`)).toBe('true');
    await click('#fold');
    expect(await height()).toBe(open);
    for (let n = 0; n < 5; n++) await click('#nearer');
    expect(
      await page.value(`document.getElementById('towers').scrollWidth > document.getElementById('towers').clientWidth`),
    ).toBe(true);
    const { x, y } = await page.value<{ x: number; y: number }>(
      `(({ x, y }) => ({ x: x + 200, y: y + 200 }))(document.getElementById('towers').getBoundingClientRect())`,
    );
    const before = await page.value<number>(`document.getElementById('towers').scrollLeft`);
    await page.send('Input.dispatchMouseEvent', {
      type: 'mousePressed',
      x,
      y,
      button: 'left',
      buttons: 1,
      clickCount: 1,
    });
    await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: x + 60, y, button: 'left', buttons: 1 });
    await page.send('Input.dispatchMouseEvent', {
      type: 'mouseReleased',
      x: x + 60,
      y,
      button: 'left',
      buttons: 0,
      clickCount: 1,
    });
    expect(await page.value<number>(`document.getElementById('towers').scrollLeft`)).toBe(before - 60);
    await click('#fit');
    expect(
      await page.value(`document.getElementById('towers').scrollWidth - document.getElementById('towers').clientWidth`),
    ).toBe(0);
  });

  it('folds one box, by its mark and by the space bar, and keeps it folded while the text changes', async () => {
    await choose('models/two_tower.tower');
    const box = `#towers [data-box="user.main"]`;
    await page.until(`document.querySelector('${box}')`);
    const expanded = () => page.value<string>(`document.querySelector('${box}').ariaExpanded`);
    const linesIn = () => page.value<number>(`document.querySelectorAll('${box} text').length`);
    const open = await linesIn();
    // The picture may be under the edge of the window.
    await page.value(`document.querySelector('${box}').scrollIntoView({ block: 'center' })`);
    const { x, y } = await page.value<{ x: number; y: number }>(
      `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector('${box} [data-fold]').getBoundingClientRect())`,
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await page.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
    await page.until(`document.querySelector('${box}').ariaExpanded === 'false'`);
    expect(await linesIn()).toBeLessThan(open);
    // The other boxes stay as they are.
    expect(await page.value(`document.querySelector('#towers [data-box="item.main"]').ariaExpanded`)).toBe('true');
    expect(await page.value(`document.getElementById('fold').ariaPressed`)).toBe('false');
    await clickBehind('group profile =');
    await page.type(' ');
    await page.until(`document.getElementById('about').textContent === ''`);
    expect(await expanded()).toBe('false');
    const key = async (name: string, code: string): Promise<void> => {
      const options = {
        key: name,
        code,
        text: name === ' ' ? ' ' : '\r',
        windowsVirtualKeyCode: name === ' ' ? 32 : 13,
      };
      for (const type of ['keyDown', 'keyUp']) await page.send('Input.dispatchKeyEvent', { type, ...options });
    };
    await page.value(`document.querySelector('${box}').focus()`);
    await key(' ', 'Space');
    expect(await expanded()).toBe('true');
    expect(await linesIn()).toBe(open);
    // The box that was drawn anew has the keyboard, and Enter goes to its text.
    expect(await page.value(`document.activeElement.dataset.box`)).toBe('user.main');
    await key('Enter', 'Enter');
    expect(await page.value(`getSelection().toString()`)).toContain('profile -> flatten');
    await choose('models/two_tower.tower');
    await page.until(`document.getElementById('about').textContent !== ''`);
  });

  it('draws the training step, a box for each block, and other graphs', async () => {
    await page.until(`document.getElementById('state').textContent === "no errors"`);
    const chooseGraph = (name: string) =>
      page.value(
        `(() => { const one = document.getElementById('graph-name'); one.value = '${name}'; one.dispatchEvent(new Event('change')); })()`,
      );
    await chooseGraph('training step');
    const drawn = await shown('graph-picture');
    for (const said of ['tower user', 'main/mlp', 'score/watch', 'gradient/user/main/mlp', 'optimizer']) {
      expect(drawn).toContain(said);
    }
    const height = () => page.value<number>(`document.querySelector('#graph-picture svg').viewBox.baseVal.height`);
    const open = await height();
    await click('#graph-fold');
    expect(await height()).toBeLessThan(open);
    await click('#graph-fold');
    if (process.env.SCREENSHOTS) writeFileSync(`${process.env.SCREENSHOTS}/step.png`, await page.screenshot());
    await chooseGraph('item');
    expect(await shown('graph-picture')).not.toContain('optimizer');
  });

  it('lists a mistake with its place, and fixes it by one click', async () => {
    await choose('models/two_tower.tower');
    await page.until(`document.getElementById('state').textContent === "no errors"`);
    await page.until(`document.querySelector('#towers [data-box="user.main"]')`);
    await clickBehind('profile -> flatten -> mlp');
    await page.type('x');
    await page.until(`!document.getElementById('problems').hidden`);
    expect(await shown('problems')).toMatch(/^line \d+:\d+ error: there is no block called mlpx/);
    expect(await shown('towers')).toContain('channel main');
    await click('#problems .place');
    expect(await page.value(`getSelection().toString()`)).toBe('mlpx');
    await click('#problems .fixes button');
    await page.until(`document.getElementById('problems').hidden`);
    expect(await text()).not.toContain('mlpx');
  });

  it('explains the word under the cursor with its formula, and marks its box', async () => {
    await clickBehind('profile -> flatten -> ml');
    await page.until(`document.getElementById('explanation').textContent.includes('mlp')`);
    expect(await shown('explanation')).toMatch(/W/);
    expect(await page.value(`document.querySelector('#towers .here').dataset.box`)).toBe('user.main');
  });

  it('explains the block of a box that is clicked, where no scrolling is needed to read it', async () => {
    await choose('models/parallel_two_tower.tower');
    const box = `document.querySelector('#towers [data-box="item.weighted"]')`;
    await page.until(box);
    await page.value(`${box}.scrollIntoView({ block: 'center' })`);
    const { x, y } = await page.value<{ x: number; y: number }>(
      `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(${box}.getBoundingClientRect())`,
    );
    for (const type of ['mousePressed', 'mouseReleased']) {
      await page.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
    await page.until(`document.getElementById('explanation').textContent.includes('senet(')`);
    expect(await page.value(`getSelection().toString()`)).toBe('movie -> senet(reduction: 2)');
    expect(
      await page.value(
        `(({ top, bottom }) => top > 0 && bottom <= innerHeight)(document.getElementById('cursor').getBoundingClientRect())`,
      ),
    ).toBe(true);
    // Among the arguments of a block the block is meant.
    await clickBehind('block deep    = flatten -> mlp(128,');
    await page.until(`document.getElementById('explanation').textContent.includes('mlp(')`);
  });

  it('says where a picture would be, and shows no button for it, while there is none', async () => {
    await page.value(`document.querySelector('.cm-content').focus()`);
    await page.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key: 'a',
      code: 'KeyA',
      windowsVirtualKeyCode: 65,
      modifiers: 2,
      commands: ['selectAll'],
    });
    await page.send('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key: 'Backspace',
      code: 'Backspace',
      windowsVirtualKeyCode: 8,
    });
    await page.until(`document.getElementById('towers').textContent === 'The picture begins with the first tower.'`);
    for (const id of ['fold', 'weights', 'graph-fold']) {
      expect(await page.value(`document.getElementById('${id}').checkVisibility()`), id).toBe(false);
    }
    await choose('models/two_tower.tower');
    await page.until(`document.querySelector('#towers svg') && document.getElementById('fold').checkVisibility()`);
  });

  it('lets Tab pass through the text, and indents where somebody writes', async () => {
    const tab = async (): Promise<void> => {
      const key = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
      for (const type of ['keyDown', 'keyUp']) await page.send('Input.dispatchKeyEvent', { type, ...key });
    };
    const at = () => page.value<string>(`document.activeElement.id || document.activeElement.className`);
    await choose('models/two_tower.tower');
    const before = await textOf();
    await page.value(`document.querySelector('.cm-scroller').focus()`);
    await tab();
    expect(await at()).toContain('cm-content');
    await tab();
    expect(await at()).toBe('cursor');
    expect(await textOf()).toBe(before);
    await clickBehind('group profile =');
    await page.type(' ');
    await tab();
    expect(await at()).toContain('cm-content');
    expect(await textOf()).not.toBe(before);
    await choose('models/two_tower.tower');
    await page.until(`localStorage.getItem('tower-playground-text') === ${JSON.stringify(before)}`);
    const named = (id: string) =>
      page.value<string>(`document.querySelector('#towers [data-box="${id}"] title').textContent`);
    expect(await named('user.main')).toMatch(/^channel main, tower user\n/);
  });

  it('keeps an edit on reload, and gives back what an example replaced', async () => {
    await clickBehind('group profile = user_id');
    await page.type(' // mine');
    const mine = await textOf();
    expect(mine).toContain('// mine');
    await load();
    expect(await text()).toContain('// mine');
    await choose('models/dssm.tower');
    await page.until(`document.getElementById('back').checkVisibility()`);
    await load();
    expect(await text()).toContain('model dssm');
    await click('#back');
    await page.until(`document.querySelector('.cm-content').textContent.includes('// mine')`);
    expect(await textOf()).toBe(mine);
  });

  it('shares a text by its address, which is shown and never run, and refuses what is no text', async () => {
    const hostile = `// <img src=x onerror="window.wasRun = true"><script>window.wasRun = true</script> é\nmodel shared\n`;
    const file = pathToFileURL(resolve('build/playground/index.html')).href;
    const { deflateRawSync } = await import('node:zlib');
    const linkTo = (bytes: Buffer) => `${file}#text=${deflateRawSync(bytes).toString('base64url')}`;
    // A link to the same page would only change its hash.
    await page.send('Page.navigate', { url: 'about:blank' });
    await load(linkTo(Buffer.from(hostile)));
    await page.until(`document.querySelector('.cm-content').textContent.includes('model shared')`);
    expect(await textOf()).toBe(hostile);
    expect(await page.value('window.wasRun')).toBeUndefined();
    expect(await page.value('location.hash')).toBe('');
    expect(await page.value(`document.querySelectorAll('img').length`)).toBe(0);

    await page.value(`navigator.clipboard && (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))`);
    await click('#share');
    await page.until(`location.hash.startsWith('#text=')`);
    const own = await page.value<string>('location.href');
    await choose('models/dssm.tower');
    await page.send('Page.navigate', { url: 'about:blank' });
    await load(own);
    await page.until(`document.querySelector('.cm-content').textContent.includes('model shared')`);
    expect(await textOf()).toBe(hostile);

    // Few bytes that unpack to many, bytes that are no text, letters that are no bytes.
    for (const wrong of [linkTo(Buffer.alloc(50_000_000)), linkTo(Buffer.from([0xff, 0xfe])), `${file}#text=AAAA`]) {
      await page.send('Page.navigate', { url: 'about:blank' });
      await load(wrong);
      await page.until(`document.getElementById('said').textContent === 'The link holds no text of a model.'`);
      expect(await textOf()).toBe(hostile);
    }
  });

  it('has no barrier that axe finds, light and dark, at a desk and on a phone', async () => {
    await choose('models/mmoe_two_tower.tower');
    await page.until(`document.getElementById('state').textContent === "no errors"`);
    await clickBehind('channel view = experts.view -> mlp');
    await page.type('x');
    await page.until(`!document.getElementById('problems').hidden`);
    await page.send('Runtime.evaluate', { expression: readFileSync('node_modules/axe-core/axe.min.js', 'utf8') });
    for (const [width, value] of [
      [390, 'light'],
      [1440, 'dark'],
    ] as const) {
      await page.send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 900,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      await page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
      await page.until(`innerWidth === ${width} && document.documentElement.scrollWidth <= ${width}`);
      // The editor hears of dark and light by an event, after the page has its colours.
      const isDark = `getComputedStyle(document.querySelector('.cm-content')).caretColor === 'rgb(255, 255, 255)'`;
      await page.until(`${isDark} === ${value === 'dark'}`);
      await page.value(
        `void (delete window.judged, axe.run().then(({ violations }) => { window.judged = violations; }))`,
      );
      await page.until('window.judged');
      const serious = `judged.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 150)).join(' '))`;
      expect(await page.value(serious)).toEqual([]);
    }
    await page.send('Emulation.clearDeviceMetricsOverride');
  }, 60_000);

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
