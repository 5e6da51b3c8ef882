/** Renames a name: computes the edits, or the reason for a refusal. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { explainInvalidName, isIdentifier } from '../../base/text/names.ts';
import type { Span } from '../../base/text/source.ts';
import { quoteSqlName } from '../../base/text/sql.ts';
import { firstWordOf, operandsOf, singleName } from '../../compiler/model/expressions.ts';
import { rowIn } from '../../compiler/model/library.ts';
import { columnEntries, isHistoryEntry, type NamedSymbol } from '../../compiler/model/occurrences.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { entryAfter } from './edits.ts';
import { type FileAnalysis, referencesTo } from './file_analysis.ts';
import { isSame, SymbolTable } from './symbols.ts';

type Renaming = { readonly edits: readonly Edit[] } | { readonly refusal: string };

/**
 * Renames a name in all given files; it must be in scope in the first. Partners of a channel and columns of a feature are renamed too. A column that
 * is named only in the header of its file is bound to the new name. @param recheck returns the files after the edits @returns a refusal if the new
 * name is invalid, or would change the meaning somewhere
 */
export function renameSymbol(
  symbol: NamedSymbol,
  name: string,
  files: readonly FileAnalysis[],
  recheck: (edits: readonly Edit[]) => readonly FileAnalysis[],
  headers: HeaderColumns = new Map(),
): Renaming {
  if (!isIdentifier(name)) return { refusal: `\`${name}\` is not a name: ${explainInvalidName(name)}` };
  const symbolsToRename = [
    symbol,
    ...files.slice(0, 1).flatMap((facts) => pairedChannels(symbol, facts)),
    ...dataPartners(symbol, files),
  ];
  if (name === symbol.name) return { edits: [] };
  const renameEdits = symbolsToRename
    .flatMap((one) => referencesTo(one, files))
    .map(({ span }): Edit => ({ at: span, text: name }));
  const isRenamed = ({ at }: Edit): boolean =>
    renameEdits.some((edit) => edit.at.start === at.start && edit.at.source.name === at.source.name);
  const bindings = bindingsFor(symbol, name, files, headers).filter((edit) => !isRenamed(edit));
  const edits = [...renameEdits, ...bindings];
  const filesAfter = recheck(edits);
  const filesRenamed = bindings.length > 0 ? recheck(renameEdits) : filesAfter;
  const countErrors = (all: readonly FileAnalysis[]): number =>
    all.flatMap(({ checked }) => checked.diagnostics).filter(({ severity }) => severity === 'error').length;
  if (
    !symbolsToRename.every((one) => isMoved(one, files, filesRenamed, renameEdits)) ||
    countErrors(filesAfter) > countErrors(files)
  ) {
    return { refusal: `\`${name}\` has another meaning here` };
  }
  return { edits };
}

/** True if the edits rename every occurrence of a name, and no occurrence of another name. */
function isMoved(
  symbol: NamedSymbol,
  before: readonly FileAnalysis[],
  after: readonly FileAnalysis[],
  edits: readonly Edit[],
): boolean {
  const expected = referencesTo(symbol, before).map(({ span }) => startAfter(span, edits));
  const declaredAt = startAfter(symbol.span, edits);
  const renamedWord = after
    .flatMap(({ occurrences }) => occurrences)
    .find((word) => word.is === 'symbol' && word.declares && startOf(word.span) === declaredAt);
  const actual =
    renamedWord?.is === 'symbol' ? referencesTo(renamedWord.symbol, after).map(({ span }) => startOf(span)) : [];
  return expected.sort().join('\n') === actual.sort().join('\n');
}

const startOf = ({ source, start }: Span): string => `${source.name} ${start}`;

/** Returns where a span begins after the edits. */
function startAfter({ source, start }: Span, edits: readonly Edit[]): string {
  const editsBefore = edits.filter(({ at }) => at.source.name === source.name && at.start < start);
  const movedBy = editsBefore.reduce((sum, { at, text }) => sum + text.length - (at.end - at.start), 0);
  return `${source.name} ${start + movedBy}`;
}

/** Returns the channels that a score pairs with a channel by its name. The pairing would break if they did not get the new name too. */
function pairedChannels({ kind, name, tower }: NamedSymbol, { checked }: FileAnalysis): readonly NamedSymbol[] {
  if (kind !== 'channel' || tower === undefined) return [];
  const { scope } = checked.resolution;
  const symbols = new SymbolTable(checked.resolution);
  const scoreEntries = [...scope.tasks.values()].flatMap(({ entries }) =>
    entries.filter((entry) => entry.name.name === 'score'),
  );
  const pairedTowers = scoreEntries
    .flatMap(({ value }) => operandsOf(value).flatMap(wholeTowers))
    .filter((pair) => pair.includes(tower))
    .flatMap((pair) => pair.filter((other) => other !== tower));
  return [...new Set(pairedTowers)].flatMap((other) => {
    const pairedStep = symbols.step(other, name);
    return pairedStep?.kind === 'channel' ? [pairedStep] : [];
  });
}

/** Returns the names that stand alone in a call of a score: towers, whose channels all take part. */
function wholeTowers(value: Ast.ExpressionNode): readonly (readonly string[])[] {
  return value.kind === 'Call' ? [value.arguments.flatMap((argument) => singleName(argument.value)?.name ?? [])] : [];
}

/** Returns the columns that feed a feature or label by its name, or the features and labels that a column feeds; none if several files declare the name. */
function dataPartners(symbol: NamedSymbol, files: readonly FileAnalysis[]): readonly NamedSymbol[] {
  const isColumn = symbol.kind === 'column';
  if (!isColumn && symbol.kind !== 'feature' && symbol.kind !== 'label') return [];
  const sameNamed = declaredAs(symbol.name, files).filter((one) => !isSame(one, symbol));
  const sameKind = sameNamed.filter(({ kind }) => (kind === 'column') === isColumn);
  const otherFile = sameKind.some(({ span }) => span.source.name !== symbol.span.source.name);
  return otherFile ? [] : sameNamed.filter(({ kind }) => (kind === 'column') !== isColumn);
}

/** Returns the features, labels and columns of a name, each once. */
function declaredAs(name: string, files: readonly FileAnalysis[]): readonly NamedSymbol[] {
  const declaredSymbols = files
    .flatMap(({ occurrences }) => occurrences)
    .flatMap((word) => (word.is === 'symbol' && word.declares && word.symbol.name === name ? [word.symbol] : []))
    .filter(({ kind }) => ['feature', 'label', 'column'].includes(kind));
  return declaredSymbols.filter(
    (symbol, index) => declaredSymbols.findIndex((other) => isSame(other, symbol)) === index,
  );
}

/** Columns in the headers of data files, by the file that has the data block. */
type HeaderColumns = ReadonlyMap<string, readonly string[]>;

/**
 * Returns edits for data blocks if a feature or label that reads a column of its own name gets a new name: an entry that binds the new name to the column.
 * Changes the blocks whose files have the column; if no header is known, the only block of the project.
 */
function bindingsFor(
  symbol: NamedSymbol,
  name: string,
  files: readonly FileAnalysis[],
  headers: HeaderColumns,
): readonly Edit[] {
  // If several models declare it, the others still read the column by its name, so the column keeps it.
  if (!readsColumn(symbol, files)) return [];
  const dataBlocks = files.flatMap(({ source, checked }) =>
    checked.file.declarations.flatMap((node) =>
      node.kind === 'Data' ? [{ node, columns: headers.get(source.name) }] : [],
    ),
  );
  return dataBlocks.flatMap(({ node, columns = [] }) => {
    const feedsColumn = columns.length > 0 ? columns.includes(symbol.name) : dataBlocks.length === 1;
    const isBound = columnEntries(node).some((entry) => entry.name.name === symbol.name);
    return feedsColumn && !isBound ? bindingIn(node, symbol.name, name) : [];
  });
}

/** True if the symbol reads a column of its own name. A cross of two features, for example, reads the columns of others. */
function readsColumn({ kind, node }: NamedSymbol, files: readonly FileAnalysis[]): boolean {
  if (kind !== 'feature' || node.kind !== 'TypedName') return kind === 'label';
  const { library } = files[0]!.checked.resolution;
  return rowIn(library.features, firstWordOf(node.value) ?? '')?.column !== 'none';
}

function bindingIn(node: Ast.DataNode, column: string, name: string): readonly Edit[] {
  const entry = `${name} = ${JSON.stringify(quoteSqlName(column))}`;
  const columnsBlock = node.entries.find((one) => one.kind === 'Columns' && one.entries.length > 0);
  const lastColumn = columnsBlock?.kind === 'Columns' ? columnsBlock.entries.at(-1) : undefined;
  const boundEdit = lastColumn
    ? entryAfter(node, lastColumn, entry)
    : node.entries.length > 0 && entryAfter(node, node.entries.at(-1)!, `columns { ${entry} }`);
  const keyNames = node.entries.flatMap((one) => {
    if (one.kind === 'Columns') return [];
    const firstArgument = isHistoryEntry(one) && one.value.kind === 'Call' ? one.value.arguments[0] : undefined;
    return [one.by, firstArgument && singleName(firstArgument.value)].filter((word) => word?.name === column);
  });
  return [...(boundEdit ? [boundEdit] : []), ...keyNames.map((word) => ({ at: word!.span, text: name }))];
}
