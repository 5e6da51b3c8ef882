/** Where a name is declared, where it is read, and what giving it another name changes. */
import type { Edit } from '../diagnostics/diagnostic.ts';
import type { Span } from '../text/source.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { occurrenceAt } from './occurrences/occurrence.ts';
import { pairedChannels } from './paired_channels.ts';
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

export type Renaming = { readonly edits: readonly Edit[] } | { readonly refusal: string };

/**
 * Gives a name another one, in all the files given, the first of which has it in scope; a channel's partners keep it company.
 * @param recheck a file of that name as it would be with these edits made
 * @returns a refusal if the new name is not a name, or would have another meaning in some place
 */
export function renameSymbol(
  symbol: NamedSymbol,
  name: string,
  files: readonly FileAnalysis[],
  recheck: (edits: readonly Edit[]) => readonly FileAnalysis[],
): Renaming {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return { refusal: `\`${name}\` is not a name: a name consists of the letters a to z, digits and \`_\`` };
  }
  const symbols = [symbol, ...files.slice(0, 1).flatMap((facts) => pairedChannels(symbol, facts))];
  const edits = symbols.flatMap((one) => referencesTo(one, files)).map(({ span }): Edit => ({ at: span, text: name }));
  if (name === symbol.name) return { edits: [] };
  const after = recheck(edits);
  const mistakes = (all: readonly FileAnalysis[]): number =>
    all.reduce(
      (sum, { checked }) => sum + checked.diagnostics.filter(({ severity }) => severity === 'error').length,
      0,
    );
  if (!symbols.every((one) => isMoved(one, files, after, edits)) || mistakes(after) > mistakes(files)) {
    return { refusal: `\`${name}\` has another meaning here` };
  }
  return { edits };
}

/** Whether each place of the name is now somewhere else, and no other place has it. */
function isMoved(
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
