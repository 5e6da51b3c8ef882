/** The forms in which a kind or a name is written. */
import type { CallNode, ExpressionNode, IdentifierNode } from '../syntax/ast.ts';

/** `cosine` and `cosine(user, item)` alike: a bare word is a call without arguments. Nothing for other forms. */
export function asCall(expression: ExpressionNode): CallNode | undefined {
  if (expression.kind === 'Call') return expression;
  const word = singleName(expression);
  return word && { kind: 'Call', span: expression.span, callee: word, arguments: [] };
}

/** The word of a name, when it is one word. */
export function singleName(expression: ExpressionNode): IdentifierNode | undefined {
  return expression.kind === 'Name' && expression.parts.length === 1 ? expression.parts[0] : undefined;
}

/** The word that a name is or a call begins with. */
export function wordOf(expression: ExpressionNode): string | undefined {
  return asCall(expression)?.callee.name;
}
