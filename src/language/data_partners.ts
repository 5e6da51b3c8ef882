/** Columns of data and the features and labels that they feed: they go by one name, though no file says which belong together. */
import type { FileAnalysis } from './file_analysis.ts';
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
