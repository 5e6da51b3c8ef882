/** Every guess. The one with the highest score says what a column is. */
import type { Guess, Guesser } from '../guess.ts';
import type { ColumnProfile } from '../profile.ts';
import { category, leftOut, list, number, query, text, vector } from './features.ts';
import { basketByName, itemByName, userByName } from './keys.ts';
import { action, count, fold, kind, rating } from './labels.ts';
import { time } from './time.ts';

export const guessers: readonly Guesser[] = [
  userByName,
  basketByName,
  itemByName,
  time,
  rating,
  action,
  count,
  kind,
  fold,
  query,
  list,
  vector,
  text,
  number,
  category,
  leftOut,
];

/** All that a column may be, the likeliest first. */
export function guessesOf(column: ColumnProfile): readonly Guess[] {
  return guessers.flatMap((guess) => guess(column) ?? []).sort((a, b) => b.score - a.score);
}
