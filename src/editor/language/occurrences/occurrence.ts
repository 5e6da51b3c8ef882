/** What a word at its place represents. */
import type { Span } from '../../../base/text/source.ts';
import type { KindRow, Parameter } from '../../../compiler/library/contract.ts';
import type { DeclarationEntry } from '../../../compiler/library/declarations/entry.ts';
import type { NamedSymbol } from '../symbols.ts';

export type Occurrence = { readonly span: Span } & Meaning;

export type Meaning =
  | { readonly is: 'symbol'; readonly symbol: NamedSymbol; readonly declares: boolean }
  /** `what` is what its place asks for: "block", "loss". */
  | { readonly is: 'kind'; readonly what: string; readonly name: string; readonly row: KindRow }
  | { readonly is: 'parameter'; readonly kind: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'word'; readonly word: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'entry'; readonly of: string; readonly name: string; readonly row: DeclarationEntry }
  | { readonly is: 'label type'; readonly name: 'binary' | 'number' };

/** Of the file itself at an offset, its ends included; the word that begins there goes before the one that ends there. */
export function occurrenceAt(
  occurrences: readonly Occurrence[],
  source: Span['source'],
  offset: number,
): Occurrence | undefined {
  const here = occurrences.filter(
    ({ span }) => span.source === source && span.start <= offset && offset <= span.end && span.start < span.end,
  );
  return here.find(({ span }) => offset < span.end) ?? here.at(-1);
}
