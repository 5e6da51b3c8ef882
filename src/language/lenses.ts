/** What is shown above declarations: what towers weigh and cost, and what can be done with the model. */

import { hasErrors } from '../diagnostics/diagnostic.ts';
import type { Span } from '../text/source.ts';
import { textOf } from '../text/source.ts';
import { printCost } from './costs.ts';
import type { FileAnalysis } from './file_analysis.ts';

export interface Lens {
  readonly span: Span;
  readonly text: string;
  /** What a click does, in an editor that can. */
  readonly does?: 'train' | 'check';
}

export function lensesOf(facts: FileAnalysis): readonly Lens[] {
  const { file, model, diagnostics } = facts.checked;
  const trains = model !== undefined && !hasErrors(diagnostics);
  const towers = file.declarations.flatMap((node): Lens[] => {
    const cost = node.kind === 'Tower' ? facts.costs.towers.get(textOf(node.name.span)) : undefined;
    return node.kind === 'Tower' && cost ? [{ span: node.name.span, text: printCost(cost) }] : [];
  });
  const name = file.declarations.find((node) => node.kind === 'ModelName');
  const at = name?.span ?? file.declarations.find((node) => node.kind === 'Tower')?.span;
  if (!at) return towers;
  const check: Lens = { span: at, text: 'Check with data', does: 'check' };
  // A model with a mistake does not train. What is always there comes first: it keeps its place under the pointer.
  return [check, ...(trains ? [{ span: at, text: 'Train', does: 'train' } as const] : []), ...towers];
}
