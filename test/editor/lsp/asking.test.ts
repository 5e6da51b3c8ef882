/** An editor that asks for diagnostics, and that has commands of its own, as VS Code does. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CodeAction,
  CodeLens,
  DocumentDiagnosticReport,
  TextEdit,
  WorkspaceDiagnosticReport,
} from 'vscode-languageserver-protocol';
import { smallModel } from '../../../src/base/diagnostics/small_model.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { Client } from './client.ts';

const folder = temporaryFolder();
const uri = (name: string): string => pathToFileURL(join(folder, name)).href;
const document = (name: string) => ({ textDocument: { uri: uri(name) } });
const wrong = smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' });
let client: Client;

beforeAll(async () => {
  writeFileSync(join(folder, 'right.tower'), smallModel());
  writeFileSync(join(folder, 'wrong.tower'), wrong);
  client = await Client.start(folder, undefined, {
    capabilities: { textDocument: { diagnostic: {} } },
    initializationOptions: { commands: ['tower.train', 'tower.check'] },
  });
});
afterAll(async () => {
  expect(await client.stop()).toBe(0);
});

describe('an editor that asks for diagnostics', () => {
  it('gets those of a file that it has open, with the page of each code, and is sent none', async () => {
    expect(client.initialized.capabilities.diagnosticProvider).toMatchObject({ workspaceDiagnostics: true });
    await client.open(uri('open.tower'), wrong);
    const report = await client.ask<DocumentDiagnosticReport>('textDocument/diagnostic', document('open.tower'));
    expect(report).toMatchObject({
      kind: 'full',
      items: [
        {
          code: 'channel-widths',
          codeDescription: { href: expect.stringMatching(/docs\/errors\/channel-widths\.md$/) },
        },
      ],
    });
    const again = { ...document('open.tower'), previousResultId: report.resultId };
    expect(await client.ask('textDocument/diagnostic', again)).toEqual({
      kind: 'unchanged',
      resultId: report.resultId,
    });
    expect(client.reported(uri('open.tower'))).toBeUndefined();
    await client.close(uri('open.tower'));
  });

  it('gets those of files that are not open, and learns that a file is gone', async () => {
    const ask = (previousResultIds: { uri: string; value: string }[]) =>
      client.ask<WorkspaceDiagnosticReport>('workspace/diagnostic', { previousResultIds });
    const { items } = await ask([]);
    const codes = items.map((item) => [
      item.uri,
      item.kind === 'full' ? item.items.map(({ code }) => code) : item.kind,
    ]);
    expect(codes).toEqual(
      expect.arrayContaining([
        [uri('right.tower'), []],
        [uri('wrong.tower'), ['channel-widths']],
      ]),
    );
    rmSync(join(folder, 'wrong.tower'));
    const known = items.map(({ uri, resultId }) => ({ uri, value: resultId! }));
    const after = await ask(known);
    expect(after.items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ uri: uri('right.tower'), kind: 'unchanged' }),
        expect.objectContaining({ uri: uri('wrong.tower'), kind: 'full', items: [] }),
      ]),
    );
    writeFileSync(join(folder, 'wrong.tower'), wrong);
  });
});

describe('an editor with commands', () => {
  it('shows above towers what they weigh, and above the model what can be done with it', async () => {
    const asked = await client.ask<CodeLens[]>('textDocument/codeLens', document('right.tower'));
    // Weights are counted for those that are shown.
    const lenses = await Promise.all(
      asked.map((lens) => (lens.command ? lens : client.ask<CodeLens>('codeLens/resolve', lens))),
    );
    const url = uri('right.tower');
    expect(lenses.map(({ command }) => [command!.command, command!.arguments])).toEqual([
      ['tower.check', [url]],
      ['tower.train', [url]],
      ['', undefined],
      ['', undefined],
    ]);
    // 16 × 32 and 32 × 16 weights, with their biases.
    expect(lenses.map(({ command }) => command!.title)).toEqual([
      'Check with data',
      'Train',
      expect.stringMatching(/^1,072 weights · .* a row$/),
      expect.stringMatching(/^1,072 weights · .* a row$/),
    ]);
    const broken = await client.ask<CodeLens[]>('textDocument/codeLens', document('wrong.tower'));
    expect(broken.map(({ command }) => command?.command)).not.toContain('tower.train');
  });

  it('offers what solves a mistake that has no fix of its own', async () => {
    const line = wrong.split('\n').findIndex((text) => text.startsWith('task'));
    const at = { line, character: wrong.split('\n')[line]!.indexOf('cosine') };
    const actions = await client.ask<CodeAction[]>('textDocument/codeAction', {
      ...document('wrong.tower'),
      range: { start: at, end: at },
      context: { diagnostics: [] },
    });
    expect(actions.map(({ title }) => title)).toEqual([
      'Make `user.main` 8 wide, not 16',
      'Make `item.main` 16 wide, not 8',
      'End `user.main` with `-> dense(8)`',
      'End `item.main` with `-> dense(16)`',
    ]);
    expect(actions.every(({ isPreferred }) => !isPreferred)).toBe(true);
  });

  it('formats a declaration when its brace is typed, and nothing inside of it', async () => {
    const text = 'features {\na:id(dim:8)\n}\nlabels   { b:binary }\n';
    await client.open(uri('typed.tower'), text);
    const typed = (line: number, character: number) =>
      client.ask<TextEdit[] | null>('textDocument/onTypeFormatting', {
        ...document('typed.tower'),
        position: { line, character },
        ch: '}',
        options: { tabSize: 2, insertSpaces: true },
      });
    const edits = await typed(2, 1);
    expect(edits).toEqual([
      {
        range: { start: { line: 0, character: 0 }, end: { line: 2, character: 1 } },
        newText: 'features {\n  a : id(dim: 8)\n}',
      },
    ]);
    expect(await typed(1, 3)).toBeNull();
    await client.close(uri('typed.tower'));
  });
});
