/** What is shown above declarations: what towers weigh and cost, and what can be done with the model. */
import { hasErrors } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';
import { printCost } from './costs.ts';
import type { FileAnalysis } from './file_analysis.ts';

export type Lens =
  /** What a click does, in an editor that can. */
  | { readonly span: Span; readonly text: string; readonly does: 'train' | 'check' }
  /** What the tower weighs and costs, which is counted when it is shown: the towers of a large file take a while. */
  | { readonly span: Span; readonly tower: string };

export function lensesOf(facts: FileAnalysis): readonly Lens[] {
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
export function towerLens(facts: FileAnalysis, tower: string): string {
  const cost = facts.costs.towers.get(tower);
  return cost ? printCost(cost) : 'Weights are not counted: the tower has a mistake';
}
