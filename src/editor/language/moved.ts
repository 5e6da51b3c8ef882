/** Whether edits carried every place of a name along, and gave it no place that was another name's. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { referencesTo } from './references.ts';
import type { NamedSymbol } from './symbols.ts';

/** Whether each place of the name is now somewhere else, and no other place has it. */
export function isMoved(
  symbol: NamedSymbol,
  before: readonly FileAnalysis[],
  after: readonly FileAnalysis[],
  edits: readonly Edit[],
): boolean {
  const moved = referencesTo(symbol, before).map(({ span }) => placeAfter(span, edits));
  const declared = placeAfter(symbol.span, edits);
  const renamed = after
    .flatMap(({ occurrences }) => occurrences)
    .find((one) => one.is === 'symbol' && one.declares && place(one.span) === declared);
  const now = renamed?.is === 'symbol' ? referencesTo(renamed.symbol, after).map(({ span }) => place(span)) : [];
  moved.sort();
  return now.length === moved.length && now.sort().every((at, index) => at === moved[index]);
}

const place = ({ source, start }: Span): string => `${source.name} ${start}`;

/** Where a span begins once the edits are made. */
function placeAfter({ source, start }: Span, edits: readonly Edit[]): string {
  const before = edits.filter(({ at }) => at.source.name === source.name && at.start < start);
  const moved = before.reduce((sum, { at, text }) => sum + text.length - (at.end - at.start), 0);
  return `${source.name} ${start + moved}`;
}
