/** The template of a React page, bundled with the React that it names, in a real browser. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium, Page } from '../../playground/browser.ts';
import { type Site, serveFolder } from '../../serving/runtime/site.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { installTemplate } from './template.ts';

const root = temporaryFolder();

describe.skipIf(!chromium)(`the template of a React page${chromium ? '' : ' (skipped: there is no Chromium)'}`, () => {
  let site: Site;
  let page: Page;
  let isModelThere = false;

  beforeAll(async () => {
    const folder = await installTemplate('react', root);
    const built = join(folder, 'dist');
    cpSync(join(folder, 'public'), built, { recursive: true });
    const [html, script] = [readFileSync(join(folder, 'index.html'), 'utf8'), '/src/main.tsx'];
    expect(html).toContain(`<script type="module" src="${script}">`);
    await build({
      entryPoints: [join(folder, script)],
      outfile: join(built, 'main.js'),
      bundle: true,
      format: 'esm',
      jsx: 'automatic',
      tsconfigRaw: {},
      logLevel: 'error',
    });
    writeFileSync(join(built, 'index.html'), html.replace(script, 'main.js'));
    site = await serveFolder(built, (name, bytes) => (name.startsWith('model/') && !isModelThere ? undefined : bytes));
    page = await Page.open(site.url);
  });
  afterAll(async () => {
    await page?.close();
    await site?.close();
  });

  const shown = (): Promise<readonly string[]> =>
    page.value(`[...document.querySelectorAll('li')].map(({ textContent }) => textContent)`);

  const reload = async (): Promise<void> => {
    await page.value('void (window.isOld = true)');
    await page.send('Page.reload');
    await page.until('!window.isOld');
  };

  it('says that the model is not there, and then opens it', async () => {
    await page.until(`document.querySelector('[role=alert]')?.textContent.includes('model')`);
    isModelThere = true;
    await reload();
    await page.until(`document.querySelectorAll('li').length > 1`);
  });

  it('recommends other items once the visitor has chosen one, also after a reload', async () => {
    const before = await shown();
    await page.value(`document.querySelector('li button').click()`);
    await page.until(`!document.querySelector('ol').textContent.includes(${JSON.stringify(before[0])})`);
    const after = await shown();
    expect(after).not.toEqual(before);
    await reload();
    await page.until(`document.body?.textContent.includes('You chose 1.')`);
    expect(await shown()).toEqual(after);
    await page.value(`document.querySelector('p button').click()`);
    await page.until(`document.body.textContent.includes('You chose 0.')`);
    await page.until(`document.querySelector('ol')?.textContent.includes(${JSON.stringify(before[0])})`);
    expect(await shown()).toEqual(before);
  });
});
