import { CompletionItemKind, InsertTextFormat } from 'vscode-languageserver';
import type { CompletionKind } from '../../language/completion/context.ts';
import { completionsAt } from '../../language/completion.ts';
import { locate, type Provider, toRange } from '../provider.ts';
import { surroundingsOf } from '../session.ts';

export const completion: Provider = {
  capabilities: { completionProvider: { triggerCharacters: ['.', '(', ',', ':', '>', '=', '"', ' ', '/'] } },
  register(connection, session) {
    connection.onCompletion(async (params) => {
      const locationBefore = locate(session, params);
      if (!locationBefore) return null;
      const surroundings = await surroundingsOf(locationBefore.facts, session.host);
      // The text may have changed in the meantime, and a check is valid for one text only.
      const { facts, offset } = locate(session, params) ?? locationBefore;
      const { span, items } = completionsAt(facts, offset, surroundings);
      const range = toRange(span);
      return items.map(({ label, kind, detail, doc, insert = label, snippet }, index) => ({
        label,
        kind: kinds[kind],
        sortText: String(index).padStart(4, '0'),
        ...(detail ? { detail } : {}),
        ...(doc ? { documentation: { kind: 'markdown' as const, value: doc } } : {}),
        textEdit: { range, newText: insert },
        insertTextFormat: snippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
      }));
    });
  },
};

const kinds: Readonly<Record<CompletionKind, CompletionItemKind>> = {
  word: CompletionItemKind.Keyword,
  kind: CompletionItemKind.Function,
  argument: CompletionItemKind.Property,
  choice: CompletionItemKind.EnumMember,
  name: CompletionItemKind.Variable,
  column: CompletionItemKind.Field,
  file: CompletionItemKind.File,
  entry: CompletionItemKind.Property,
  snippet: CompletionItemKind.Snippet,
};
