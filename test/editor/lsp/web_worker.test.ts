/** The server as a worker of a real browser, given its files as the extension does on vscode.dev. Skips where there is no Chromium. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hover, InitializeResult, PublishDiagnosticsParams } from 'vscode-languageserver-protocol';
import { chromium, Page } from '../../playground/browser.ts';
import { type Site, serveFolder } from '../../serving/runtime/site.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

if (chromium === undefined) console.warn('the server in a browser is not tried: there is no Chromium on this machine');

const shared = 'features {\n  user_id : id(dim: 16)\n  movie_id : id(dim: 16)\n}\n';
const model = `use "parts/shared.tower"
model films

tower user(user_id) keyed by user_id { channel main = user_id -> flatten -> mlp(32, 8) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> mlp(32, 8) }

task watch {
  score = cosine(user, item)
  loss  = softmax(in_batch, temperature: 0.1)
}
`;
const folder = 'vscode-vfs://github/someone/films';
const [uri, sharedUri] = [`${folder}/my%20films.tower`, `${folder}/parts/shared.tower`];

/** Speaks to the worker as a client does: each message is an object. */
const page = `<!doctype html><title>x</title><script>
const worker = new Worker('server.js');
window.heard = [];
worker.onmessage = ({ data }) => heard.push(data);
worker.onerror = ({ message }) => heard.push({ broken: message });
window.say = (message) => worker.postMessage({ jsonrpc: '2.0', ...message });
</script>`;

describe.skipIf(chromium === undefined)('the server in a worker', () => {
  let site: Site;
  let browser: Page;
  let id = 0;

  const say = (message: object): Promise<unknown> => browser.value(`say(${JSON.stringify(message)})`);
  const ask = async <Answer>(method: string, params: object): Promise<Answer> => {
    const own = ++id;
    await say({ id: own, method, params });
    await browser.until(`heard.some((one) => one.id === ${own} || one.broken)`);
    const answer = await browser.value<{ result?: Answer }>(`heard.find((one) => one.id === ${own} || one.broken)`);
    expect(answer).toHaveProperty('result');
    return answer.result!;
  };
  const notify = (method: string, params: unknown): Promise<unknown> => say({ method, params });
  /** What was last said of the model, and its codes once it was said of a version. */
  const last = `heard.findLast(({ method, params }) => method === 'textDocument/publishDiagnostics' && params.uri === ${JSON.stringify(uri)})?.params`;
  const codes = async (version: number, wanted: string[]): Promise<void> => {
    const found = `JSON.stringify(${last}?.diagnostics.map(({ code }) => code))`;
    await browser.until(`${last}?.version === ${version} && ${found} === ${JSON.stringify(JSON.stringify(wanted))}`);
    const { diagnostics } = await browser.value<PublishDiagnosticsParams>(last);
    expect(diagnostics.map(({ code }) => code)).toEqual(wanted);
  };
  const change = (version: number, text: string): Promise<unknown> =>
    notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });

  beforeAll(async () => {
    const at = temporaryFolder();
    execFileSync(process.execPath, ['editors/vscode/build.mjs', '--web-server', at]);
    writeFileSync(join(at, 'index.html'), page);
    site = await serveFolder(at);
    browser = await Page.open(site.url);
    const initialized = await ask<InitializeResult>('initialize', {
      processId: null,
      rootUri: folder,
      workspaceFolders: [{ uri: folder, name: 'films' }],
      capabilities: { textDocument: { hover: { contentFormat: ['markdown'] } } },
      initializationOptions: {
        pictures: 'dark',
        // What has another form is left out.
        files: [{ uri: sharedUri, text: shared }, { uri: `${folder}/parts/rows.csv` }, { uri: 3 }, null, 'x'],
      },
    });
    expect(initialized.capabilities).toMatchObject({ hoverProvider: true, renameProvider: expect.anything() });
    await notify('initialized', {});
    await notify('textDocument/didOpen', { textDocument: { uri, languageId: 'tower', version: 1, text: model } });
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it('says what is wrong as it is typed, and that it is gone, with a file that it was given', async () => {
    await codes(1, []);
    await change(2, model.replace('mlp(32, 8)', 'mpl(32, 8)'));
    await codes(2, ['unknown-kind']);
    await change(3, model);
    await codes(3, []);
  }, 240_000);

  it('hears of files that change, and of those that are gone', async () => {
    await notify('tower/files', { files: [{ uri: sharedUri, text: shared.replace('movie_id', 'film_id') }] });
    await browser.until(`${last}?.diagnostics.length > 0`);
    await notify('tower/files', { files: [{ uri: sharedUri, text: null }] });
    await browser.until(`${last}?.diagnostics.some(({ code }) => code === 'use-missing')`);
    await notify('tower/files', { files: [{ uri: sharedUri, text: shared }] });
    await codes(3, []);
  }, 240_000);

  it('shows pictures, and goes to files by the addresses that the editor has', async () => {
    const lines = model.split('\n');
    const at = (line: number, words: string) => ({
      textDocument: { uri },
      position: { line, character: lines[line]!.indexOf(words) + 1 },
    });
    const { contents } = await ask<Hover>('textDocument/hover', at(1, 'films'));
    expect((contents as { value: string }).value).toMatch(/!\[The model films\]\(data:image\/svg\+xml;base64,/);
    expect(await ask('textDocument/definition', at(3, 'user_id)'))).toMatchObject({ uri: sharedUri });
    const links = await ask<{ target: string }[]>('textDocument/documentLink', { textDocument: { uri } });
    expect(links.map(({ target }) => target)).toEqual([sharedUri]);
    const edits = await ask<{ newText: string }[]>('textDocument/formatting', {
      textDocument: { uri },
      options: { tabSize: 4, insertSpaces: true },
    });
    expect(edits[0]!.newText).toContain('    score = cosine');
  }, 240_000);

  it('offers data files by name', async () => {
    const text = `${model}data d { events = "" }`;
    await change(4, text);
    const line = text.split('\n').length - 1;
    const position = { line, character: text.split('\n')[line]!.indexOf('"') + 1 };
    const found = await ask<{ label: string }[]>('textDocument/completion', { textDocument: { uri }, position });
    expect(found.map(({ label }) => label)).toContain('parts/rows.csv');
  }, 240_000);
});
