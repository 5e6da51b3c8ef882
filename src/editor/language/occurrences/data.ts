/** The words of a `data` declaration: columns are names within it, read before the features of the file. */
import { data } from '../../../compiler/library/declarations/data.ts';
import type { DeclarationEntry } from '../../../compiler/library/declarations/entry.ts';
import { type HistoryKind, histories } from '../../../compiler/library/declarations/histories.ts';
import { singleName } from '../../../compiler/model/calls.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { columnEntries, isHistoryEntry } from '../columns.ts';
import { type NamedSymbol, symbolOf } from '../symbols.ts';
import { known, type Values } from './values.ts';

export function dataWords(node: Ast.DataNode, values: Values): void {
  const { found } = values;
  found.declare(symbolOf('data', node));
  const columns = new Map<string, NamedSymbol>();
  for (const entry of columnEntries(node)) {
    const symbol = symbolOf('column', entry);
    if (!columns.has(symbol.name)) columns.set(symbol.name, symbol);
    found.declare(symbol);
  }
  const column = (name: Ast.IdentifierNode | undefined): void => {
    const symbol = name && (columns.get(name.name) ?? found.symbols.find(name.name, 'feature'));
    if (symbol) found.read(name.span, symbol);
  };
  for (const entry of node.entries) {
    if (entry.kind === 'Columns') continue;
    const { name, value, by } = entry;
    column(by);
    const row = known<DeclarationEntry>(data.entries, name.name);
    if (row) {
      found.add(name.span, { is: 'entry', of: 'data', name: name.name, row });
      values.entry(name.name, row, entry);
    } else if (isHistoryEntry(entry) && value.kind === 'Call') {
      const [first, ...rest] = value.arguments;
      if (first && !first.name) column(singleName(first.value));
      const places = first?.name ? value.arguments : rest;
      values.call('history', { ...value, arguments: places }, histories[value.callee.name as HistoryKind]);
    } else values.numbers(value);
  }
}
