/** The server as an editor meets it: a process, asked over stdio. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CodeAction,
  CompletionItem,
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Hover,
  InlayHint,
  Location,
  SelectionRange,
  SemanticTokens,
  SemanticTokensDelta,
  SignatureHelp,
  TextEdit,
  WorkspaceEdit,
  WorkspaceSymbol,
} from 'vscode-languageserver-protocol';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { Client } from './client.ts';

const shared = `/// Who watches.
features {
  /// A person.
  user_id : id(dim: 16)
  movie_id : id(dim: 16)
}
group profile = user_id
`;

const model = `use "shared.tower"
model films

tower user(profile) keyed by user_id { channel main = profile -> flatten -> mlp(32, 8) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> mlp(32, 8) }

task watch {
  score = cosine(user, item)
  loss  = softmax(in_batch, temperature: 0.1)
}
`;

describe('the language server', () => {
  const folder = temporaryFolder();
  const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
  const at = (text: string, words: string, add = 0) => {
    const before = text.slice(0, text.indexOf(words) + add).split('\n');
    return { line: before.length - 1, character: before.at(-1)!.length };
  };
  const on = (name: string, text: string, words: string, add = 0) => ({
    textDocument: { uri: uri(name) },
    position: at(text, words, add),
  });
  let client: Client;

  beforeAll(async () => {
    writeFileSync(join(folder, 'shared.tower'), shared);
    writeFileSync(join(folder, 'films.tower'), model);
    writeFileSync(join(folder, 'ratings.csv'), 'userId,movieId,rating\n1,2,3\n');
    client = await Client.start(folder);
    await client.open(uri('films.tower'), model);
    await client.diagnostics(uri('films.tower'));
  });
  afterAll(async () => {
    expect(await client.stop()).toBe(0);
  });

  it('says which version it is', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(client.initialized.serverInfo).toEqual({ name: 'tower', version });
  });

  it('reports a mistake as it is typed, and that it is gone, of the version it read', async () => {
    const wrong = await client.change(uri('films.tower'), model.replace('mlp(32, 8)', 'mpl(32, 8)'));
    const published = await client.diagnostics(uri('films.tower'), ({ version }) => version === wrong);
    expect(published.diagnostics).toMatchObject([
      {
        code: 'unknown-kind',
        source: 'tower',
        severity: 1,
        range: { start: at(model, 'mlp(32'), end: at(model, 'mlp(32', 3) },
      },
    ]);
    const right = await client.change(uri('films.tower'), model);
    expect((await client.diagnostics(uri('films.tower'), ({ version }) => version === right)).diagnostics).toEqual([]);
  });

  it('shows what nothing reads as unnecessary, a warning', async () => {
    const unread = model.replace('model films\n', 'model films\nfeatures { age: number }\n');
    const version = await client.change(uri('films.tower'), unread);
    const published = await client.diagnostics(uri('films.tower'), (params) => params.version === version);
    expect(published.diagnostics).toMatchObject([{ code: 'unread-feature', severity: 2, tags: [1] }]);
    const right = await client.change(uri('films.tower'), model);
    await client.diagnostics(uri('films.tower'), (params) => params.version === right);
  });

  it('reads what is open of a used file, not what is saved', async () => {
    await client.open(uri('shared.tower'), shared.replace('user_id : id', 'person : id'));
    const published = await client.diagnostics(uri('films.tower'), ({ diagnostics }) => diagnostics.length > 0);
    expect(published.diagnostics.map(({ code }) => code)).toContain('unknown-name');
    await client.close(uri('shared.tower'));
    await client.diagnostics(uri('films.tower'), ({ diagnostics }) => diagnostics.length === 0);
  });

  it('reports the mistakes of a used file where they are', async () => {
    await client.open(uri('user.tower'), `use "broken.tower"\n${model.split('\n').slice(1).join('\n')}`);
    writeFileSync(join(folder, 'broken.tower'), shared.replace('dim: 16', 'dmi: 16'));
    await client.change(uri('user.tower'), `use "broken.tower"\n${model.split('\n').slice(1).join('\n')} `);
    const published = await client.diagnostics(uri('broken.tower'), ({ diagnostics }) => diagnostics.length > 0);
    expect(published.diagnostics.map(({ code }) => code)).toEqual(['unknown-argument']);
    await client.close(uri('user.tower'));
    await client.diagnostics(uri('broken.tower'), ({ diagnostics }) => diagnostics.length === 0);
    rmSync(join(folder, 'broken.tower'));
  });

  it('hovers over a name, with the comment above its declaration in another file', async () => {
    const hover = await client.ask<Hover>('textDocument/hover', on('films.tower', model, 'keyed by user_id', 10));
    expect(hover.contents).toMatchObject({ value: expect.stringContaining('A person.') });
    expect(hover.range).toEqual({ start: at(model, 'user_id {'), end: at(model, ' {') });
  });

  it('hovers over an arrow with what it carries', async () => {
    const hover = await client.ask<Hover>('textDocument/hover', on('films.tower', model, '-> mlp'));
    expect(hover.contents).toMatchObject({ value: expect.stringContaining('vector[16]') });
  });

  it('completes the kinds of blocks after an arrow, while the line is unfinished', async () => {
    const text = model.replace('-> mlp(32, 8) }', '-> ');
    await client.change(uri('films.tower'), text);
    const items = await client.ask<CompletionItem[]>(
      'textDocument/completion',
      on('films.tower', text, 'flatten -> ', 11),
    );
    await client.change(uri('films.tower'), model);
    expect(items.map(({ label }) => label)).toEqual(expect.arrayContaining(['mlp', 'dense', 'flatten', 'senet']));
    expect(items.map(({ label }) => label)).not.toContain('softmax');
  });

  it.each([
    ["of a data block's file", 'data.tower', () => 'ratings.csv'],
    [
      'of a file that is named from the root of the disk',
      'whole.tower',
      () => fileURLToPath(uri('ratings.csv')).replaceAll('\\', '/'),
    ],
  ])('completes columns from the header %s, and leads to it', async (_, name, file) => {
    const data = `data d {\n  events = "${file()}"\n  columns { movie_id = "" }\n  split = random\n}\n`;
    await client.open(uri(name), data);
    const items = await client.ask<CompletionItem[]>('textDocument/completion', on(name, data, '= ""', 3));
    expect(items.map(({ label }) => label)).toEqual(['userId', 'movieId', 'rating']);
    const [link] = await client.ask<DocumentLink[]>('textDocument/documentLink', { textDocument: { uri: uri(name) } });
    expect(link?.target).toBe(uri('ratings.csv'));
    await client.close(uri(name));
  });

  it('shows the signature of the call at the cursor, and which argument it is', async () => {
    const help = await client.ask<SignatureHelp>(
      'textDocument/signatureHelp',
      on('films.tower', model, 'temperature: 0.1', 13),
    );
    const { label, parameters } = help.signatures[0]!;
    const [start, end] = parameters![help.activeParameter!]!.label as [number, number];
    expect(label.slice(start, end)).toBe('temperature?: number | learned');
  });

  it('finds a declaration in the used file, and every place that reads it', async () => {
    const place = on('films.tower', model, 'movie_id ->');
    const declaration = await client.ask<Location>('textDocument/definition', place);
    expect(declaration).toMatchObject({ uri: uri('shared.tower'), range: { start: at(shared, 'movie_id') } });
    const places = await client.ask<Location[]>('textDocument/references', {
      ...place,
      context: { includeDeclaration: true },
    });
    expect(places.map(({ uri }) => uri.split('/').at(-1))).toEqual([
      'films.tower',
      'films.tower',
      'films.tower',
      'shared.tower',
    ]);
  });

  it('renames across files', async () => {
    const edit = await client.ask<WorkspaceEdit>('textDocument/rename', {
      ...on('films.tower', model, 'movie_id ->'),
      newName: 'film_id',
    });
    const edits = Object.values(edit.changes ?? {}).flat();
    expect(Object.keys(edit.changes ?? {}).sort()).toEqual([uri('films.tower'), uri('shared.tower')]);
    expect(edits.map(({ newText }) => newText)).toEqual(['film_id', 'film_id', 'film_id', 'film_id']);
  });

  it('refuses a new name that is taken, or is no name', async () => {
    const rename = (newName: string) =>
      client.ask('textDocument/rename', { ...on('films.tower', model, 'movie_id ->'), newName });
    await expect(rename('user_id')).rejects.toThrow('has another meaning here');
    await expect(rename('film id')).rejects.toThrow('is not a name');
  });

  it('outlines a file, and finds names in the whole folder', async () => {
    const outline = await client.ask<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument: { uri: uri('films.tower') },
    });
    expect(outline.map(({ name }) => name)).toEqual(['shared.tower', 'films', 'user', 'item', 'watch']);
    expect(outline[2]?.children?.map(({ name }) => name)).toEqual(['main']);
    const found = await client.ask<WorkspaceSymbol[]>('workspace/symbol', { query: 'movie' });
    expect(found.map(({ name }) => name)).toEqual(['movie_id']);
  });

  it('folds bodies, their last line left in sight', async () => {
    const folds = await client.ask<FoldingRange[]>('textDocument/foldingRange', {
      textDocument: { uri: uri('films.tower') },
    });
    const { line } = at(model, 'task watch');
    expect(folds).toEqual([{ startLine: line, endLine: line + 2 }]);
  });

  it('grows a selection', async () => {
    const { textDocument, position } = on('films.tower', model, 'flatten');
    const [grown] = await client.ask<SelectionRange[]>('textDocument/selectionRange', {
      textDocument,
      positions: [position],
    });
    const start = position;
    expect(grown?.range).toEqual({ start, end: { ...start, character: start.character + 'flatten'.length } });
    expect(grown?.parent?.range.start).toEqual(at(model, 'profile -> flatten'));
  });

  it('colours words by what they are', async () => {
    const { data } = await client.ask<SemanticTokens>('textDocument/semanticTokens/full', {
      textDocument: { uri: uri('films.tower') },
    });
    const legend = client.initialized.capabilities.semanticTokensProvider!.legend.tokenTypes;
    const lines = model.split('\n');
    const words: Record<string, string> = {};
    let [line, character] = [0, 0];
    for (let next = 0; next < data.length; next += 5) {
      character = data[next] === 0 ? character + data[next + 1]! : data[next + 1]!;
      line += data[next]!;
      words[lines[line]!.slice(character, character + data[next + 2]!)] = legend[data[next + 3]!]!;
    }
    expect(words).toMatchObject({
      tower: 'keyword',
      user: 'class',
      mlp: 'function',
      movie_id: 'property',
      temperature: 'parameter',
      in_batch: 'enumMember',
      '0.1': 'number',
      '"shared.tower"': 'string',
    });
  });

  it('sends the colours that differ from those that it sent before', async () => {
    const named = uri('coloured.tower');
    const textDocument = { uri: named };
    const text = 'features {\n  a : id(dim: 4)\n  b : id(dim: 8)\n}\ngroup g = a, b\n';
    await client.open(named, text);
    const all = (): Promise<SemanticTokens> => client.ask('textDocument/semanticTokens/full', { textDocument });
    const since = (previousResultId: string): Promise<SemanticTokens & SemanticTokensDelta> =>
      client.ask('textDocument/semanticTokens/full/delta', { textDocument, previousResultId });
    let { resultId, data } = await all();
    for (const changed of [text.replace('4', 'max'), text.replace('  b', '  c, b'), text, text, `// é\n${text}`]) {
      await client.change(named, changed);
      const { edits, resultId: next } = await since(resultId!);
      // From the end, as places are those of the numbers before.
      for (const { start, deleteCount, data: fresh = [] } of edits.toReversed()) {
        data = data.toSpliced(start, deleteCount, ...fresh);
      }
      resultId = next;
      expect(edits.every(({ data: fresh = [] }) => fresh.length < data.length)).toBe(true);
      await client.close(named);
      await client.open(named, changed);
      const whole = await all();
      expect(data).toEqual(whole.data);
      ({ resultId } = whole);
    }
    // Of an answer that it does not know it sends all.
    expect((await since('another')).data).toEqual(data);
    await client.close(named);
  });

  it('writes what each flow ends in after it', async () => {
    const hints = await client.ask<InlayHint[]>('textDocument/inlayHint', {
      textDocument: { uri: uri('films.tower') },
      range: { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } },
    });
    expect(hints.map(({ label }) => label)).toEqual(['vector[8]', 'vector[8]']);
    expect(hints[0]?.position).toEqual(at(model, ' }\ntower item'));
  });

  it('offers the fix of a mistake, and the fix removes it', async () => {
    const wrong = model.replace('flatten -> mlp', 'flaten -> mlp');
    const version = await client.change(uri('films.tower'), wrong);
    await client.diagnostics(uri('films.tower'), (params) => params.version === version);
    const start = at(wrong, 'flaten');
    const actions = await client.ask<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri: uri('films.tower') },
      range: { start, end: start },
      context: { diagnostics: [] },
    });
    await client.change(uri('films.tower'), model);
    expect(actions).toMatchObject([{ title: 'Change `flaten` to `flatten`', isPreferred: true, kind: 'quickfix' }]);
    expect(actions[0]?.edit?.changes).toEqual({
      [uri('films.tower')]: [
        { range: { start, end: { ...start, character: start.character + 6 } }, newText: 'flatten' },
      ],
    });
  });

  it('offers all safe fixes together, where they are asked for', async () => {
    const wrong = model.replace('mlp(32, 8)', 'mpl(32, 8);').replace('cosine', 'cosin');
    await client.open(uri('wrong.tower'), wrong);
    const start = { line: 0, character: 0 };
    const ask = (only: string[]) =>
      client.ask<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: uri('wrong.tower') },
        range: { start, end: { line: 99, character: 0 } },
        context: { diagnostics: [], only },
      });
    const [action, ...others] = await ask(['source.fixAll']);
    expect([action?.kind, others]).toEqual(['source.fixAll.tower', []]);
    const [edit] = action!.edit!.changes![uri('wrong.tower')]!;
    const lines = model.split('\n').slice(3, 8);
    expect(edit).toEqual({
      range: { start: { line: 3, character: 0 }, end: { line: 8, character: 0 } },
      newText: `${lines.join('\n')}\n`,
    });
    const kinds = (await ask(['quickfix'])).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['quickfix']));
    expect(await ask(['source.fixAll.eslint'])).toEqual([]);
    expect(await ask(['refactor'])).toEqual([]);
    await client.close(uri('wrong.tower'));
  });

  it('formats the declarations that are selected', async () => {
    const text = model
      .replace('model films', 'model   films')
      .replace('score = cosine(user, item)', 'score=cosine(user,item)');
    const version = await client.change(uri('films.tower'), text);
    await client.diagnostics(uri('films.tower'), (params) => params.version === version);
    const edits = await client.ask<TextEdit[]>('textDocument/rangeFormatting', {
      textDocument: { uri: uri('films.tower') },
      range: { start: at(text, 'score='), end: at(text, 'score=', 3) },
      options: { tabSize: 2, insertSpaces: true },
    });
    expect(edits).toHaveLength(1);
    expect(edits[0]!.newText).toMatch(/^task watch \{\n {2}score = cosine\(user, item\)\n/);
    const right = await client.change(uri('films.tower'), model);
    await client.diagnostics(uri('films.tower'), (params) => params.version === right);
  });

  it('formats', async () => {
    const crooked = model.replace('score = cosine', 'score    =   cosine');
    await client.open(uri('crooked.tower'), crooked);
    const [edit] = await client.ask<TextEdit[]>('textDocument/formatting', {
      textDocument: { uri: uri('crooked.tower') },
      options: { tabSize: 2, insertSpaces: true },
    });
    expect(edit?.newText).toContain('  score = cosine(user, item)\n');
    await client.close(uri('crooked.tower'));
  });

  it('looks for nothing around a document that is in no folder yet', async () => {
    const textDocument = { uri: 'untitled:Untitled-1' };
    // Of the folder that the server was started in.
    await client.open(textDocument.uri, 'use "models/two_tower.tower"\ngroup one = user_id\n');
    const { diagnostics } = await client.diagnostics(textDocument.uri);
    expect(diagnostics.map(({ code }) => code)).toContain('use-missing');
    const position = { line: 0, character: 8 };
    expect(await client.ask('textDocument/definition', { textDocument, position })).toBeNull();
    expect(await client.ask('textDocument/documentLink', { textDocument })).toBeNull();
    expect(await client.ask('textDocument/completion', { textDocument, position })).toEqual([]);
    await client.close(textDocument.uri);
  });

  it.each(['file:///%E0%A4%A.tower', 'file:///a%2Fb.tower', 'file://server/share/a.tower'])(
    'answers of %s, which is no path here',
    async (address) => {
      await client.open(address, 'modle x\n');
      const { diagnostics } = await client.diagnostics(address);
      expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-declaration']);
      await client.close(address);
    },
  );

  it('looks through a folder from when it is opened until it is closed', async () => {
    const other = temporaryFolder();
    writeFileSync(join(other, 'far.tower'), 'group far_away = user_id\n');
    const folders = [{ uri: pathToFileURL(other).href, name: 'other' }];
    const found = () => client.ask<WorkspaceSymbol[]>('workspace/symbol', { query: 'far_away' });
    const notify = (event: object) =>
      client.connection.sendNotification('workspace/didChangeWorkspaceFolders', { event });
    expect(await found()).toEqual([]);
    await notify({ added: folders, removed: [] });
    expect(await found()).toMatchObject([{ name: 'far_away' }]);
    await notify({ added: [], removed: folders });
    expect(await found()).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('has loaded no engine and no database after all of that', () => {
    const mapped = readFileSync(`/proc/${client.process.pid}/maps`, 'utf8');
    expect(mapped.match(/\S+\.node\b|\S*(?:duckdb|tensorflow|onnxruntime)\S*/g) ?? []).toEqual([]);
  });
});
