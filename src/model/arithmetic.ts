/** Arithmetic on constants: the names that it reads, and what an operator gives. */
import type { Expression } from '../syntax/ast.ts';

/** The names that an expression reads. */
export function* namesIn(expression: Expression): Generator<string, undefined> {
  if (expression.kind === 'Name' && expression.parts.length === 1) yield expression.parts[0]!.name;
  if (expression.kind === 'Unary') yield* namesIn(expression.operand);
  if (expression.kind === 'Binary') {
    yield* namesIn(expression.left);
    yield* namesIn(expression.right);
  }
}

export function calculate(operator: '+' | '-' | '*' | '/', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
  }
}
