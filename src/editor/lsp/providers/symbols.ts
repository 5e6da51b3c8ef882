import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import { type OutlineItem, type OutlineKind, outlineOf } from '../../language/outline.ts';
import { toLocation, toRange } from '../convert.ts';
import { projectFacts } from '../project.ts';
import { factsOf, type Provider } from '../provider.ts';

export const symbols: Provider = {
  capabilities: { documentSymbolProvider: true, workspaceSymbolProvider: true },
  register(connection, session) {
    connection.onDocumentSymbol((params) => {
      const facts = factsOf(session, params);
      return facts ? outlineOf(facts.checked.file).map(toSymbol) : null;
    });
    connection.onWorkspaceSymbol(async ({ query }, token) => {
      const wanted = query.toLowerCase();
      return (await projectFacts(session, token)).flatMap(({ checked }) =>
        outlineOf(checked.file)
          .flatMap((item) => [item, ...item.children])
          .filter(({ kind, name }) => kind !== 'Entry' && name.toLowerCase().includes(wanted))
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
