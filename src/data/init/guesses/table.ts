import type { ColumnGuess, ColumnProfile, Guesser } from '../column_profile.ts';
import { meansOf } from '../column_words.ts';
import { featureGuessers } from './feature_guesses.ts';
import { keyGuessers } from './key_guesses.ts';
import { labelGuessers } from './label_guesses.ts';

/** Matches names of times that do not belong to the event itself. */
const otherMoments =
  /birth|born|dob|release|publish|expire|expiry|signup|registered|join|founded|geburt|update|modified|end|limit|ship|deliver|due|deadline|required|return|zurück/i;

const time: Guesser = ({ name, time: form, kind, type, distinct, present, rows }) => {
  const isTyped = /^(DATE|TIMESTAMP)/.test(type ?? '');
  if (form === undefined && !isTyped) return undefined;
  const word = meansOf(name, 'time');
  // A number with nine digits may be something else.
  const isDoubtful = kind === 'integer' && (form?.name === 'seconds' || form?.name === 'compact');
  const spreadPenalty = present > 20 && distinct < 3 ? -0.5 : 0;
  // The time of an event is in each of its rows.
  const gapPenalty = present < rows * 0.95 ? -0.1 : 0;
  const score =
    (isDoubtful ? 0.45 : 0.7) +
    (word === undefined ? 0 : 0.25) -
    (otherMoments.test(name) ? 0.4 : 0) +
    spreadPenalty +
    gapPenalty;
  if (score < 0.3) return undefined;
  const nameReason = word === undefined ? '' : `its name says \`${word}\`, and `;
  return { role: 'time', score, because: `${nameReason}its values are ${form?.doc ?? 'times'}` };
};

const guessers: readonly Guesser[] = [...keyGuessers, time, ...labelGuessers, ...featureGuessers];

/** Returns all guesses about a column, the likeliest first. */
export const guessesOf = (column: ColumnProfile): readonly ColumnGuess[] =>
  guessers.flatMap((guess) => guess(column) ?? []).sort((a, b) => b.score - a.score);
