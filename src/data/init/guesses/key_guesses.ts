/** Guesses users and items: ids that occur repeatedly, in columns whose names suggest users or items. */
import type { ColumnGuess, ColumnProfile, Guesser } from '../column_profile.ts';
import { meansOf } from '../column_words.ts';

/** Words for something narrower than a user: a user has several sessions. */
const narrowerWords: ReadonlySet<string> = new Set(
  'session sessions visitor cookie device profile account household email'.split(' '),
);

/** True if values may be keys: they are short, and no times, lists or fractions. */
export const isKeyLike = ({ kind, time, separator, meanLength, distinct, type }: ColumnProfile): boolean =>
  (kind === 'integer' || kind === 'text') &&
  (time === undefined || kind === 'integer') &&
  separator === undefined &&
  meanLength <= 64 &&
  distinct >= 2 &&
  !/^(DATE|TIMESTAMP)/.test(type ?? '');

export const rowsPerValue = ({ present, distinct }: ColumnProfile): number => (distinct === 0 ? 0 : present / distinct);

/** True for a name without meaning: `column3`, `_c0`, `f1`, `a`. */
export const isNameless = ({ name }: ColumnProfile): boolean =>
  /^(column|col|_?c|f|field|var|v|x)?[ _]?\d*$|^[a-z]$/i.test(name);

function byName(role: 'user' | 'item'): Guesser {
  return (column) => {
    const word = meansOf(column.name, role);
    if (word === undefined || !isKeyLike(column)) return undefined;
    const otherWords = column.words.filter((other) => other !== word && meansOf(other, 'id') === undefined);
    const isAlone = otherWords.length === 0 || column.words.join('') === word;
    // `user_age` describes a user but does not identify one.
    const isName = otherWords.every(
      (other, index) =>
        meansOf(other, 'title') !== undefined ||
        (index < column.words.indexOf(word) && meansOf(other, 'happening') !== undefined),
    );
    if (!isAlone && !isName && meansOf(column.name, 'id') === undefined) return undefined;
    const isRepeated = rowsPerValue(column) >= 1.2;
    const score =
      (isAlone ? 0.75 : 0.5) +
      (isRepeated ? 0.1 : 0) +
      (column.words.length > 1 ? 0.02 : 0) -
      (narrowerWords.has(word) ? 0.2 : 0);
    const values = isRepeated
      ? `its values come up ${rowsPerValue(column).toFixed(1)} times each`
      : 'each value comes up once';
    return { role, score, because: `its name says \`${word}\`, and ${values}` };
  };
}

/** Guesses baskets, whose key replaces that of a user if there is none. */
const basketByName: Guesser = (column) => {
  const word = meansOf(column.name, 'basket');
  const isAlone = column.words.every((other) => other === word || meansOf(other, 'id') !== undefined);
  if (word === undefined || !isAlone || !isKeyLike(column) || rowsPerValue(column) < 1.2) return undefined;
  const because = `its name says \`${word}\`, and its values come up ${rowsPerValue(column).toFixed(1)} times each`;
  return { role: 'user', score: 0.52, because };
};

export const keyGuessers: readonly Guesser[] = [byName('user'), basketByName, byName('item')];

/** True if the values may be ids, judged without the name. */
export const isKeyByValues = (column: ColumnProfile): boolean =>
  isKeyLike(column) &&
  column.time === undefined &&
  column.distinct > 12 &&
  rowsPerValue(column) >= 1.3 &&
  column.meanWords < (rowsPerValue(column) > 3 ? 8 : 4);

export const byValues = (role: 'user' | 'item', column: ColumnProfile): ColumnGuess => ({
  role,
  score: isNameless(column) ? 0.4 : 0.3,
  because: `its values look like ids: ${column.distinct.toLocaleString('en')} of them, each ${rowsPerValue(column).toFixed(1)} times`,
});
