/** Values and flows. The gap before the first token of an expression belongs to its caller. */
import { builders } from 'prettier/doc';
import type * as Ast from '../syntax/ast.ts';
import type { Cursor } from './cursor.ts';
import type { Doc } from './doc.ts';

const { fill, group, ifBreak, indent, line, softline } = builders;

export function expression(node: Ast.ExpressionNode, cursor: Cursor): Doc {
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
function parenthesized(node: Ast.ExpressionNode, cursor: Cursor): Doc {
  const open = cursor.word();
  const inner = indent([cursor.gap(softline), expression(node, cursor)]);
  return group([open, inner, cursor.close(softline)]);
}

function name({ parts }: Ast.NameNode, cursor: Cursor): Doc {
  const first = cursor.word();
  if (parts.length === 1) return first;
  return [first, indent(parts.slice(1).map(() => [cursor.take(''), cursor.take('')]))];
}

/** `a -> b -> c`, `a + b - c`: too long for a line it breaks before each sign. */
function chain([first, ...others]: readonly Ast.ExpressionNode[], cursor: Cursor): Doc {
  const start = expression(first!, cursor);
  const rest = others.map((operand) => [cursor.take(line), cursor.gap(' '), expression(operand, cursor)]);
  return group([start, indent(rest)]);
}

/** `a + b - c` is read as `(a + b) - c`; what was written in parentheses is an operand of its own. */
function operands(node: Ast.BinaryNode): readonly Ast.ExpressionNode[] {
  const found: Ast.ExpressionNode[] = [];
  let left: Ast.ExpressionNode = node;
  while (
    left.kind === 'Binary' &&
    strength(left) === strength(node) &&
    (left === node || left.span.start === node.span.start)
  ) {
    found.push(left.right);
    left = left.left;
  }
  return [left, ...found.reverse()];
}

const strength = ({ operator }: Ast.BinaryNode): number => (operator === '+' || operator === '-' ? 1 : 2);

function call(node: Ast.CallNode, cursor: Cursor): Doc {
  const callee = cursor.word();
  const open = indent(cursor.take(''));
  return bracketed([callee, open], node.arguments, argument, cursor);
}

function list(node: Ast.ListNode, cursor: Cursor): Doc {
  return bracketed(cursor.word(), node.items, expression, cursor, node.items.every(isNumber));
}

/** Items between brackets, with a comma after the last where they are on lines of their own; numbers fill their lines. */
function bracketed<T>(
  open: Doc,
  items: readonly T[],
  print: (item: T, cursor: Cursor) => Doc,
  cursor: Cursor,
  filled = false,
): Doc {
  if (items.length === 0) return [open, cursor.close('')];
  const parts: Doc[] = [];
  const before = cursor.gap(softline);
  for (const [index, item] of items.entries()) {
    if (index > 0) {
      cursor.passComma();
      parts.push([',', cursor.gap(line)]);
    }
    parts.push(print(item, cursor));
  }
  cursor.passComma();
  const contents = filled ? fill(parts) : parts;
  return group([open, indent([before, contents, ifBreak(',')]), cursor.close(softline)]);
}

function isNumber(node: Ast.ExpressionNode): boolean {
  return node.kind === 'Number' || (node.kind === 'Unary' && isNumber(node.operand));
}

function argument(node: Ast.ArgumentNode, cursor: Cursor): Doc {
  if (!node.name) return expression(node.value, cursor);
  return [cursor.word(), indent([cursor.take(''), cursor.gap(' ')]), expression(node.value, cursor)];
}
