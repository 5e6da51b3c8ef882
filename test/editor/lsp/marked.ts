/** Texts with a mark where the cursor is. */
import { makeSource } from '../../../src/base/text/source.ts';
import { type CheckOptions, checkSource } from '../../../src/compiler/pipeline.ts';
import { FileAnalysis } from '../../../src/editor/language/file_analysis.ts';

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
  new FileAnalysis(checkSource(makeSource('model.tower', text), options));
