/** Texts with a mark where the cursor stands. */
import { Facts } from '../../src/language/file_analysis.ts';
import { type CheckOptions, check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';

export interface Marked {
  readonly facts: Facts;
  readonly offset: number;
}

/** The check of a text without its `|`, and where that stood. */
export function marked(text: string, options: CheckOptions = {}): Marked {
  const offset = text.indexOf('|');
  if (offset === -1 || text.indexOf('|', offset + 1) !== -1) throw new Error('invariant: one mark');
  return { facts: factsOf(text.replace('|', ''), options), offset };
}

export const factsOf = (text: string, options: CheckOptions = {}): Facts =>
  new Facts(check(makeSource('model.tower', text), options));
