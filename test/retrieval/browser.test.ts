/** A snapshot in a real browser gives the bits that it gives here. Skips where there is no Chromium. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { chromium, Page } from '../playground/browser.ts';
import { answers } from './browser_case.ts';

if (chromium === undefined) console.warn('a snapshot is not tried in a browser: there is no Chromium on this machine');

describe.skipIf(chromium === undefined)('a snapshot in a browser', () => {
  it('answers with the same items and the same bits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tower-browser-'));
    try {
      const bundle = await build({
        entryPoints: [resolve('test/retrieval/browser_case.ts')],
        bundle: true,
        write: false,
        format: 'iife',
        globalName: 'snapshots',
        platform: 'browser',
      });
      const page = join(folder, 'page.html');
      const script = bundle.outputFiles[0]!.text.replaceAll('</script', '<\\/script');
      writeFileSync(page, `<!doctype html><meta charset="utf-8"><script>${script}</script>`);
      const browser = await Page.open(pathToFileURL(page).href);
      try {
        expect(await browser.value<string>('snapshots.answers()')).toBe(answers());
      } finally {
        await browser.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});
