/** The words of an expression. */
import type * as Ast from '../syntax/ast.ts';

/** Each word that may be a name of the file. */
export function wordsOf(expression: Ast.Expression): readonly string[] {
  switch (expression.kind) {
    case 'Name':
      return expression.parts.map(({ name }) => name);
    case 'Call':
      return expression.arguments.flatMap(({ value }) => wordsOf(value));
    case 'List':
      return expression.items.flatMap(wordsOf);
    case 'Unary':
      return wordsOf(expression.operand);
    case 'Binary':
      return [...wordsOf(expression.left), ...wordsOf(expression.right)];
    case 'Flow':
      return expression.steps.flatMap(wordsOf);
    default:
      return [];
  }
}
