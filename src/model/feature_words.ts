/** What the words within a feature represent: another feature, or a constant. */
import { Kept } from '../kept/kept.ts';
import { textOf } from '../text/source.ts';
import type { Scope } from './scope.ts';

/** A text that is another where one of the words represents something else. */
export function meaningOf(words: readonly string[], { features, lets }: Pick<Scope, 'features' | 'lets'>): string {
  if (words.length === 0) return '';
  const { names, text } = constants.of(lets, [], () => ({
    names: new Set(lets.map(({ name }) => name.name)),
    text: lets.map(({ span }) => textOf(span)).join('\n'),
  }));
  // A constant may read others.
  return words.map((word) => `${features.has(word)} ${names.has(word) ? text : ''}`).join();
}

const constants = new Kept<{ readonly names: ReadonlySet<string>; readonly text: string }>();
