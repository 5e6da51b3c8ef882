/** Answers with the declarations of a file, or of the project, and their contents. */
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import { type Span, spanText } from '../../../base/text/source.ts';
import { flatText } from '../../../compiler/model/expressions.ts';
import { typedNames } from '../../../compiler/model/occurrences.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { projectFacts } from '../project.ts';
import { aboutDocument, type Provider, toRange } from '../provider.ts';

export const symbols: Provider = {
  capabilities: { documentSymbolProvider: true, workspaceSymbolProvider: true },
  register(connection, session) {
    connection.onDocumentSymbol(aboutDocument(session, ({ checked }) => outlineOf(checked.file)));
    connection.onWorkspaceSymbol(async ({ query }, token) => {
      const lowerQuery = query.toLowerCase();
      return (await projectFacts(session, token)).flatMap(({ checked, source }) =>
        outlineOf(checked.file)
          .flatMap((symbol) => [symbol, ...symbol.children!])
          .filter(({ kind, name }) => kind !== SymbolKind.Property && name.toLowerCase().includes(lowerQuery))
          .map(({ name, kind, selectionRange: range }) => ({
            ...{ name, kind },
            location: { uri: session.uriOf(source.name), range },
          })),
      );
    });
  },
};

const declarationKinds: Readonly<Record<Ast.DeclarationNode['kind'], SymbolKind>> = {
  Use: SymbolKind.File,
  Let: SymbolKind.Constant,
  ModelName: SymbolKind.Module,
  Features: SymbolKind.Struct,
  Labels: SymbolKind.Struct,
  Group: SymbolKind.Array,
  Block: SymbolKind.Function,
  Loss: SymbolKind.Function,
  Tower: SymbolKind.Class,
  Task: SymbolKind.Event,
  Objective: SymbolKind.Operator,
  Retrieve: SymbolKind.Operator,
  Train: SymbolKind.Object,
  Search: SymbolKind.Object,
  Data: SymbolKind.Namespace,
};

/** Outlines a file. The entries of declarations are properties. */
export const outlineOf = (file: Ast.FileNode): DocumentSymbol[] =>
  file.declarations.map((node) => {
    // A declaration without a name is shown by its keyword.
    const declaredName =
      'name' in node ? node.name.name : node.kind === 'Use' ? node.path.value : node.kind.toLowerCase();
    const nameSpan = 'name' in node ? node.name.span : firstWord(node.span);
    return symbolOf(declarationKinds[node.kind], declaredName, nameSpan, node.span, detailOf(node), childrenOf(node));
  });

function symbolOf(
  kind: SymbolKind,
  name: string,
  nameSpan: Span,
  span: Span,
  detail: string,
  children: DocumentSymbol[] = [],
): DocumentSymbol {
  return { name, detail, kind, range: toRange(span), selectionRange: toRange(nameSpan), children };
}

function firstWord(span: Span): Span {
  const [word] = /^[\p{L}\p{M}\w]*/u.exec(spanText(span))!;
  return { ...span, end: span.start + word.length };
}

function detailOf(node: Ast.DeclarationNode): string {
  switch (node.kind) {
    case 'Objective':
    case 'Retrieve':
    case 'Let':
      return short(node.value.span);
    case 'Group':
      return node.members.map(({ name }) => name).join(', ');
    case 'Block':
    case 'Loss':
      return short(node.flow?.span ?? signatureSpan(node));
    case 'Tower': {
      const key = node.key ? ` keyed by ${node.key.name}` : '';
      return `(${node.inputs.map(({ name }) => name).join(', ')})${key}`;
    }
    default:
      return '';
  }
}

function childrenOf(node: Ast.DeclarationNode): DocumentSymbol[] {
  switch (node.kind) {
    case 'Features':
    case 'Labels':
      return node.entries
        .flatMap(typedNames)
        .map(({ name, span, value }) => symbolOf(SymbolKind.Field, name.name, name.span, span, short(value.span)));
    case 'Block':
    case 'Loss':
      return node.formula ? formulaSymbols(node.formula) : [];
    case 'Train':
    case 'Task':
      return node.entries.map(entrySymbol);
    case 'Search':
      return node.entries.map(({ path, span, domain }) => {
        const nameSpan = { ...path[0]!.span, end: path.at(-1)!.span.end };
        const pathName = path.map((part) => part.name).join('.');
        return symbolOf(SymbolKind.Property, pathName, nameSpan, span, short(domain.span));
      });
    case 'Tower':
      return node.entries.map(({ name, span, flow }) =>
        symbolOf(SymbolKind.Variable, name.name, name.span, span, short(flow.span)),
      );
    case 'Data':
      return node.entries.map((entry) =>
        entry.kind === 'Columns'
          ? symbolOf(
              SymbolKind.Struct,
              'columns',
              firstWord(entry.span),
              entry.span,
              '',
              entry.entries.map(entrySymbol),
            )
          : entrySymbol(entry),
      );
    default:
      return [];
  }
}

/** Returns the span from `of` to the last input, or the name of a block that could not be read. */
const signatureSpan = ({ formula, name }: Ast.BlockNode | Ast.LossNode): Span =>
  formula ? { ...formula.span, end: formula.inputs.at(-1)?.span.end ?? formula.span.end } : name.span;

/** Returns the inputs, weights and lines of a formula. */
function formulaSymbols({ inputs, entries }: Ast.FormulaNode): DocumentSymbol[] {
  const valueSymbol = (kind: SymbolKind, { name, span }: Named, detail: Span = span): DocumentSymbol =>
    symbolOf(kind, name.name, name.span, span, short(detail));
  return [
    ...inputs.map((input) => valueSymbol(SymbolKind.Field, input)),
    ...entries.flatMap((entry) => {
      switch (entry.kind) {
        case 'Weights':
          return entry.weights.map((weight) => valueSymbol(SymbolKind.Constant, weight));
        case 'Scan':
          return entry.entries.map((line) => valueSymbol(SymbolKind.Variable, line));
        case 'Repeat':
          return entry.entries.flatMap((line) =>
            line.kind === 'Weights'
              ? line.weights.map((weight) => valueSymbol(SymbolKind.Constant, weight))
              : [valueSymbol(SymbolKind.Variable, line)],
          );
        case 'Definition':
          return [valueSymbol(SymbolKind.Variable, entry, entry.value.span)];
        case 'Give':
          return [symbolOf(SymbolKind.Operator, 'give', firstWord(entry.span), entry.span, short(entry.value.span))];
        default:
          return [];
      }
    }),
  ];
}

interface Named {
  readonly name: Ast.IdentifierNode;
  readonly span: Span;
}

function entrySymbol({ name, span, value, more = [] }: Ast.EntryNode): DocumentSymbol {
  const valueSpan = { ...value.span, end: (more.at(-1) ?? value).span.end };
  return symbolOf(SymbolKind.Property, name.name, name.span, span, short(valueSpan));
}

function short(span: Span): string {
  const spanText = flatText(span);
  return spanText.length > 60 ? `${spanText.slice(0, 60)} …` : spanText;
}
