/** Values and flows. The gap before the first token of an expression belongs to its caller. */
import { builders } from 'prettier/doc';
import type * as Ast from '../syntax/ast.ts';
import type { TokenCursor } from './cursor.ts';
import type { Doc } from './doc.ts';

const { fill, group, ifBreak, indent, line, softline } = builders;

export function expression(node: Ast.ExpressionNode, cursor: TokenCursor): Doc {
  if (cursor.offset < node.span.start) return parenthesized(node, cursor);
  switch (node.kind) {
    case 'Number':
    case 'Text':
      return cursor.word();
    case 'Name':
      return name(node, cursor);
    case 'Unary':
      return [cursor.word(), indent([cursor.gap(''), expression(node.operand, cursor)])];
    case 'Call':
      return call(node, cursor);
    case 'List':
      return list(node, cursor);
    case 'Binary':
      return chain(operands(node), cursor);
    case 'Flow':
      return chain(node.steps, cursor);
  }
}

/** Parentheses stay where they were written, needed or not. */
function parenthesized(node: Ast.ExpressionNode, cursor: TokenCursor): Doc {
  const open = cursor.word();
  const innerDoc = indent([cursor.gap(softline), expression(node, cursor)]);
  return group([open, innerDoc, cursor.close(softline)]);
}

function name({ parts }: Ast.NameNode, cursor: TokenCursor): Doc {
  const firstWord = cursor.word();
  if (parts.length === 1) return firstWord;
  return [firstWord, indent(parts.slice(1).map(() => [cursor.take(''), cursor.take('')]))];
}

/** `a -> b -> c`, `a + b - c`: too long for a line it breaks before each sign. */
function chain([first, ...others]: readonly Ast.ExpressionNode[], cursor: TokenCursor): Doc {
  const firstOperand = expression(first!, cursor);
  const otherOperands = others.map((operand) => [cursor.take(line), cursor.gap(' '), expression(operand, cursor)]);
  return group([firstOperand, indent(otherOperands)]);
}

/** `a + b - c` is read as `(a + b) - c`; what was written in parentheses is an operand of its own. */
function operands(node: Ast.BinaryNode): readonly Ast.ExpressionNode[] {
  const rightOperands: Ast.ExpressionNode[] = [];
  let leftOperand: Ast.ExpressionNode = node;
  while (
    leftOperand.kind === 'Binary' &&
    strength(leftOperand) === strength(node) &&
    (leftOperand === node || leftOperand.span.start === node.span.start)
  ) {
    rightOperands.push(leftOperand.right);
    leftOperand = leftOperand.left;
  }
  return [leftOperand, ...rightOperands.reverse()];
}

const strength = ({ operator }: Ast.BinaryNode): number => (operator === '+' || operator === '-' ? 1 : 2);

function call(node: Ast.CallNode, cursor: TokenCursor): Doc {
  const callee = cursor.word();
  const open = indent(cursor.take(''));
  return bracketed([callee, open], node.arguments, argument, cursor);
}

function list(node: Ast.ListNode, cursor: TokenCursor): Doc {
  return bracketed(cursor.word(), node.items, expression, cursor, node.items.every(isNumber));
}

/** Items between brackets, with a comma after the last where they are on lines of their own; numbers fill their lines. */
function bracketed<T>(
  open: Doc,
  items: readonly T[],
  print: (item: T, cursor: TokenCursor) => Doc,
  cursor: TokenCursor,
  filled = false,
): Doc {
  if (items.length === 0) return [open, cursor.close('')];
  const parts: Doc[] = [];
  const gapDoc = cursor.gap(softline);
  for (const [index, item] of items.entries()) {
    if (index > 0) {
      cursor.passComma();
      parts.push([',', cursor.gap(line)]);
    }
    parts.push(print(item, cursor));
  }
  cursor.passComma();
  const contents = filled ? fill(parts) : parts;
  return group([open, indent([gapDoc, contents, ifBreak(',')]), cursor.close(softline)]);
}

function isNumber(node: Ast.ExpressionNode): boolean {
  return node.kind === 'Number' || (node.kind === 'Unary' && isNumber(node.operand));
}

function argument(node: Ast.ArgumentNode, cursor: TokenCursor): Doc {
  if (!node.name) return expression(node.value, cursor);
  return [cursor.word(), indent([cursor.take(''), cursor.gap(' ')]), expression(node.value, cursor)];
}
