/** What each flow ends in, shown after it: `-> mlp(64)` ` vector[64]`. */
import type { ExpressionNode } from '../../compiler/syntax/ast.ts';
import type { FileAnalysis } from './file_analysis.ts';

export interface Inlay {
  readonly offset: number;
  readonly text: string;
}

/** Of the flows that end between two offsets. */
export function inlaysIn(facts: FileAnalysis, start: number, end: number): readonly Inlay[] {
  const flows: ExpressionNode[] = [];
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
