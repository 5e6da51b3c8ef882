/** Exchanges the two towers of a score. */
import { textOf } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import type { Mistake, Offer } from './offer.ts';

export function swapTowers({ checked: { file, resolution } }: FileAnalysis, { at }: Mistake): readonly Offer[] {
  const task = file.declarations.find(
    (node): node is Ast.TaskNode => node.kind === 'Task' && node.span.start <= at.start && at.end <= node.span.end,
  );
  const score = task?.entries.find(({ name }) => name.name === 'score')?.value;
  const edits = (score ? callsIn(score, Object.keys(resolution.library.scores)) : []).flatMap((call) => {
    const [first, second] = call.arguments.filter(({ name }) => !name).map(({ value }) => value.span);
    if (!first || !second) return [];
    return [
      { at: first, text: textOf(second) },
      { at: second, text: textOf(first) },
    ];
  });
  return edits.length > 0 ? [{ title: 'Swap the towers of the score', edits }] : [];
}

function callsIn(expression: Ast.ExpressionNode, kinds: readonly string[]): readonly Ast.CallNode[] {
  if (expression.kind === 'Binary') return [expression.left, expression.right].flatMap((one) => callsIn(one, kinds));
  if (expression.kind === 'Unary') return callsIn(expression.operand, kinds);
  return expression.kind === 'Call' && kinds.includes(expression.callee.name) ? [expression] : [];
}
