/**
 * Answers what is shown next to the text: types after flows, and above declarations what towers weigh and cost, and what can be
 * done with the model.
 */
import { type CodeLens, type InlayHint, InlayHintKind } from 'vscode-languageserver';
import { hasErrors } from '../../../base/diagnostics/diagnostic.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { printCost } from '../../language/valid_parts.ts';
import { aboutDocument, analysisOf, type Provider, toOffset, toPosition, toRange } from '../provider.ts';
import type { EditorSession } from '../session.ts';

export const inlayHints: Provider = {
  capabilities: { inlayHintProvider: true },
  register(connection, session) {
    connection.languages.inlayHint.on(
      aboutDocument(session, (facts, { range: { start, end } }) =>
        inlaysIn(facts, toOffset(facts.source, start), toOffset(facts.source, end)),
      ),
    );
  },
};

/** Shows what each flow that ends between two offsets ends in: `-> mlp(64)` ` vector[64]`. */
export function inlaysIn(facts: FileAnalysis, start: number, end: number): InlayHint[] {
  const flows = facts.checked.file.declarations.flatMap((node) => {
    if (node.kind === 'Block') return [node.flow];
    return node.kind === 'Tower' ? node.entries.map(({ flow }) => flow) : [];
  });
  return flows.flatMap(({ span }): InlayHint[] => {
    const label = span.end < start || span.end > end ? undefined : facts.typeEnding(span.end);
    if (label === undefined) return [];
    return [{ position: toPosition(facts.source, span.end), label, kind: InlayHintKind.Type, paddingLeft: true }];
  });
}

/** The data of a lens that an editor asks for again when it shows it: the towers of a large file take a while to count. */
interface TowerLens {
  readonly uri: string;
  readonly tower: string;
}

export const codeLens: Provider = {
  capabilities: { codeLensProvider: { resolveProvider: true } },
  register(connection, session) {
    connection.onCodeLens(
      aboutDocument(session, (facts, { textDocument }) => lensesOf(facts, session, textDocument.uri)),
    );
    connection.onCodeLensResolve((lens): CodeLens => {
      const { uri, tower } = (lens.data ?? {}) as Partial<TowerLens>;
      const facts = uri === undefined ? undefined : analysisOf(session, { textDocument: { uri } });
      return { ...lens, command: { title: facts && tower !== undefined ? towerTitle(facts, tower) : '', command: '' } };
    });
  },
};

function lensesOf(facts: FileAnalysis, { commands }: EditorSession, uri: string): CodeLens[] {
  const { file, model, diagnostics } = facts.checked;
  const names = file.declarations.flatMap((node) => (node.kind === 'Tower' ? [node.name] : []));
  const towers = names.map(
    ({ name, span }): CodeLens => ({ range: toRange(span), data: { uri, tower: name } satisfies TowerLens }),
  );
  const head =
    file.declarations.find(({ kind }) => kind === 'ModelName') ??
    file.declarations.find(({ kind }) => kind === 'Tower');
  if (!head) return towers;
  // The commands are those of an editor that says it has them, as the extension of VS Code does.
  const action = (title: string, command: string): CodeLens[] =>
    commands.has(command) ? [{ range: toRange(head.span), command: { title, command, arguments: [uri] } }] : [];
  // A model with an error does not train. What is always there comes first: it keeps its place under the pointer.
  const train = model !== undefined && !hasErrors(diagnostics) ? action('Train', 'tower.train') : [];
  return [...action('Check with data', 'tower.check'), ...train, ...towers];
}

function towerTitle(facts: FileAnalysis, tower: string): string {
  const cost = facts.costs.towers.get(tower);
  return cost ? printCost(cost) : 'Weights are not counted: the tower has a mistake';
}
