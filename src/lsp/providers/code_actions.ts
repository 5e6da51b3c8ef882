import { CodeActionKind } from 'vscode-languageserver';
import { toOffset, toWorkspaceEdit } from '../convert.ts';
import { toProtocol } from '../diagnostics.ts';
import { actionsFor } from '../language/actions.ts';
import { factsOf, type Provider } from '../provider.ts';

export const codeActions: Provider = {
  capabilities: { codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] } },
  register(connection, session) {
    connection.onCodeAction((params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { source, checked } = facts;
      const { start, end } = params.range;
      const found = actionsFor(checked.diagnostics, source.name, toOffset(source, start), toOffset(source, end));
      return found.map(({ title, diagnostic, edits, preferred }) => ({
        title,
        kind: CodeActionKind.QuickFix,
        isPreferred: preferred,
        diagnostics: [toProtocol(session, diagnostic)],
        edit: toWorkspaceEdit(session, edits),
      }));
    });
  },
};
