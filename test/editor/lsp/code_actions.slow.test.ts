/** What an editor may do about the mistakes of all pages: the mistake is gone, and nothing else that a person wrote is. */
import { expect, it } from 'vitest';
import type { CodeAction, CodeActionParams, Connection } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Code, codes } from '../../../src/base/diagnostics/codes.ts';
import { readErrorPage } from '../../../src/compiler/explain/error_page.ts';
import { nodeHost } from '../../../src/editor/lsp/hosts/node.ts';
import { codeActions } from '../../../src/editor/lsp/providers/code_actions_provider.ts';
import { EditorSession } from '../../../src/editor/lsp/session.ts';

const path = '/not/there/model.tower';
const uri = `file://${path}`;
const ends = { line: 10_000, character: 0 };

/** All that is offered for a text, and what a check says of another. */
function editorOf(text: string) {
  const session = new EditorSession(nodeHost());
  let version = 0;
  let answer: (params: CodeActionParams) => Promise<CodeAction[]>;
  const connection = { onCodeAction: (handler: typeof answer) => void (answer = handler) };
  codeActions.register(connection as unknown as Connection, session);
  const check = (next: string): readonly string[] => {
    session.put(TextDocument.create(uri, 'tower', ++version, next));
    return session.facts(path)!.checked.diagnostics.map(({ code, message }) => `${code} ${message}`);
  };
  const actions = async (only?: string[]): Promise<CodeAction[]> => {
    check(text);
    const range = { start: { line: 0, character: 0 }, end: ends };
    return answer({ textDocument: { uri }, range, context: { diagnostics: [], ...(only && { only }) } });
  };
  return { check, actions };
}

/** How often each word, text, number and comment occurs. */
function piecesOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [piece] of text.matchAll(/\/\/[^\r\n]*|"[^"\r\n]*"|[A-Za-z_]\w*|[\d.]+/g)) {
    counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  return counts;
}

const examples = (Object.keys(codes) as Code[])
  .map(readErrorPage)
  .flatMap(({ code, wrong }) => (wrong === undefined ? [] : [[code, wrong] as const]));

it('removes the mistake that it is for, and no line of the rest, in the examples of all codes', async () => {
  let tried = 0;
  for (const [code, text] of examples) {
    const { actions, check } = editorOf(text);
    for (const { title, edit, diagnostics } of await actions()) {
      tried++;
      const seen = `${code}: ${title}`;
      expect(Object.keys(edit!.changes!), seen).toEqual([uri]);
      const changes = edit!.changes![uri]!;
      const after = TextDocument.applyEdits(TextDocument.create(uri, 'tower', 0, text), changes);
      const mistake = diagnostics?.[0];
      if (mistake) {
        const same = (all: readonly string[]): number =>
          all.filter((one) => `${mistake.code} ${mistake.message}`.startsWith(one)).length;
        expect(same(check(after)), `${seen}\n${after}`).toBeLessThan(same(check(text)));
      }
      // What an edit writes over is named in its title, or is written again.
      const left = piecesOf(after);
      const over = changes.map(({ range }) => TextDocument.create(uri, 'tower', 0, text).getText(range)).join('\n');
      for (const [piece, count] of piecesOf(text)) {
        if ((left.get(piece) ?? 0) >= count) continue;
        const isNamed = /^(?:Change|Remove|Make|Add `"`|Give)/.test(title);
        expect(isNamed && (over.includes(piece) || piece.includes(over)), `${seen} loses ${piece}\n${after}`).toBe(
          true,
        );
      }
    }
  }
  expect(tried).toBeGreaterThan(80);
});

it('ends lines as the file does', async () => {
  let tried = 0;
  for (const [code, text] of examples) {
    const windows = text.replaceAll('\n', '\r\n');
    const { actions } = editorOf(windows);
    for (const { title, edit } of [...(await actions()), ...(await actions(['source.fixAll']))]) {
      for (const { newText } of Object.values(edit!.changes!).flat()) {
        if (newText.includes('\n')) tried++;
        expect(newText, `${code}: ${title}`).not.toMatch(/(?:^|[^\r])\n/);
      }
    }
  }
  expect(tried).toBeGreaterThan(5);
});
