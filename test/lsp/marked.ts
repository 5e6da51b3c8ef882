/** Texts with a mark where the cursor is. */
import { FileAnalysis } from '../../src/language/file_analysis.ts';
import { type CheckOptions, check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';

export interface Marked {
  readonly facts: FileAnalysis;
  readonly offset: number;
}

/** The check of a text without its `|`, and where that was. */
export function marked(text: string, options: CheckOptions = {}): Marked {
  const offset = text.indexOf('|');
  if (offset === -1 || text.indexOf('|', offset + 1) !== -1) throw new Error('invariant: one mark');
  return { facts: factsOf(text.replace('|', ''), options), offset };
}

export const factsOf = (text: string, options: CheckOptions = {}): FileAnalysis =>
  new FileAnalysis(check(makeSource('model.tower', text), options));
