/** The page of the server in a real browser, over a model with two tasks and hostile titles. Skips where there is no Chromium. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textColumn } from '../../../src/retrieval/filter/filter_columns.ts';
import { makeRecommender } from '../../../src/serving/live/recommender.ts';
import { makeAnswers } from '../../../src/serving/server/answers.ts';
import { makeListener } from '../../../src/serving/server/door.ts';
import { makeServer, type Server } from '../../../src/serving/server/server.ts';
import { onlyVersion, type Versions } from '../../../src/serving/server/versions/versions.ts';
import { chromium, Page } from '../../playground/browser.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { trainSmall } from '../../training/trained.ts';
import { columns, corpus, dataset } from '../server/served.ts';

if (chromium === undefined) console.warn('the page of the server is not tried: there is no Chromium on this machine');

const hostile = '<img src=x onerror="window.wasRun = true"><script>window.wasRun = true</script> \u202Etxt';
const titles = [...corpus.titles!].map((title, row) => (row % 2 === 0 ? `${hostile} ${row}` : title));
const dot = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
const token = 'a-token-of-the-tests';
const root = temporaryFolder();

describe.skipIf(chromium === undefined)('the page', () => {
  let page: Page;
  let open: Server;
  let closed: Server;
  let versions: Versions;
  const addresses: string[] = [];

  beforeAll(async () => {
    const trained = await trainSmall(root);
    const { width } = trained.plan.towers[0];
    const half = width / 2;
    const objectives = [
      { name: 'view', from: 0, to: half, factor: 1 },
      { name: 'like', from: half, to: width, factor: 0.5 },
    ];
    const poster = textColumn([...corpus.keys].map((_, row) => (row % 3 === 0 ? '/missing/picture.png' : dot)));
    const recommender = await makeRecommender(trained, { ...dataset, corpus: { ...corpus, titles } }, plainEngine, {
      version: 'a-version-of-the-tests',
      columns: new Map([...columns, ['poster', poster]]),
      objectives,
    });
    versions = onlyVersion({ answers: makeAnswers({ recommender, removesSeen: true, notes: ['A `note`.'] }) });
    open = await makeServer(versions, { tower: '0.0.0' });
    closed = await makeServer(versions, { tower: '0.0.0', token });
    for (const server of [open, closed]) addresses.push(await server.listen('127.0.0.1', 0));
    page = await Page.open('data:text/html,before');
    await page.send('Page.enable');
    const source = `window.refused = []; addEventListener('securitypolicyviolation', ({ blockedURI, violatedDirective }) => refused.push(violatedDirective + ' ' + blockedURI))`;
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source });
    await visit(addresses[0]!);
    await page.until(`document.querySelectorAll('.items > li').length > 0`);
    // The first start of a browser on a busy machine.
  }, 60_000);
  afterAll(async () => {
    await page?.close();
    await Promise.all([open?.close(0), closed?.close(0)]);
  });

  const visit = async (url: string): Promise<void> => {
    await page.send('Page.navigate', { url });
    await page.until(`location.href.startsWith(${JSON.stringify(url)}) && document.readyState === 'complete'`);
  };
  const textOf = (selector: string) =>
    page.value<string>(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`);
  const all = (selector: string, of = 'textContent') =>
    page.value<string[]>(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.${of})`);
  const click = (selector: string) => page.value(`document.querySelector(${JSON.stringify(selector)}).click()`);
  /** Into a field, as a person does. */
  const type = async (selector: string, text: string): Promise<void> => {
    await page.value(`(one => { one.focus(); one.select(); })(document.querySelector(${JSON.stringify(selector)}))`);
    if (text === '') await press('Delete');
    else await page.type(text);
  };
  const codes: Readonly<Record<string, number>> = { Enter: 13, Delete: 46, ArrowDown: 40, ArrowRight: 39, Tab: 9 };
  const press = async (key: string): Promise<void> => {
    const event = { key, code: key, windowsVirtualKeyCode: codes[key]!, ...(key === 'Enter' ? { text: '\r' } : {}) };
    await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  };
  const asked = async (route: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await open.http.inject({ method: 'POST', url: route, headers, payload: JSON.stringify(body) });
    return answer.json<{ items: { key: string; title: string; score: number; shares: Record<string, number> }[] }>();
  };
  const keysShown = () => all('.items > li', 'dataset.key');
  const keysOf = async (route: string, body: object) => (await asked(route, body)).items.map(({ key }) => key);
  const until = (keys: readonly string[]) =>
    page.until(
      `JSON.stringify([...document.querySelectorAll('.items > li')].map((one) => one.dataset.key)) === ${JSON.stringify(JSON.stringify(keys))}`,
    );
  const user = () => page.value<string>(`document.getElementById('user').value`);

  it('begins with the answer for a user with a history: scores, their shares, pictures, notes', async () => {
    const first = await user();
    const { items } = await asked('/v1/recommend', { user: first, shares: true });
    expect(await textOf('#whose')).toBe(`For user ${first}`);
    expect(await keysShown()).toEqual(items.map(({ key }) => key));
    const scores = await all('.score .number');
    const shares = await all('.share');
    for (const [at, { score, shares: own }] of items.entries()) {
      const written = (text: string): number => Number(text.replace(/^\D*?(?=[−\d])/, '').replace('−', '-'));
      expect(written(scores[at]!)).toBeCloseTo(score, 2);
      expect(written(shares[2 * at]!)).toBeCloseTo(own.view!, 2);
      expect(written(shares[2 * at + 1]!)).toBeCloseTo(own.like!, 2);
    }
    expect(await all('.legend li')).toEqual([' view', ' like']);
    expect(await textOf('.notes')).toContain('A note.');
    // What qualifies an answer is read before it.
    expect(
      await page.value(
        `Boolean(document.querySelector('.notes').compareDocumentPosition(document.querySelector('.items')) & Node.DOCUMENT_POSITION_FOLLOWING)`,
      ),
    ).toBe(true);
    expect((await all('.history li')).length).toBeGreaterThan(1);
    expect(await textOf('header')).toContain(`${corpus.rows} items`);
  });

  it('shows titles as the text that they are, and loads nothing else', async () => {
    expect((await all('.title bdi')).some((title) => title.includes(hostile))).toBe(true);
    expect(await page.value('window.wasRun')).toBeUndefined();
    expect(await page.value(`document.querySelectorAll('#page script').length`)).toBe(0);
    expect(new Set(await all('.picture img', 'src'))).toEqual(new Set([dot, `${addresses[0]}/missing/picture.png`]));
    await page.until(
      `[...document.querySelectorAll('.picture img')].every((one) => one.hidden === one.src.includes('missing'))`,
    );
    expect(await page.value('refused')).toEqual([]);
    // The policy holds: no other script, no HTML from text.
    const isRefused = `(() => { try { document.body.innerHTML = '<b>x</b>'; return false; } catch { return true; } })()`;
    expect(await page.value(isRefused)).toBe(true);
    await page.value('refused.length = 0');
  });

  it('finds users by the beginning of their keys, with the keyboard alone', async () => {
    await type('#user', 'u1');
    await page.until(`document.querySelectorAll('[role=option]').length === 3`);
    expect((await all('[role=option] bdi')).toSorted()).toEqual(['u1', 'u10', 'u11']);
    await press('ArrowDown');
    await press('ArrowDown');
    const active = await page.value<string>(`document.getElementById('user').getAttribute('aria-activedescendant')`);
    expect(await page.value(`document.getElementById('${active}').getAttribute('aria-selected')`)).toBe('true');
    const chosen = await textOf(`#${active} bdi`);
    await press('Enter');
    await page.until(`document.getElementById('whose').textContent === 'For user ${chosen}'`);
    await until(await keysOf('/v1/recommend', { user: chosen }));
    expect(await page.value(`document.getElementById('users').hidden`)).toBe(true);
  });

  it('finds items by some letters of their titles, with the keyboard alone, and shows those near the chosen one', async () => {
    const before = await keysShown();
    const row = titles.findIndex((title, at) => at % 2 === 1 && title.length > 3);
    await type('#item', titles[row]!.toUpperCase().slice(1));
    await page.until(`document.querySelectorAll('#items [role=option]').length > 0`);
    expect(await all('#items [role=option] bdi')).toContain(titles[row]);
    await press('ArrowDown');
    const active = await page.value<string>(`document.getElementById('item').getAttribute('aria-activedescendant')`);
    const chosen = await textOf(`#${active} .soft`);
    await press('Enter');
    await until(await keysOf('/v1/similar', { item: chosen }));
    expect(await textOf('#whose')).toContain('Near');
    expect(await page.value(`document.getElementById('items').hidden`)).toBe(true);
    // What is no item leaves the field as it was.
    await type('#item', 'no such title at all');
    await press('Enter');
    expect(await page.value(`document.getElementById('item').value`)).toBe(await textOf(`#whose bdi`));
    await click('[aria-label="Remove the item"]');
    await until(before);
  });

  it('weighs anew while a slider moves, and goes back to the weights of the model', async () => {
    const of = await user();
    const before = await keysShown();
    await page.value(`document.getElementById('weight-0').focus()`);
    await page.value(
      `(one => { one.value = 0; one.dispatchEvent(new Event('input', { bubbles: true })); })(document.getElementById('weight-0'))`,
    );
    await press('ArrowRight');
    const step = Number(await page.value(`document.getElementById('weight-0').value`));
    expect(step).toBeGreaterThan(0);
    const wanted = await keysOf('/v1/recommend', { user: of, weights: { view: step } });
    expect(wanted).not.toEqual(before);
    await until(wanted);
    await click('.heading .quiet');
    await until(before);
  });

  it('underlines the mistake of a filter where it is, says what to do, and keeps the items', async () => {
    const before = await keysShown();
    await type('#filter', 'yaer >= 1990');
    await page.until(`document.querySelector('.wrong')?.textContent === 'yaer'`);
    expect(await textOf('#filter-mistake')).toContain('did you mean year?');
    expect(await page.value(`document.getElementById('filter').getAttribute('aria-invalid')`)).toBe('true');
    expect(await keysShown()).toEqual(before);
    await type('#filter', 'year >= 1990');
    await until(await keysOf('/v1/recommend', { user: await user(), filter: 'year >= 1990' }));
    expect(await page.value(`document.querySelector('.wrong')`)).toBeNull();
    await type('#filter', 'year = 1');
    await page.until(`document.querySelector('.empty') !== null`);
    await type('#filter', '');
    await until(before);
  });

  it('leaves items out, takes them back, shows more of them, and those that the user has had', async () => {
    const of = await user();
    const before = await keysShown();
    await click('.items > li .leave');
    await until(await keysOf('/v1/recommend', { user: of, exclude: [before[0]!] }));
    expect(await page.value('document.activeElement.id')).toBe('whose');
    await click('.part .chip');
    await until(before);
    await click('.check input');
    await until(await keysOf('/v1/recommend', { user: of, removeSeen: false }));
    await type('.small input', '13');
    await until(await keysOf('/v1/recommend', { user: of, removeSeen: false, k: 13 }));
    await click('.check input');
    await type('.small input', '10');
    await until(before);
  });

  it('goes to the items near one, and back', async () => {
    const [first] = await keysShown();
    const before = await keysShown();
    await click('.title');
    await until(await keysOf('/v1/similar', { item: first }));
    expect(await textOf('#whose')).toContain('Near');
    expect(await textOf('.command pre')).toContain('/v1/similar');
    await click('main .quiet');
    await until(before);
  });

  it('asks with feature values of somebody whom the data does not have', async () => {
    await click('[aria-label="Remove the user"]');
    await page.until(`document.getElementById('whose').textContent === 'For these values'`);
    await until(await keysOf('/v1/recommend', { values: {} }));
    const field = `[aria-describedby="value-0-mistake"]`;
    for (const key of ['m1', 'm2']) {
      await type(field, key);
      await press('Enter');
    }
    await until(await keysOf('/v1/recommend', { values: { history: ['m1', 'm2'] } }));
    expect(await all('.question .chip bdi')).toHaveLength(2);
    expect(JSON.parse((await textOf('.command pre')).split("-d '")[1]!.slice(0, -1))).toMatchObject({
      values: { history: ['m1', 'm2'] },
    });
  });

  it('has no serious mistake of accessibility, light and dark, wide and narrow', async () => {
    const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
    const check = async (): Promise<unknown> => {
      // What fades in has little contrast on its way.
      await page.until(`document.getAnimations().length === 0`);
      await page.value(`delete window.found, axe.run().then(({ violations }) => { window.found = violations; }), 0`);
      await page.until('window.found');
      return page.value(
        `found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, nodes.map(({ html, any }) => [html, any[0]?.message])])`,
      );
    };
    const prefer = (value: string) =>
      page.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    const size = { width: 360, height: 740, deviceScaleFactor: 1, mobile: true };
    await page.value(`${axe}; 0`);
    // An answer for a user, with all that opens open: the command, the limits, the shares of tasks.
    await type('#user', 'u1');
    await page.until(`document.querySelectorAll('[role=option]').length > 0`);
    await press('ArrowDown');
    await press('Enter');
    await page.until(`document.getElementById('whose').textContent.startsWith('For user u1')`);
    const openAll = () => page.value(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
    await openAll();
    await prefer('dark');
    expect(await check()).toEqual([]);
    await page.send('Emulation.setDeviceMetricsOverride', size);
    await page.until('document.documentElement.scrollWidth <= 360');
    await prefer('light');
    expect(await check()).toEqual([]);
    await page.send('Emulation.clearDeviceMetricsOverride');
    // Mistakes in the form, and a list that is open.
    await type('#filter', 'yaer');
    await page.until(`document.querySelector('.wrong')`);
    expect(await textOf('.badge.bad')).toBe('a mistake');
    await type('#user', 'u');
    await page.until(`document.querySelectorAll('[role=option]').length > 0`);
    await prefer('light');
    expect(await check()).toEqual([]);
    await prefer('dark');
    await type('#filter', '');
    await page.send('Emulation.setDeviceMetricsOverride', size);
    await page.until('document.documentElement.scrollWidth <= 360');
    expect(await check()).toEqual([]);
    await page.send('Emulation.clearDeviceMetricsOverride');
  }, 60_000);

  it('asks for the token, and keeps it in memory alone', async () => {
    await visit(addresses[1]!);
    await page.until(`document.getElementById('token')`);
    await type('#token', 'another-token-of-16');
    await press('Enter');
    await page.until(`document.getElementById('token-mistake').textContent !== ''`);
    await page.value(`${readFileSync('node_modules/axe-core/axe.min.js', 'utf8')}; 0`);
    await page.value(`axe.run().then(({ violations }) => { window.found = violations; }), 0`);
    await page.until('window.found');
    expect(
      await page.value(
        `found.map(({ id, impact }) => impact + ' ' + id).filter((one) => /^(serious|critical)/.test(one))`,
      ),
    ).toEqual([]);
    await type('#token', token);
    await press('Enter');
    await page.until(`document.querySelectorAll('.items > li').length > 0`);
    expect(await textOf('.command pre')).toContain('Bearer $TOKEN');
    expect(await page.value(`document.documentElement.outerHTML.includes('${token}')`)).toBe(false);
    expect(await page.value(`[localStorage.length, sessionStorage.length, document.cookie, location.href]`)).toEqual([
      0,
      0,
      '',
      `${addresses[1]}/`,
    ]);
    await visit(`${addresses[1]}/?again`);
    await page.until(`document.getElementById('token')`);
  });

  it('waits for a server that starts', async () => {
    const listener = makeListener();
    const url = await listener.listen('127.0.0.1', 0);
    await visit(url);
    await page.until(`document.querySelector('[role=status]')?.textContent.includes('it is starting')`);
    const late = await makeServer(versions, { tower: '0.0.0', listener });
    await late.listen('127.0.0.1', 0);
    await page.until(`document.querySelectorAll('.items > li').length > 0`);
    await late.close(0);
  });

  it('says that the server is gone, and asks again', async () => {
    await visit(addresses[0]!);
    await page.until(`document.querySelectorAll('.items > li').length > 0`);
    const offline = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await page.send('Network.enable');
    await page.send('Network.emulateNetworkConditions', { offline: true, ...offline });
    const before = await keysShown();
    await type('.small input', '3');
    await page.until(`document.querySelector('.trouble')`);
    expect(await textOf('.trouble')).toContain('The server does not answer.');
    expect(await keysShown()).toEqual(before);
    await page.send('Network.emulateNetworkConditions', { offline: false, ...offline });
    await click('.trouble button');
    await until(before.slice(0, 3));
    expect(await page.value(`document.querySelector('.trouble')`)).toBeNull();
    expect(await page.value('refused')).toEqual([]);
  });
});
