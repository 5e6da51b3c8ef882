/**
 * The parser's tree into the Ast. After an error parts may be missing: what cannot be read whole is left out, and a list keeps
 * the items that could be read.
 * Long because each production of the grammar is read here, in its order.
 */
import type { CstNode, IToken } from 'chevrotain';
import type { Source, Span } from '../../base/text/source.ts';
import { defined } from '../../base/util/defined.ts';
import type * as ast from './ast.ts';
import type { Docs } from './docs.ts';
import { readNumber, readText } from './literals.ts';

export class Builder {
  constructor(
    private readonly source: Source,
    /** Offset of a token → the `///` lines above it. */
    private readonly docs: Docs['text'],
  ) {}

  declarations(file: CstNode): ast.DeclarationNode[] {
    return present(nodes(file, 'declaration'), (node) => this.declaration(node));
  }

  declaration(node: CstNode): ast.DeclarationNode | undefined {
    const inner = firstNode(node);
    if (inner === undefined) return undefined;
    switch (inner.name) {
      case 'use': {
        const path = token(inner, 'Text');
        return path && { kind: 'Use', ...this.place(inner), path: this.text(path) };
      }
      case 'let': {
        const name = this.identifier(inner);
        const value = this.expressionIn(inner);
        return name && value && { kind: 'Let', ...this.place(inner), name, value };
      }
      case 'model': {
        const name = this.identifier(inner);
        return name && { kind: 'ModelName', ...this.place(inner), name };
      }
      case 'features':
        return { kind: 'Features', ...this.place(inner), entries: this.typedEntries(inner) };
      case 'labels':
        return { kind: 'Labels', ...this.place(inner), entries: this.typedEntries(inner) };
      case 'group': {
        const name = this.identifier(inner);
        const members = this.identifiers(inner).slice(1);
        return name && members.length > 0 ? { kind: 'Group', ...this.place(inner), name, members } : undefined;
      }
      case 'block': {
        const name = this.identifier(inner);
        const flow = this.expressionIn(inner);
        const shared = token(inner, 'Shared') !== undefined;
        const parameters = present(nodes(inner, 'parameter'), (node) => this.parameter(node));
        return name && flow && { kind: 'Block', ...this.place(inner), name, parameters, shared, flow };
      }
      case 'tower':
        return this.tower(inner);
      case 'task': {
        const name = this.identifier(inner);
        return name && { kind: 'Task', ...this.place(inner), name, entries: this.entries(inner) };
      }
      case 'objective':
      case 'retrieve': {
        const value = this.expressionIn(inner);
        const kind = inner.name === 'objective' ? 'Objective' : 'Retrieve';
        return value && { kind, ...this.place(inner), value };
      }
      case 'train':
        return { kind: 'Train', ...this.place(inner), entries: this.entries(inner) };
      case 'search': {
        const entries = present(nodes(inner, 'searchEntry'), (entry) => this.searchEntry(entry));
        return { kind: 'Search', ...this.place(inner), entries };
      }
      case 'data': {
        const name = this.identifier(inner);
        if (name === undefined) return undefined;
        const entries = inOrder([...nodes(inner, 'dataEntry'), ...nodes(inner, 'columns')]);
        return {
          kind: 'Data',
          ...this.place(inner),
          name,
          entries: present(entries, (entry) => (entry.name === 'columns' ? this.columns(entry) : this.entry(entry))),
        };
      }
      default:
        return undefined;
    }
  }

  columns(node: CstNode): ast.ColumnsNode {
    return { kind: 'Columns', ...this.place(node), entries: this.entries(node) };
  }

  entry(node: CstNode): ast.EntryNode | undefined {
    const [name, by] = this.identifiers(node);
    const [value, ...more] = present(nodes(node, 'expression'), (each) => this.expression(each));
    if (!name || !value) return undefined;
    return {
      kind: 'Entry',
      ...this.place(node),
      name,
      value,
      ...defined({ by, more: more.length > 0 ? more : undefined }),
    };
  }

  typedEntry(node: CstNode): ast.TypedEntryNode | undefined {
    const names = this.identifiers(node);
    const value = this.expressionIn(node);
    return value && names.length > 0 ? { kind: 'TypedEntry', ...this.place(node), names, value } : undefined;
  }

  searchEntry(node: CstNode): ast.SearchEntryNode | undefined {
    const name = nodes(node, 'path')[0];
    const domain = this.domain(node);
    const path = name ? this.identifiers(name) : [];
    return domain && path.length > 0 ? { kind: 'SearchEntry', ...this.place(node), path, domain } : undefined;
  }

  private domain(node: CstNode): ast.SearchEntryNode['domain'] | undefined {
    const choices = nodes(node, 'choices')[0];
    if (choices) {
      const items = present(nodes(choices, 'expression'), (item) => this.expression(item));
      return items.length > 0 ? { kind: 'Choices', span: this.span(choices), items } : undefined;
    }
    const range = nodes(node, 'range')[0];
    const [from, to] = range ? present(nodes(range, 'sum'), (sum) => this.sum(sum)) : [];
    if (!range || !from || !to) return undefined;
    return { kind: 'Range', span: this.span(range), log: token(range, 'Log') !== undefined, from, to };
  }

  towerEntry(node: CstNode): ast.TowerEntryNode | undefined {
    const name = this.identifier(node);
    const flow = this.expressionIn(node);
    const channel = token(node, 'Channel') !== undefined;
    return name && flow && { kind: 'TowerEntry', ...this.place(node), channel, name, flow };
  }

  private parameter(node: CstNode): ast.BlockParameterNode | undefined {
    const name = this.identifier(node);
    const value = this.expressionIn(node);
    return name && { kind: 'BlockParameter', span: this.span(node), name, ...defined({ default: value }) };
  }

  private tower(node: CstNode): ast.TowerNode | undefined {
    const name = this.identifier(node);
    if (name === undefined) return undefined;
    const inputs = this.identifiers(node).slice(1);
    const last = (node.children.Name as IToken[]).at(-1)!;
    const key = token(node, 'By') === undefined || last.isInsertedInRecovery ? undefined : inputs.pop();
    const entries = present(nodes(node, 'towerEntry'), (entry) => this.towerEntry(entry));
    return { kind: 'Tower', ...this.place(node), name, inputs, ...defined({ key }), entries };
  }

  private entries(node: CstNode): ast.EntryNode[] {
    return present(nodes(node, 'entry'), (entry) => this.entry(entry));
  }

  private typedEntries(node: CstNode): ast.TypedEntryNode[] {
    return present(nodes(node, 'typedEntry'), (entry) => this.typedEntry(entry));
  }

  private expressionIn(node: CstNode): ast.ExpressionNode | undefined {
    const inner = nodes(node, 'expression')[0];
    return inner && this.expression(inner);
  }

  expression(node: CstNode): ast.ExpressionNode | undefined {
    const sums = nodes(node, 'sum');
    if (sums.length === 1) return this.sum(sums[0]!);
    const steps = present(sums, (sum) => this.sum(sum));
    return steps.length > 1 ? { kind: 'Flow', span: this.span(node), steps } : steps[0];
  }

  private sum(node: CstNode): ast.ExpressionNode | undefined {
    const products = nodes(node, 'product');
    if (products.length === 1) return this.product(products[0]!);
    return this.chain(node, products, (product) => this.product(product));
  }

  private product(node: CstNode): ast.ExpressionNode | undefined {
    const factors = nodes(node, 'factor');
    if (factors.length === 1) return this.factor(factors[0]!);
    return this.chain(node, factors, (factor) => this.factor(factor));
  }

  /** `a + b - c` or `a * b / c`: from the left. */
  private chain(
    node: CstNode,
    parts: readonly CstNode[],
    read: (part: CstNode) => ast.ExpressionNode | undefined,
  ): ast.ExpressionNode | undefined {
    const { Plus = [], Minus = [], Times = [], Over = [] } = node.children as Record<string, IToken[]>;
    const operators = [...Plus, ...Minus, ...Times, ...Over].sort((a, b) => a.startOffset - b.startOffset);
    let left = parts[0] && read(parts[0]);
    for (const [index, operator] of operators.entries()) {
      const part = parts[index + 1];
      const right = part && read(part);
      if (left === undefined || right === undefined || part === undefined) return left ?? right;
      const span = { source: this.source, start: this.span(node).start, end: this.span(part).end };
      left = { kind: 'Binary', span, operator: operator.image as ast.BinaryNode['operator'], left, right };
    }
    return left;
  }

  private factor(node: CstNode): ast.ExpressionNode | undefined {
    let operand = this.operand(node);
    const signs = node.children.Minus as IToken[] | undefined;
    if (signs === undefined) return operand;
    const { end } = this.span(node);
    for (const sign of signs.toReversed()) {
      if (operand === undefined) return undefined;
      const span = { source: this.source, start: sign.startOffset, end };
      operand = { kind: 'Unary', span, operator: '-', operand };
    }
    return operand;
  }

  private operand(node: CstNode): ast.ExpressionNode | undefined {
    const path = nodes(node, 'path')[0];
    if (path) {
      const made = this.identifier(path) === undefined;
      return made ? undefined : { kind: 'Name', span: this.span(path), parts: this.identifiers(path) };
    }
    const call = nodes(node, 'call')[0];
    if (call) return this.call(call);
    const number = token(node, 'Number');
    if (number) return { kind: 'Number', span: this.spanOf(number), ...readNumber(number.image) };
    const text = token(node, 'Text');
    if (text) return this.text(text);
    const list = nodes(node, 'list')[0];
    if (list) {
      const items = present(nodes(list, 'expression'), (item) => this.expression(item));
      return { kind: 'List', span: this.span(list), items };
    }
    return this.expressionIn(node);
  }

  private call(node: CstNode): ast.CallNode | undefined {
    const callee = this.identifier(node);
    if (callee === undefined) return undefined;
    const parts = present(nodes(node, 'argument'), (argument) => this.argument(argument));
    return { kind: 'Call', span: this.span(node), callee, arguments: parts };
  }

  private argument(node: CstNode): ast.ArgumentNode | undefined {
    const name = this.identifier(node);
    const value = this.expressionIn(node);
    return value && { kind: 'Argument', span: this.span(node), ...defined({ name }), value };
  }

  private text(at: IToken): ast.TextNode {
    return { kind: 'Text', span: this.spanOf(at), value: readText(at.image).value };
  }

  private identifier(node: CstNode): ast.IdentifierNode | undefined {
    const name = token(node, 'Name');
    return name && { kind: 'Identifier', span: this.spanOf(name), name: name.image };
  }

  /** The names directly under a node, in the order written; one that recovery made up is left out. */
  private identifiers(node: CstNode): ast.IdentifierNode[] {
    const names: ast.IdentifierNode[] = [];
    for (const name of (node.children.Name ?? none) as readonly IToken[]) {
      if (name.isInsertedInRecovery) continue;
      names.push({ kind: 'Identifier', span: this.spanOf(name), name: name.image });
    }
    return names;
  }

  private place(node: CstNode): { span: Span; doc?: string } {
    const span = this.span(node);
    const doc = this.docs.get(span.start);
    return doc === undefined ? { span } : { span, doc };
  }

  private span(node: CstNode): Span {
    const { startOffset, endOffset } = node.location!;
    return { source: this.source, start: startOffset, end: (endOffset ?? startOffset) + 1 };
  }

  private spanOf(at: IToken): Span {
    return { source: this.source, start: at.startOffset, end: (at.endOffset ?? at.startOffset) + 1 };
  }
}

const none: readonly never[] = [];

function nodes(node: CstNode, name: string): readonly CstNode[] {
  return (node.children[name] ?? none) as readonly CstNode[];
}

function token(node: CstNode, name: string): IToken | undefined {
  const found = node.children[name]?.[0] as IToken | undefined;
  return found?.isInsertedInRecovery ? undefined : found;
}

function firstNode(node: CstNode): CstNode | undefined {
  for (const key in node.children) {
    const child = node.children[key]![0]!;
    if ('children' in child) return child;
  }
  return undefined;
}

function inOrder(found: CstNode[]): CstNode[] {
  return found.sort((a, b) => a.location!.startOffset - b.location!.startOffset);
}

function present<A, B>(items: readonly A[], read: (item: A) => B | undefined): B[] {
  const found: B[] = [];
  for (const item of items) {
    const one = read(item);
    if (one !== undefined) found.push(one);
  }
  return found;
}
