/**
 * Answers what is shown next to the text: types after flows, and above declarations what towers weigh and cost, and
 * what can be done with the model.
 */
import { type CodeLens, InlayHintKind } from 'vscode-languageserver';
import { hasErrors } from '../../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../../base/text/source.ts';
import type { Expression } from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { printCost } from '../../language/valid_parts.ts';
import { factsOf, type Provider, toOffset, toPosition, toRange } from '../provider.ts';

export const inlayHints: Provider = {
  capabilities: { inlayHintProvider: true },
  register(connection, session) {
    connection.languages.inlayHint.on((params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { source } = facts;
      const { start, end } = params.range;
      return inlaysIn(facts, toOffset(source, start), toOffset(source, end)).map(({ offset, text }) => ({
        position: toPosition(source, offset),
        label: text,
        kind: InlayHintKind.Type,
        paddingLeft: true,
      }));
    });
  },
};

interface Inlay {
  readonly offset: number;
  readonly text: string;
}

/** Of the flows that end between two offsets. */
export function inlaysIn(facts: FileAnalysis, start: number, end: number): readonly Inlay[] {
  const flows: Expression[] = [];
  for (const declaration of facts.checked.file.declarations) {
    if (declaration.kind === 'Block') flows.push(declaration.flow);
    if (declaration.kind === 'Tower') flows.push(...declaration.entries.map(({ flow }) => flow));
  }
  return flows.flatMap(({ span }) => {
    if (span.end < start || span.end > end) return [];
    const text = facts.typeEnding(span.end);
    return text === undefined ? [] : [{ offset: span.end, text }];
  });
}

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

type Lens =
  /** What a click does, in an editor that can. */
  | { readonly span: Span; readonly text: string; readonly does: 'train' | 'check' }
  /** What the tower weighs and costs, which is counted when it is shown: the towers of a large file take a while. */
  | { readonly span: Span; readonly tower: string };

function lensesOf(facts: FileAnalysis): readonly Lens[] {
  const { file, model, diagnostics } = facts.checked;
  const trains = model !== undefined && !hasErrors(diagnostics);
  const towers = file.declarations.flatMap((node): Lens[] =>
    node.kind === 'Tower' ? [{ span: node.name.span, tower: node.name.name }] : [],
  );
  const name = file.declarations.find((node) => node.kind === 'ModelName');
  const at = name?.span ?? file.declarations.find((node) => node.kind === 'Tower')?.span;
  if (!at) return towers;
  const check = { span: at, text: 'Check with data', does: 'check' } as const;
  // A model with a mistake does not train. What is always there comes first: it keeps its place under the pointer.
  return [check, ...(trains ? [{ span: at, text: 'Train', does: 'train' } as const] : []), ...towers];
}

/** What a tower weighs and costs. */
function towerLens(facts: FileAnalysis, tower: string): string {
  const cost = facts.costs.towers.get(tower);
  return cost ? printCost(cost) : 'Weights are not counted: the tower has a mistake';
}
