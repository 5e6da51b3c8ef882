/** What a `search` declares: the parameters of a study, in the order written. */
import type { Span } from '../../base/text/source.ts';

export interface SearchParameter {
  /** The path of a setting: `dense.rate`. */
  readonly name: string;
  readonly span: Span;
  readonly domain: Domain;
  /** What the file itself has, if the domain has it: a number of the range, or the place of a choice. */
  readonly usual?: number;
}

export type Domain =
  /** The text of each choice, on one line. */
  | { readonly kind: 'choices'; readonly choices: readonly { readonly text: string; readonly span: Span }[] }
  | {
      readonly kind: 'range';
      /** `from` is below `to`; both may be drawn. */
      readonly from: number;
      readonly to: number;
      /** Even in the logarithm; `from` is above 0. */
      readonly log: boolean;
      /** Whole numbers alone. */
      readonly whole: boolean;
      /** Where the ends are written. */
      readonly ends: readonly [Span, Span];
    };

/** The values that are tried when a file is checked: each choice, and the ends of a range. */
export function triedValues({ domain }: SearchParameter): readonly { readonly text: string; readonly span: Span }[] {
  if (domain.kind === 'choices') return domain.choices;
  const { from, to, ends } = domain;
  return [
    { text: String(from), span: ends[0] },
    { text: String(to), span: ends[1] },
  ];
}
