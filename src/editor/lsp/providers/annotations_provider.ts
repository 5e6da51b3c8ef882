/** Answers what is shown next to the text: types after flows, and, above declarations, the weights and cost of towers and the commands for the model. */
import { type CodeLens, type InlayHint, InlayHintKind } from 'vscode-languageserver';
import { hasErrors } from '../../../base/diagnostics/diagnostic.ts';
import { printCost } from '../../language/costs.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
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

/** Returns the output type of each flow that ends between two offsets: `-> mlp(64)` ` vector[64]`. */
export function inlaysIn(facts: FileAnalysis, start: number, end: number): InlayHint[] {
  const flows = facts.checked.file.declarations.flatMap((node) => {
    if (node.kind === 'Block') return node.flow ? [node.flow] : [];
    return node.kind === 'Tower' ? node.entries.map(({ flow }) => flow) : [];
  });
  return flows.flatMap(({ span }): InlayHint[] => {
    const label = span.end < start || span.end > end ? undefined : facts.typeEnding(span.end);
    if (label === undefined) return [];
    return [{ position: toPosition(facts.source, span.end), label, kind: InlayHintKind.Type, paddingLeft: true }];
  });
}

/** Data of a lens that the editor resolves when it shows it, because counting the towers of a large file takes a while. */
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
  // Only commands that the editor declared are offered, as the extension of VS Code does.
  const action = (title: string, command: string): CodeLens[] =>
    commands.has(command) ? [{ range: toRange(head.span), command: { title, command, arguments: [uri] } }] : [];
  // A model with an error cannot be trained. The lens that is always there comes first, so that it does not move under the pointer.
  const train = model !== undefined && !hasErrors(diagnostics) ? action('Train', 'tower.train') : [];
  return [...action('Check with data', 'tower.check'), ...train, ...towers];
}

function towerTitle(facts: FileAnalysis, tower: string): string {
  const cost = facts.costs.towers.get(tower);
  return cost ? printCost(cost) : 'Weights are not counted: the tower has a mistake';
}
