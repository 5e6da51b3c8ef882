/** Columns of data and the features and labels that they feed: they go by one name, though no file says which belong together. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { sqlName } from '../../base/text/sql.ts';
import { singleName, wordOf } from '../../compiler/model/calls.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { columnEntries, isHistoryEntry } from './columns.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { known } from './occurrences/values.ts';
import { entryAfter } from './offers/places.ts';
import { isSame, type NamedSymbol } from './symbols.ts';

/**
 * What else a name of a model or of a data block is, in the files of a project: of a feature or label the columns, of a column the
 * features and labels. Nothing where several files declare the same: then it is not clear which are meant.
 */
export function dataPartners(symbol: NamedSymbol, files: readonly FileAnalysis[]): readonly NamedSymbol[] {
  const isColumn = symbol.kind === 'column';
  if (!isColumn && symbol.kind !== 'feature' && symbol.kind !== 'label') return [];
  const alike = declaredAs(symbol.name, files).filter((one) => !isSame(one, symbol));
  const rivals = alike.filter(({ kind }) => (kind === 'column') === isColumn);
  const otherFile = rivals.some(({ span }) => span.source.name !== symbol.span.source.name);
  return otherFile ? [] : alike.filter(({ kind }) => (kind === 'column') !== isColumn);
}

/** The features, labels and columns of a name, each once. */
function declaredAs(name: string, files: readonly FileAnalysis[]): readonly NamedSymbol[] {
  const found: NamedSymbol[] = [];
  for (const { occurrences } of files) {
    for (const one of occurrences) {
      if (one.is !== 'symbol' || !one.declares || one.symbol.name !== name) continue;
      const { symbol } = one;
      if (!['feature', 'label', 'column'].includes(symbol.kind)) continue;
      if (!found.some((other) => isSame(other, symbol))) found.push(symbol);
    }
  }
  return found;
}

/** The columns that headers of data files name, by the file with the data block. */
export type HeaderColumns = ReadonlyMap<string, readonly string[]>;

/**
 * What data blocks need when a feature or label gets a new name, and they feed it by the name of a column alone: an entry that gives
 * the column that name. Blocks do whose files have the column; where no header is known, the only block of the project does.
 */
export function bindingsFor(
  symbol: NamedSymbol,
  name: string,
  files: readonly FileAnalysis[],
  headers: HeaderColumns,
): readonly Edit[] {
  // Where several models declare it, others go on to read the column by its name, which stays.
  if (!readsColumn(symbol, files)) return [];
  const blocks = files.flatMap(({ source, checked }) =>
    checked.file.declarations.flatMap((node) =>
      node.kind === 'Data' ? [{ node, columns: headers.get(source.name) }] : [],
    ),
  );
  return blocks.flatMap(({ node, columns = [] }) => {
    const feeds = columns.length > 0 ? columns.includes(symbol.name) : blocks.length === 1;
    const named = columnEntries(node).some((entry) => entry.name.name === symbol.name);
    return feeds && !named ? bindingIn(node, symbol.name, name) : [];
  });
}

/** A cross of two features, and the like, read the columns of others. */
function readsColumn({ kind, node }: NamedSymbol, files: readonly FileAnalysis[]): boolean {
  if (kind !== 'feature' || node.kind !== 'TypedName') return kind === 'label';
  const { library } = files[0]!.checked.resolution;
  return known(library.features, wordOf(node.value) ?? '')?.column !== 'none';
}

function bindingIn(node: Ast.DataNode, column: string, name: string): readonly Edit[] {
  const entry = `${name} = ${JSON.stringify(sqlName(column))}`;
  const own = node.entries.find((one) => one.kind === 'Columns' && one.entries.length > 0);
  const last = own?.kind === 'Columns' ? own.entries.at(-1) : undefined;
  const bound = last
    ? entryAfter(node, last, entry)
    : node.entries.length > 0 && entryAfter(node, node.entries.at(-1)!, `columns { ${entry} }`);
  const keys = node.entries.flatMap((one) => {
    if (one.kind === 'Columns') return [];
    const first = isHistoryEntry(one) && one.value.kind === 'Call' ? one.value.arguments[0] : undefined;
    return [one.by, first && singleName(first.value)].filter((word) => word?.name === column);
  });
  return [...(bound ? [bound] : []), ...keys.map((word) => ({ at: word!.span, text: name }))];
}
