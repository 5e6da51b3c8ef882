import type { CodeLens } from 'vscode-languageserver';
import { lensesOf, towerLens } from '../../language/lenses.ts';
import { toRange } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

/** Of a lens that an editor asks for again when it shows it. */
interface TowerLens {
  readonly uri: string;
  readonly tower: string;
}

/** The commands are those of an editor that says it has them, as the extension of VS Code does. */
export const codeLens: Provider = {
  capabilities: { codeLensProvider: { resolveProvider: true } },
  register(connection, session) {
    connection.onCodeLens((params): CodeLens[] | null => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { uri } = params.textDocument;
      return lensesOf(facts).flatMap((lens): CodeLens[] => {
        const range = toRange(lens.span);
        if ('tower' in lens) return [{ range, data: { uri, tower: lens.tower } satisfies TowerLens }];
        const command = `tower.${lens.does}`;
        if (!session.commands.has(command)) return [];
        return [{ range, command: { title: lens.text, command, arguments: [uri] } }];
      });
    });
    connection.onCodeLensResolve((lens): CodeLens => {
      const { uri, tower } = (lens.data ?? {}) as Partial<TowerLens>;
      const facts = uri === undefined ? undefined : factsOf(session, { textDocument: { uri } });
      return { ...lens, command: { title: facts && tower !== undefined ? towerLens(facts, tower) : '', command: '' } };
    });
  },
};
