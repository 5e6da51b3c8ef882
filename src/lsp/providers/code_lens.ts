import type { CodeLens } from 'vscode-languageserver';
import { lensesOf } from '../../language/lenses.ts';
import { toRange } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

/** The commands are those of an editor that says it has them, as the extension of VS Code does. */
export const codeLens: Provider = {
  capabilities: { codeLensProvider: {} },
  register(connection, session) {
    connection.onCodeLens((params): CodeLens[] | null => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      return lensesOf(facts).flatMap(({ span, text, does }) => {
        if (does && !session.commands.has(`tower.${does}`)) return [];
        const command = does
          ? { title: text, command: `tower.${does}`, arguments: [params.textDocument.uri] }
          : { title: text, command: '' };
        return [{ range: toRange(span), command }];
      });
    });
  },
};
