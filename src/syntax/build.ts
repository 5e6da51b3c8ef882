/**
 * The parser's tree into the Ast. After an error parts may be missing: what cannot be read whole is left out, and a list keeps
 * the items that could be read.
 */
import type { CstNode, IToken } from 'chevrotain';
import type { Source, Span } from '../text/source.ts';
import type * as ast from './ast.ts';
import { readNumber, readText } from './literals.ts';

export class Builder {
  constructor(
    private readonly source: Source,
    /** Offset of a token → the `///` lines above it. */
    private readonly docs: ReadonlyMap<number, string>,
  ) {}

  declaration(node: CstNode): ast.Declaration | undefined {
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
        const [name, ...members] = this.identifiers(inner);
        return name && { kind: 'Group', ...this.place(inner), name, members };
      }
      case 'block': {
        const name = this.identifier(inner);
        const flow = this.expressionIn(inner);
        const shared = token(inner, 'Shared') !== undefined;
        return name && flow && { kind: 'Block', ...this.place(inner), name, shared, flow };
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

  columns(node: CstNode): ast.Columns {
    return { kind: 'Columns', ...this.place(node), entries: this.entries(node) };
  }

  entry(node: CstNode): ast.Entry | undefined {
    const [name, by] = this.identifiers(node);
    const value = this.expressionIn(node);
    return name && value && { kind: 'Entry', ...this.place(node), name, value, ...(by ? { by } : {}) };
  }

  typedEntry(node: CstNode): ast.TypedEntry | undefined {
    const name = this.identifier(node);
    const value = this.expressionIn(node);
    return name && value && { kind: 'TypedEntry', ...this.place(node), name, value };
  }

  towerEntry(node: CstNode): ast.TowerEntry | undefined {
    const name = this.identifier(node);
    const flow = this.expressionIn(node);
    const channel = token(node, 'Channel') !== undefined;
    return name && flow && { kind: 'TowerEntry', ...this.place(node), channel, name, flow };
  }

  private tower(node: CstNode): ast.Tower | undefined {
    const [name, ...inputs] = this.identifiers(node);
    if (name === undefined) return undefined;
    const key = token(node, 'By') === undefined ? undefined : inputs.pop();
    const entries = present(nodes(node, 'towerEntry'), (entry) => this.towerEntry(entry));
    return { kind: 'Tower', ...this.place(node), name, inputs, ...(key ? { key } : {}), entries };
  }

  private entries(node: CstNode): ast.Entry[] {
    return present(nodes(node, 'entry'), (entry) => this.entry(entry));
  }

  private typedEntries(node: CstNode): ast.TypedEntry[] {
    return present(nodes(node, 'typedEntry'), (entry) => this.typedEntry(entry));
  }

  private expressionIn(node: CstNode): ast.Expression | undefined {
    const inner = nodes(node, 'expression')[0];
    return inner && this.expression(inner);
  }

  expression(node: CstNode): ast.Expression | undefined {
    const steps = present(nodes(node, 'sum'), (sum) => this.chain(sum, 'product'));
    return steps.length > 1 ? { kind: 'Flow', span: this.span(node), steps } : steps[0];
  }

  /** `a + b - c` or `a * b / c`: from the left. */
  private chain(node: CstNode, part: 'product' | 'factor'): ast.Expression | undefined {
    const parts = nodes(node, part);
    const read = (inner: CstNode) => (part === 'product' ? this.chain(inner, 'factor') : this.factor(inner));
    let left = parts[0] && read(parts[0]);
    if (parts.length < 2) return left;
    const { Plus = [], Minus = [], Times = [], Over = [] } = node.children as Record<string, IToken[]>;
    const operators = [...Plus, ...Minus, ...Times, ...Over].sort((a, b) => a.startOffset - b.startOffset);
    const start = this.span(node).start;
    for (const [index, operator] of operators.entries()) {
      const inner = parts[index + 1];
      const right = inner && read(inner);
      if (left === undefined || right === undefined || inner === undefined) return left ?? right;
      const span = { source: this.source, start, end: this.span(inner).end };
      left = { kind: 'Binary', span, operator: operator.image as ast.Binary['operator'], left, right };
    }
    return left;
  }

  private factor(node: CstNode): ast.Expression | undefined {
    let operand = this.operand(node);
    const { end } = this.span(node);
    for (const sign of ((node.children.Minus ?? []) as IToken[]).toReversed()) {
      if (operand === undefined) return undefined;
      operand = {
        kind: 'Unary',
        span: { source: this.source, start: sign.startOffset, end },
        operator: '-',
        operand,
      };
    }
    return operand;
  }

  private operand(node: CstNode): ast.Expression | undefined {
    const number = token(node, 'Number');
    if (number) return { kind: 'Number', span: this.spanOf(number), ...readNumber(number.image) };
    const text = token(node, 'Text');
    if (text) return this.text(text);
    const inner = firstNode(node);
    switch (inner?.name) {
      case 'list':
        return {
          kind: 'List',
          span: this.span(inner),
          items: present(nodes(inner, 'expression'), (item) => this.expression(item)),
        };
      case 'call': {
        const callee = this.identifier(inner);
        if (callee === undefined) return undefined;
        const parts = present(nodes(inner, 'argument'), (argument) => this.argument(argument));
        return { kind: 'Call', span: this.span(inner), callee, arguments: parts };
      }
      case 'path':
        return { kind: 'Name', span: this.span(inner), parts: this.identifiers(inner) };
      case 'expression':
        return this.expression(inner);
      default:
        return undefined;
    }
  }

  private argument(node: CstNode): ast.Argument | undefined {
    const name = this.identifier(node);
    const value = this.expressionIn(node);
    return value && { kind: 'Argument', span: this.span(node), ...(name ? { name } : {}), value };
  }

  private text(at: IToken): ast.TextLiteral {
    return { kind: 'Text', span: this.spanOf(at), value: readText(at.image).value };
  }

  private identifier(node: CstNode): ast.Identifier | undefined {
    return this.identifiers(node)[0];
  }

  /** The names directly under a node, in the order written; one that recovery made up is left out. */
  private identifiers(node: CstNode): ast.Identifier[] {
    const found = (node.children.Name ?? []) as IToken[];
    return found
      .filter((name) => name.isInsertedInRecovery !== true)
      .map((name) => ({ kind: 'Identifier', span: this.spanOf(name), name: name.image }));
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

function nodes(node: CstNode, name: string): CstNode[] {
  return (node.children[name] ?? []) as CstNode[];
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
  return items.map(read).filter((item) => item !== undefined);
}
