/** Looks names up. It guesses the meaning of an unknown word: another term of the field, or a misspelling. */
import { findNearestName } from '../../base/text/nearest.ts';
import type { Span } from '../../base/text/source.ts';
import { isTerm, meaningOf, type OtherNames, type WordPlace } from '../../base/text/synonyms.ts';
import type * as Ast from '../syntax/ast.ts';
import { library } from './library.ts';
import { declaredIn, type Extra, type Report } from './report.ts';

/**
 * Looks up a name. A misspelled one is reported and taken for the nearest, so that no further errors follow.
 * @param within the declarations that may have the name: without them, towers
 * @returns undefined if no name is near
 */
export function find<T>(
  what: string,
  table: ReadonlyMap<string, T>,
  { name, span }: Pick<Ast.IdentifierNode, 'name' | 'span'>,
  report: Report,
  within: Extra['within'] = declaredIn.tower,
): { readonly name: string; readonly value: T } | undefined {
  const value = table.get(name);
  if (value !== undefined) return { name, value };
  const { nearest: near, extra } = guess(name, span, table.keys());
  report('unknown-name', span, { what, name, nearest: near, known: [...table.keys()] }, { ...extra, within });
  return near === undefined ? undefined : { name: near, value: table.get(near)! };
}

export interface Guess {
  /** The candidate that was most likely meant. */
  readonly nearest?: string;
  /** Replaces "did you mean" in the hint if the word is a known term of the field. */
  readonly advice?: string;
  /** The fix of the report. */
  readonly extra: Extra;
}

/** Further names for suggestions, in addition to the candidates. */
interface GuessOptions {
  /** Candidates that are already in use. They cannot be meant, but one may be nearer than all others, which then makes the guess doubtful. */
  readonly taken?: Iterable<string>;
  /** Candidates that the file declares. A word near one of them is not looked up as a synonym. */
  readonly declared?: Iterable<string>;
  /** The rows of the candidates, if these are not kinds. A row may have alternative names. */
  readonly rows?: Rows;
}

/**
 * @param candidates the allowed words
 * @param place the kind of word that is expected; absent for names that the file declares
 */
export function guess(
  name: string,
  at: Span,
  candidates: Iterable<string>,
  place?: WordPlace,
  { taken = [], declared = [], rows }: GuessOptions = {},
): Guess {
  const freeNames = [...new Set(candidates)];
  const takenNames = new Set([...taken].filter((word) => !freeNames.includes(word)));
  const nearestOfAll = findNearestName(name, [...freeNames, ...takenNames]);
  const nearestFree =
    nearestOfAll !== undefined && !takenNames.has(nearestOfAll.name) ? nearestOfAll : findNearestName(name, freeNames);
  const isSure = nearestFree !== undefined && nearestFree === nearestOfAll && nearestFree.sure;
  // True if only case and underscores differ.
  const isSpelledAlike = isSure && flat(name) === flat(nearestFree.name);
  const isDeclared = nearestFree !== undefined && [...declared].includes(nearestFree.name);
  const meaning =
    place === undefined || isSpelledAlike || isDeclared
      ? undefined
      : meaningOf(name, place, freeNames, rows ?? rowsAt[place]);
  if (meaning?.write !== undefined && freeNames.includes(meaning.write)) {
    const { write, same } = meaning;
    return { nearest: write, advice: `Tower calls it \`${write}\``, extra: suggested([write], at, !same) };
  }
  if (meaning !== undefined) return { advice: meaning.advice ?? `write \`${meaning.write}\``, extra: {} };
  if (nearestFree === undefined) return { extra: {} };
  const isDoubtful = !isSure || (!isSpelledAlike && isTerm(name));
  return { nearest: nearestFree.name, extra: suggested([nearestFree.name, ...nearestFree.ties], at, isDoubtful) };
}

/** Reports a word that is none of the known kinds. */
export function unknownKind(
  report: Report,
  what: string,
  { name, span }: Pick<Ast.IdentifierNode, 'name' | 'span'>,
  known: readonly string[],
  place?: WordPlace,
): undefined {
  const { extra, ...meant } = guess(name, span, known, place);
  return report('unknown-kind', span, { what, name, known, ...meant }, extra);
}

type Rows = Readonly<Record<string, OtherNames>>;

/** Tables of kinds by the position that names one. A row may have alternative names. */
const rowsAt: Readonly<Partial<Record<WordPlace, Rows>>> = {
  feature: library.features,
  block: library.blocks,
  score: library.scores,
  loss: library.losses,
  weighting: library.weightings,
  optimizer: library.optimizers,
  metric: library.metrics,
};

const suggested = (words: readonly string[], at: Span, doubtful: boolean): Extra => ({
  fixes: words.map((text) => [{ at, text }]),
  ...(doubtful ? { doubtful } : {}),
});

const flat = (word: string): string => word.replace(/[_\-\s]/g, '').toLowerCase();
