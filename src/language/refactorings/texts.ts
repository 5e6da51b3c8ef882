/** Texts that a refactoring moves. */
import type { Edit } from '../../diagnostics/diagnostic.ts';
import type * as Ast from '../../syntax/ast.ts';

/** Characters and steps that one refactoring moves. More is no selection of steps, and each is checked as the selection changes. */
export const most = { characters: 4000, steps: 50 };

/** The text of an expression with edits made in it. */
export function withEdits({ span }: Ast.Expression, edits: Iterable<Edit>): string {
  let text = '';
  let at = span.start;
  const own = [...edits].filter(({ at: { start, end } }) => span.start <= start && end <= span.end);
  for (const edit of own.sort((a, b) => a.at.start - b.at.start)) {
    text += span.source.text.slice(at, edit.at.start) + edit.text;
    at = edit.at.end;
  }
  return text + span.source.text.slice(at, span.end);
}

export const stepsOf = (flow: Ast.Expression): readonly Ast.Expression[] =>
  flow.kind === 'Flow' ? flow.steps : [flow];
