import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver';
import { type OutlineItem, type OutlineSort, outlineOf } from '../../language/outline.ts';
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
    connection.onWorkspaceSymbol(({ query }) => {
      const wanted = query.toLowerCase();
      return projectFacts(session).flatMap(({ checked }) =>
        outlineOf(checked.file)
          .flatMap((item) => [item, ...item.children])
          .filter(({ sort, name }) => sort !== 'Entry' && name.toLowerCase().includes(wanted))
          .map(({ name, sort, nameSpan }) => ({ name, kind: kinds[sort], location: toLocation(session, nameSpan) })),
      );
    });
  },
};

function toSymbol({ name, detail, sort, span, nameSpan, children }: OutlineItem): DocumentSymbol {
  return {
    name,
    detail,
    kind: kinds[sort],
    range: toRange(span),
    selectionRange: toRange(nameSpan),
    children: children.map(toSymbol),
  };
}

const kinds: Readonly<Record<OutlineSort, SymbolKind>> = {
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
  Data: SymbolKind.Namespace,
  Feature: SymbolKind.Field,
  Label: SymbolKind.Field,
  Channel: SymbolKind.Variable,
  Step: SymbolKind.Variable,
  Entry: SymbolKind.Property,
  Columns: SymbolKind.Struct,
};
