/** The server with a client that keeps to no protocol: it answers with a mistake, goes on, and says the right thing afterwards. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CancellationTokenSource,
  type Hover,
  type Location,
  type WorkspaceDiagnosticReport,
} from 'vscode-languageserver-protocol';
import { smallModel } from '../../../src/base/diagnostics/small_model.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { Client } from './client.ts';

const folder = temporaryFolder();
const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
const model = smallModel();
const textDocument = { uri: uri('m.tower') };
/** Of the model's name. */
const position = { line: 0, character: 7 };
let client: Client;

const write = (text: string): void => void client.process.stdin!.write(text);
const framed = (text: string): string => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const answers = async (): Promise<void> => {
  const { contents } = await client.ask<Hover>('textDocument/hover', { textDocument, position });
  expect(contents).toMatchObject({ value: expect.stringContaining('model small') });
};
const codeOf = (asked: Promise<unknown>): Promise<number> =>
  asked.then(
    () => 0,
    ({ code }: { code: number }) => code,
  );

beforeAll(async () => {
  for (let at = 0; at < 40; at++) {
    mkdirSync(join(folder, `more/${at}`), { recursive: true });
    writeFileSync(join(folder, `more/${at}/m.tower`), `${smallModel({ labels: 'liked: binary' })}\n// ${at}\n`);
  }
  client = await Client.start(folder, undefined, { capabilities: { textDocument: { diagnostic: {} } } });
  await client.open(textDocument.uri, model);
});
afterAll(async () => {
  expect(await client.stop()).toBe(0);
});

describe('a keystroke while all files of a folder are checked', () => {
  it('is answered first', async () => {
    const ended: string[] = [];
    const all = client
      .ask<WorkspaceDiagnosticReport>('workspace/diagnostic', { previousResultIds: [] })
      .then(({ items }) => {
        ended.push('all');
        return items.length;
      });
    // What is asked meanwhile, one after the other.
    for (let at = 0; at < 3; at++) {
      await answers();
      ended.push('hover');
    }
    expect(await all).toBe(41);
    expect(ended[0]).toBe('hover');
  });
});

describe('a client that keeps to no protocol', () => {
  it('sends what is no message', async () => {
    write('Content-Length: 5\r\n\r\n{"a":');
    for (const text of ['3', 'null', '"x"', '[]', '{}', '{"jsonrpc":"2.0","id":{},"method":3}']) write(framed(text));
    write(framed('{"jsonrpc":"2.0","id":99999,"result":"nobody asked"}'));
    write(framed('{"jsonrpc":"2.0","method":"textDocument/didOpen"}'));
    await answers();
  });

  it('asks for what there is not, and leaves out what is needed', async () => {
    expect(await codeOf(client.ask('tower/nothing', {}))).toBe(-32601);
    const methods = ['hover', 'completion', 'definition', 'rename', 'codeAction', 'formatting', 'semanticTokens/full'];
    for (const method of methods) {
      for (const params of [{}, { textDocument: null }, { textDocument: { uri: 3 } }]) {
        expect(await codeOf(client.ask(`textDocument/${method}`, params)), method).toBe(-32602);
      }
    }
    expect(await codeOf(client.ask('textDocument/hover', { textDocument }))).toBe(-32602);
    await answers();
  });

  it('changes what is not open, in an order that cannot be, at places that are not there', async () => {
    const change = (uri: string, version: number, range: object, text: string) =>
      client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ range, text }],
      });
    const at = (line: number, character: number) => ({ line, character });
    await change(textDocument.uri, 9, { start: at(3, 0), end: at(1, 0) }, '');
    await change(textDocument.uri, 2, { start: at(900, 0), end: at(901, 99) }, '\n');
    await change(textDocument.uri, 3, { start: at(-1, -1), end: at(0, 0) }, '');
    await change(uri('never.tower'), 2, { start: at(0, 0), end: at(0, 0) }, 'x');
    await client.close(uri('never.tower'));
    await client.close(textDocument.uri);
    await client.close(textDocument.uri);
    expect(await client.ask('textDocument/hover', { textDocument, position })).toBeNull();
    await client.open(textDocument.uri, model);
    await client.open(textDocument.uri, model);
    await answers();
  });

  it('opens and closes folders that are none', async () => {
    const say = (event: unknown) =>
      client.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event });
    await say({ added: [{ uri: 'file:///not/there' }, { uri: '%%%' }], removed: [{ uri: 'untitled:x' }] });
    await say({});
    await say({ added: 3, removed: null });
    const own = { uri: pathToFileURL(folder).href, name: 'project' };
    const count = async () => (await client.ask<object[]>('workspace/symbol', { query: 'liked' })).length;
    expect(await count()).toBe(40);
    await say({ added: [], removed: [own] });
    expect(await count()).toBe(0);
    await say({ added: [own], removed: [] });
    expect(await count()).toBe(40);
    await answers();
  });

  it('cancels what it has just asked: that is not worked on', async () => {
    const source = new CancellationTokenSource();
    const asked = Array.from({ length: 30 }, () =>
      codeOf(client.connection.sendRequest('textDocument/completion', { textDocument, position }, source.token)),
    );
    source.cancel();
    const cancel = (id: unknown) =>
      framed(JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } }));
    write(cancel('never asked') + cancel(null));
    // The first may have begun.
    expect((await Promise.all(asked)).filter((code) => code === -32800).length).toBeGreaterThan(0);
    await answers();
  });
});

describe('places and texts of other editors', () => {
  it('counts UTF-16 units after an emoji, also where a client could take others', async () => {
    const line = 'data d { events = "🗼🗼.csv", time = "t", split = random }';
    await client.open(uri('emoji.tower'), line);
    const character = line.indexOf('time');
    const document = { textDocument: { uri: uri('emoji.tower') } };
    const found = await client.ask<Hover>('textDocument/hover', { ...document, position: { line: 0, character } });
    expect(found.range).toEqual({ start: { line: 0, character }, end: { line: 0, character: character + 4 } });
    await client.close(uri('emoji.tower'));
  });

  it('finds and writes lines of Windows as they are', async () => {
    const text = model.replaceAll('\n', '\r\n').replace('mlp(32, 16)', 'mlp(32, 8)');
    await client.open(uri('windows.tower'), text);
    const document = { textDocument: { uri: uri('windows.tower') } };
    const lines = text.split('\r\n');
    const line = lines.findIndex((one) => one.includes('cosine'));
    const place = { line, character: lines[line]!.indexOf('user') + 1 };
    const definition = await client.ask<Location>('textDocument/definition', { ...document, position: place });
    expect(lines[definition.range.start.line]!.slice(definition.range.start.character)).toMatch(/^user\(/);
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await client.ask<{ newText: string }[]>('textDocument/formatting', { ...document, options });
    for (const { newText } of edits) expect(newText).not.toMatch(/[^\r]\n/);
    await client.close(uri('windows.tower'));
  });
});
