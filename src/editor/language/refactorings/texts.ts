/** Texts that a refactoring moves. */
import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../../base/diagnostics/fixes.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';

/** Characters and steps that one refactoring moves. More is no selection of steps, and each is checked as the selection changes. */
export const most = { characters: 4000, steps: 50 };

/** The text of an expression with edits made in it. */
export function withEdits({ span }: Ast.ExpressionNode, edits: Iterable<Edit>): string {
  const { source, start, end } = span;
  const own = [...edits].filter(({ at }) => start <= at.start && at.end <= end);
  return applyEdits(source, own)
    .slice(start)
    .slice(0, end - source.text.length || undefined);
}

export const stepsOf = (flow: Ast.ExpressionNode): readonly Ast.ExpressionNode[] =>
  flow.kind === 'Flow' ? flow.steps : [flow];
