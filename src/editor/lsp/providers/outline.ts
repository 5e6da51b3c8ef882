/** Answers with the declarations of a file, or of the project, and what is in them. */
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import { type Span, textOf } from '../../../base/text/source.ts';
import { typedNames } from '../../../compiler/model/scope.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { projectFacts } from '../project.ts';
import { aboutDocument, type Provider, toLocation, toRange } from '../provider.ts';

export const symbols: Provider = {
  capabilities: { documentSymbolProvider: true, workspaceSymbolProvider: true },
  register(connection, session) {
    connection.onDocumentSymbol(aboutDocument(session, ({ checked }) => outlineOf(checked.file).map(toSymbol)));
    connection.onWorkspaceSymbol(async ({ query }, token) => {
      const lowerQuery = query.toLowerCase();
      return (await projectFacts(session, token)).flatMap(({ checked }) =>
        outlineOf(checked.file)
          .flatMap((item) => [item, ...item.children])
          .filter(({ kind, name }) => kind !== 'Entry' && name.toLowerCase().includes(lowerQuery))
          .map(({ name, kind, nameSpan }) => ({ name, kind: kinds[kind], location: toLocation(session, nameSpan) })),
      );
    });
  },
};

function toSymbol({ name, detail, kind, span, nameSpan, children }: OutlineItem): DocumentSymbol {
  return {
    name,
    detail,
    kind: kinds[kind],
    range: toRange(span),
    selectionRange: toRange(nameSpan),
    children: children.map(toSymbol),
  };
}

const kinds: Readonly<Record<OutlineKind, SymbolKind>> = {
  Use: SymbolKind.File,
  Let: SymbolKind.Constant,
  ModelName: SymbolKind.Module,
  Features: SymbolKind.Struct,
  Labels: SymbolKind.Struct,
  Group: SymbolKind.Array,
  Block: SymbolKind.Function,
  Tower: SymbolKind.Class,
  Task: SymbolKind.Event,
  Objective: SymbolKind.Operator,
  Retrieve: SymbolKind.Operator,
  Train: SymbolKind.Object,
  Search: SymbolKind.Object,
  Data: SymbolKind.Namespace,
  Feature: SymbolKind.Field,
  Label: SymbolKind.Field,
  Channel: SymbolKind.Variable,
  Step: SymbolKind.Variable,
  Entry: SymbolKind.Property,
  Columns: SymbolKind.Struct,
};

type OutlineKind = Ast.DeclarationNode['kind'] | 'Feature' | 'Label' | 'Channel' | 'Step' | 'Entry' | 'Columns';

interface OutlineItem {
  readonly name: string;
  readonly detail: string;
  readonly kind: OutlineKind;
  readonly span: Span;
  readonly nameSpan: Span;
  readonly children: readonly OutlineItem[];
}

export function outlineOf(file: Ast.FileNode): readonly OutlineItem[] {
  return file.declarations.map(item);
}

function item(node: Ast.DeclarationNode): OutlineItem {
  switch (node.kind) {
    case 'Features':
      return plain(
        node,
        'features',
        node.entries.flatMap((entry) => typed(entry, 'Feature')),
      );
    case 'Labels':
      return plain(
        node,
        'labels',
        node.entries.flatMap((entry) => typed(entry, 'Label')),
      );
    case 'Objective':
    case 'Retrieve':
      return { ...plain(node, node.kind.toLowerCase()), detail: short(node.value.span) };
    case 'Train':
      return plain(node, 'train', node.entries.map(entryItem));
    case 'Search':
      return plain(node, 'search', node.entries.map(searchItem));
    case 'Use':
      return plain(node, node.path.value);
    case 'Let':
      return named(node, short(node.value.span));
    case 'Group':
      return named(node, node.members.map(({ name }) => name).join(', '));
    case 'Block':
      return named(node, short(node.flow.span));
    case 'ModelName':
      return named(node, '');
    case 'Tower': {
      const key = node.key ? ` keyed by ${node.key.name}` : '';
      return named(node, `(${node.inputs.map(({ name }) => name).join(', ')})${key}`, node.entries.map(step));
    }
    case 'Task':
      return named(node, '', node.entries.map(entryItem));
    case 'Data':
      return named(
        node,
        '',
        node.entries.map((entry) => (entry.kind === 'Columns' ? columns(entry) : entryItem(entry))),
      );
  }
}

/** A declaration without a name is called by its word. */
function plain(node: Ast.DeclarationNode, name: string, children: readonly OutlineItem[] = []): OutlineItem {
  const start = node.span.start;
  const headSpan = { ...node.span, start, end: Math.min(node.span.end, start + wordAt(node.span)) };
  return { name, detail: '', kind: node.kind, span: node.span, nameSpan: headSpan, children };
}

const wordAt = (span: Span): number => /^\w*/.exec(textOf(span))![0].length;

function named(
  node: Extract<Ast.DeclarationNode, { readonly name: Ast.IdentifierNode }>,
  detail: string,
  children: readonly OutlineItem[] = [],
): OutlineItem {
  return { name: node.name.name, detail, kind: node.kind, span: node.span, nameSpan: node.name.span, children };
}

function typed(entry: Ast.TypedEntryNode, kind: 'Feature' | 'Label'): readonly OutlineItem[] {
  return typedNames(entry).map(({ name, span, value }) => {
    return { name: name.name, detail: short(value.span), kind, span, nameSpan: name.span, children: [] };
  });
}

function step({ name, span, flow, channel }: Ast.TowerEntryNode): OutlineItem {
  const kind = channel ? 'Channel' : 'Step';
  return { name: name.name, detail: short(flow.span), kind, span, nameSpan: name.span, children: [] };
}

function entryItem({ name, span, value, more = [] }: Ast.EntryNode): OutlineItem {
  const valueSpan = { ...value.span, end: (more.at(-1) ?? value).span.end };
  return { name: name.name, detail: short(valueSpan), kind: 'Entry', span, nameSpan: name.span, children: [] };
}

function searchItem({ path, span, domain }: Ast.SearchEntryNode): OutlineItem {
  const [first] = path;
  const name = path.map((part) => part.name).join('.');
  const nameSpan = { ...first!.span, end: path.at(-1)!.span.end };
  return { name, detail: short(domain.span), kind: 'Entry', span, nameSpan, children: [] };
}

function columns(node: Ast.ColumnsNode): OutlineItem {
  const headSpan = { ...node.span, end: node.span.start + wordAt(node.span) };
  return {
    name: 'columns',
    detail: '',
    kind: 'Columns',
    span: node.span,
    nameSpan: headSpan,
    children: node.entries.map(entryItem),
  };
}

function short(span: Span): string {
  const text = textOf(span).replace(/\s+/g, ' ');
  return text.length > 60 ? `${text.slice(0, 60)} …` : text;
}
