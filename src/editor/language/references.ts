/** Where a name is declared, and where it is read. */
import type { Span } from '../../base/text/source.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { occurrenceAt } from './occurrences/occurrence.ts';
import { isSame, type NamedSymbol } from './symbols.ts';

/** The name at an offset: what it represents, and where exactly it is. */
export function symbolAt(facts: FileAnalysis, offset: number): { symbol: NamedSymbol; span: Span } | undefined {
  const occurrence = occurrenceAt(facts.occurrences, facts.source, offset);
  return occurrence?.is === 'symbol' ? { symbol: occurrence.symbol, span: occurrence.span } : undefined;
}

export interface Reference {
  readonly span: Span;
  readonly declares: boolean;
}

/** Every place of a name in these files, each once, by file and place. */
export function referencesTo(symbol: NamedSymbol, files: Iterable<FileAnalysis>): readonly Reference[] {
  const found = new Map<string, Reference>();
  for (const { occurrences } of files) {
    for (const occurrence of occurrences) {
      if (occurrence.is !== 'symbol' || !isSame(occurrence.symbol, symbol)) continue;
      const { span, declares } = occurrence;
      found.set(`${span.start} ${span.source.name}`, { span, declares });
    }
  }
  return [...found.values()].sort(
    (a, b) => compare(a.span.source.name, b.span.source.name) || a.span.start - b.span.start,
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
