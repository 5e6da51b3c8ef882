/** The names of columns that a `data` declaration has: those of `columns`, and its histories. */
import { data } from '../../compiler/library/declarations/data.ts';
import { histories } from '../../compiler/library/declarations/histories.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';

export function isHistoryEntry({ name, value }: Ast.EntryNode): boolean {
  return (
    !Object.hasOwn(data.entries, name.name) && value.kind === 'Call' && Object.hasOwn(histories, value.callee.name)
  );
}

/** In the order of the file. */
export function columnEntries(node: Ast.DataNode): readonly Ast.EntryNode[] {
  return node.entries.flatMap((entry) => {
    if (entry.kind === 'Columns') return entry.entries;
    return isHistoryEntry(entry) ? [entry] : [];
  });
}
