/** A change that an editor may offer for a mistake, next to the fixes that the mistake itself has. */
import type { Code } from '../../../base/diagnostics/codes.ts';
import type { Diagnostic, Edit } from '../../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../../base/text/source.ts';
import type { FileAnalysis } from '../file_analysis.ts';

export interface Offer {
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** A mistake with its place, in the file that is analysed. */
export interface Mistake extends Diagnostic {
  readonly at: Span;
}

/** What may help, best first. It is a guess: only what a check finds better is offered. */
type Offers = (facts: FileAnalysis, mistake: Mistake) => readonly Offer[];

export type OfferTable = Partial<Readonly<Record<Code, Offers>>>;
