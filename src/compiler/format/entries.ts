/**
 * Prints `name = value` and `name : value` in pieces, so that signs can be aligned, together with their values and flows. The caller handles the gap before the
 * first token of an expression.
 */
import { builders } from 'prettier/doc';
import type * as Ast from '../syntax/ast.ts';
import type { TokenCursor } from './cursor.ts';
import { type Doc, flatDoc } from './doc.ts';

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
    case 'Over':
      return reduction(node, cursor);
    case 'Renamed':
      return [name(node.value, cursor), axes(node.letters.length, cursor, () => [cursor.take(''), cursor.take(' ')])];
  }
}

/** Prints `sum over s where s <= t (x)`. */
function reduction(node: Ast.OverNode, cursor: TokenCursor): Doc {
  const head: Doc[] = [cursor.word(), cursor.take(' ')];
  head.push(cursor.gap(' '), listed(node.letters, cursor));
  for (const test of node.tests) {
    // `where`, or `and`.
    head.push(cursor.take(' '), cursor.gap(' '), expression(test.left, cursor));
    head.push(cursor.take(' '), cursor.gap(' '), expression(test.right, cursor));
  }
  const open = cursor.take(' ');
  const operand = indent([cursor.gap(softline), expression(node.operand, cursor)]);
  return group([indent(head), open, operand, cursor.close(softline)]);
}

/** Prints `[d -> u: units]` and other axes between brackets: `rest` prints what follows the first word of an axis. */
function axes(count: number, cursor: TokenCursor, rest: (index: number) => Doc, isArrowBefore?: number): Doc {
  const items: Doc[] = [cursor.take('')];
  for (let index = 0; index < count; index++) {
    if (index === isArrowBefore) items.push(cursor.take(' '), ' ');
    else if (index > 0) {
      cursor.passComma();
      items.push(', ');
    }
    items.push(cursor.gap(''), cursor.word(), rest(index));
  }
  return [...items, cursor.close('')];
}

type FormulaLine = Exclude<Ast.FormulaLineNode, Ast.ScanNode | Ast.RepeatNode | Ast.LostLineNode> | Ast.CarryNode;

/** Prints a line of a formula, which is not aligned with others. */
export function formulaLine(node: FormulaLine, cursor: TokenCursor): PrintedBinding {
  return { kind: 'binding', doc: group(formulaDoc(node, cursor)), sign: '=', value: '', form: 'formula' };
}

function formulaDoc(node: FormulaLine, cursor: TokenCursor): Doc {
  switch (node.kind) {
    case 'Definition': {
      const head = node.shown ? [cursor.word(), cursor.take(' ')] : [cursor.word()];
      return [...head, cursor.take(' '), indent(cursor.gap(' ')), expression(node.value, cursor)];
    }
    case 'Give': {
      const value = [cursor.word(), indent(cursor.gap(' ')), expression(node.value, cursor)];
      if (!node.shape) return value;
      return [...value, cursor.take(' '), cursor.take(' '), axes(node.axes.length, cursor, () => '')];
    }
    case 'Weights': {
      const word = cursor.word();
      return [word, indent([cursor.gap(' '), ...separated(node.weights, weightDoc, cursor)])];
    }
    case 'Carry':
      return carryDoc(node, cursor);
  }
}

function weightDoc({ from, to = [], initial }: Ast.WeightNode, cursor: TokenCursor): Doc {
  const all = [...from, ...to];
  const axisRest = (index: number): Doc => {
    const { each, size } = all[index]!;
    const letter = each ? cursor.take(' ') : '';
    return size ? [letter, cursor.take(''), cursor.gap(' '), expression(size, cursor)] : letter;
  };
  const head = [cursor.word(), axes(all.length, cursor, axisRest, to.length > 0 ? from.length : undefined)];
  return initial ? [...head, cursor.take(' '), cursor.gap(' '), expression(initial, cursor)] : head;
}

function carryDoc({ axes: letters, first, next }: Ast.CarryNode, cursor: TokenCursor): Doc {
  const head = [cursor.word(), axes(letters.length, cursor, () => ''), cursor.take(' ')];
  const firstDoc = [cursor.gap(' '), expression(first, cursor)];
  return group([...head, ...firstDoc, indent([cursor.take(line), cursor.gap(' '), expression(next, cursor)])]);
}

/** Prints parentheses, which are kept even if they are not needed. */
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

/** Prints `a -> b -> c` or `a + b - c`, broken before each operator if it is too long for a line. */
function chain([first, ...others]: readonly Ast.ExpressionNode[], cursor: TokenCursor): Doc {
  const firstOperand = expression(first!, cursor);
  const otherOperands = others.map((operand) => [cursor.take(line), cursor.gap(' '), expression(operand, cursor)]);
  return group([firstOperand, indent(otherOperands)]);
}

/** Returns the operands of `a + b - c`, which is parsed as `(a + b) - c`. A parenthesized part is a single operand. */
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

const strength = ({ operator }: Ast.BinaryNode): number => ({ '+': 1, '-': 1, '*': 2, '/': 2, '@': 3 })[operator];

function call(node: Ast.CallNode, cursor: TokenCursor): Doc {
  const callee = cursor.word();
  const open = indent(cursor.take(''));
  return bracketed([callee, open], node.arguments, argument, cursor);
}

function list(node: Ast.ListNode, cursor: TokenCursor): Doc {
  return bracketed(cursor.word(), node.items, expression, cursor, node.items.every(isNumber));
}

/** Prints items between brackets, with a trailing comma if they are on separate lines. Numbers fill their lines instead. */
function bracketed<T>(
  open: Doc,
  items: readonly T[],
  print: (item: T, cursor: TokenCursor) => Doc,
  cursor: TokenCursor,
  filled = false,
): Doc {
  if (items.length === 0) return [open, cursor.close('')];
  const gapDoc = cursor.gap(softline);
  const itemDocs = separated(items, print, cursor);
  cursor.passComma();
  const contents = filled ? fill(itemDocs) : itemDocs;
  return group([open, indent([gapDoc, contents, ifBreak(',')]), cursor.close(softline)]);
}

/** Prints items with commas between them: the items in turn with what separates them, as `fill` takes them. */
export function separated<T>(
  items: readonly T[],
  print: (item: T, cursor: TokenCursor) => Doc,
  cursor: TokenCursor,
): Doc[] {
  return items.flatMap((item, index): Doc[] => {
    if (index === 0) return [print(item, cursor)];
    cursor.passComma();
    return [[',', cursor.gap(line)], print(item, cursor)];
  });
}

function isNumber(node: Ast.ExpressionNode): boolean {
  return node.kind === 'Number' || (node.kind === 'Unary' && isNumber(node.operand));
}

function argument(node: Ast.ArgumentNode, cursor: TokenCursor): Doc {
  if (!node.name) return expression(node.value, cursor);
  return [cursor.word(), indent([cursor.take(''), cursor.gap(' ')]), expression(node.value, cursor)];
}

const { fill, group, ifBreak, indent, line, softline } = builders;

/** A name, `=` or `:`, and a value. */
export interface PrintedBinding {
  readonly kind: 'binding';
  /** The text before the sign. Absent if a comment breaks it over several lines. */
  readonly head?: string;
  /** The head, the sign and the value, without alignment. */
  readonly doc: Doc;
  readonly sign: '=' | ':';
  /** The value, and the comments between the sign and the value. */
  readonly value: Doc;
  /** The head as a document, if it may be broken over several lines like a list of names. */
  readonly breaking?: Doc;
  /** Signs of adjacent bindings with the same form are aligned. */
  readonly form: string;
}

export function typedEntry({ names, value }: Ast.TypedEntryNode, cursor: TokenCursor): PrintedBinding {
  return binding([listed(names, cursor)], ':', 'typed', cursor, () => expression(value, cursor), names.length > 1);
}

export function towerEntry({ channel, flow }: Ast.TowerEntryNode, cursor: TokenCursor): PrintedBinding {
  const head = channel ? [cursor.word(), cursor.take(' ')] : [cursor.word()];
  return binding(head, '=', channel ? 'channel' : 'step', cursor, () => expression(flow, cursor));
}

export function printEntry({ value, more = [], by }: Ast.EntryNode, cursor: TokenCursor): PrintedBinding {
  return binding([cursor.word()], '=', 'entry', cursor, () => {
    const printedValues = values([value, ...more], cursor);
    return by ? [printedValues, indent([cursor.take(' '), cursor.take(' ')])] : printedValues;
  });
}

export function searchEntry({ path, domain }: Ast.SearchEntryNode, cursor: TokenCursor): PrintedBinding {
  const [first, ...rest] = path.map((_, index) => (index === 0 ? cursor.word() : [cursor.take(''), cursor.take('')]));
  return binding([first!, ...rest], ':', 'search', cursor, () => {
    if (domain.kind === 'Choices') {
      const oneOfWords = [cursor.word(), indent(cursor.take(' ')), indent(cursor.gap(' '))];
      return [...oneOfWords, values(domain.items, cursor)];
    }
    const logDocs = domain.log ? [cursor.word(), indent(cursor.gap(' '))] : [];
    const fromDoc = expression(domain.from, cursor);
    const toDoc = indent([cursor.take(' '), cursor.gap(' '), expression(domain.to, cursor)]);
    return [...logDocs, fromDoc, toDoc];
  });
}

/** Joins the items with commas, and wraps them if they do not fit one line. */
function values(nodes: readonly Ast.ExpressionNode[], cursor: TokenCursor): Doc {
  const valueDocs = separated(nodes, expression, cursor);
  return valueDocs.length === 1 ? valueDocs[0]! : indent(fill(valueDocs));
}

export function letDeclaration({ value }: Ast.LetNode, cursor: TokenCursor): PrintedBinding {
  return binding(words(2, cursor), '=', 'let', cursor, () => expression(value, cursor));
}

export function blockDeclaration(node: Ast.BlockNode, cursor: TokenCursor): PrintedBinding {
  const { flow, parameters } = node;
  return binding(blockHead(node, cursor), '=', 'block', cursor, () => expression(flow!, cursor), parameters.length > 0);
}

function blockHead(node: Ast.BlockNode | Ast.LossNode, cursor: TokenCursor): Doc[] {
  const { parameters } = node;
  const nameDocs = words(node.kind === 'Block' && node.shared ? 3 : 2, cursor);
  return parameters.length === 0 ? nameDocs : [group([...nameDocs, ...parameterList(parameters, cursor)])];
}

/** Prints what stands before the brace of a block or a loss that computes by a formula: `block fm of (x: fields[f, d])`. */
export function formulaHead(
  node: Ast.BlockNode | Ast.LossNode,
  { inputs }: Ast.FormulaNode,
  cursor: TokenCursor,
): Doc[] {
  const head = [...blockHead(node, cursor), cursor.take(' '), indent(cursor.take(' '))];
  const inputDoc = (input: Ast.FormulaInputNode): Doc => {
    const letter = (axis: number): Doc => (input.axes[axis]!.any ? cursor.take(' ') : '');
    return [cursor.word(), cursor.take(''), cursor.take(' '), axes(input.axes.length, cursor, letter)];
  };
  const inputDocs = [cursor.gap(softline), ...separated(inputs, inputDoc, cursor)];
  return [group([...head, indent(inputDocs), cursor.close(softline)])];
}

/** Prints `(width, depth = 2)`. */
function parameterList(parameters: readonly Ast.BlockParameterNode[], cursor: TokenCursor): Doc[] {
  const parameterDoc = ({ isFlow, default: value }: Ast.BlockParameterNode): Doc => [
    cursor.word(),
    isFlow ? [cursor.take(''), cursor.take(' ')] : '',
    value ? [cursor.take(' '), cursor.gap(' '), expression(value, cursor)] : '',
  ];
  const openDoc = indent(cursor.take(''));
  const parameterDocs = [cursor.gap(softline), ...separated(parameters, parameterDoc, cursor)];
  return [openDoc, indent(parameterDocs), cursor.close(softline)];
}

export function goal({ value }: Ast.ObjectiveNode | Ast.RetrieveNode, cursor: TokenCursor): PrintedBinding {
  return binding([cursor.word()], '=', 'goal', cursor, () => expression(value, cursor));
}

export function groupDeclaration({ members }: Ast.GroupNode, cursor: TokenCursor): PrintedBinding {
  return binding(words(2, cursor), '=', 'group', cursor, () => indent(listed(members, cursor)));
}

/** Prints `a, b, c`, filled into lines. */
function listed(names: readonly Ast.IdentifierNode[], cursor: TokenCursor): Doc {
  const nameDocs = separated(names, () => cursor.word(), cursor);
  return nameDocs.length === 1 ? nameDocs[0]! : fill(nameDocs);
}

function words(count: number, cursor: TokenCursor): Doc[] {
  return [cursor.word(), ...Array.from({ length: count - 1 }, () => cursor.take(' '))];
}

/** Reads the value last, because it follows the sign in the text. */
function binding(
  head: Doc[],
  sign: '=' | ':',
  form: string,
  cursor: TokenCursor,
  read: () => Doc,
  breaks = false,
): PrintedBinding {
  const beforeSign = cursor.gap('');
  cursor.word();
  const gapDoc = cursor.gap(' ');
  const valueDoc: Doc = [gapDoc === ' ' ? ' ' : indent(gapDoc), read()];
  const wholeHead: Doc = [...head, beforeSign];
  const headText = flatDoc(wholeHead);
  const signSpace = sign === '=' && beforeSign === '' ? ' ' : '';
  return {
    kind: 'binding',
    head: headText,
    breaking: breaks ? wholeHead : undefined,
    doc: [indent([...wholeHead, signSpace, sign]), valueDoc],
    sign,
    value: valueDoc,
    form,
  };
}
