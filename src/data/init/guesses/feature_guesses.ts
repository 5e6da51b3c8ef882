/** Guesses features of a user, an item or an event: lists, texts, numbers, categories, vectors. */
import type { ColumnGuess, Guesser } from '../column_profile.ts';
import { meansOf } from '../column_words.ts';

const list: Guesser = ({ kind, separator }) => {
  if (kind === 'list') return { role: 'list', score: 0.8, because: 'its values are lists' };
  if (separator === undefined || kind === 'vector') return undefined;
  const formWords = { json: 'JSON arrays', python: 'lists in brackets' }[separator as string];
  const sign = separator === ' ' ? 'a blank' : `\`${separator.trim()}\``;
  const because = formWords ? `its values are ${formWords}` : `${sign} separates short values that come up again`;
  return { role: 'list', score: 0.8, because };
};

const vector: Guesser = ({ kind, width }) =>
  kind === 'vector' ? { role: 'vector', score: 0.9, because: `each value is a list of ${width} numbers` } : undefined;

const text: Guesser = ({ kind, name, meanWords, meanLength, separator, time, distinct, present }) => {
  if (kind !== 'text' || separator !== undefined || time) return undefined;
  const word = meansOf(name, 'text');
  const isLong = meanWords >= 3 || (meanLength > 24 && meanWords >= 2);
  const isVaried = distinct > Math.max(20, present * 0.05);
  if (!isLong && !(word !== undefined && isVaried && meanWords >= 1.3)) return undefined;
  const because = `its values have ${meanWords.toFixed(1)} words`;
  if (word === undefined) return { role: 'text', score: 0.55, because };
  return { role: 'text', score: 0.7, because: `its name says \`${word}\`, and ${because}` };
};

const query: Guesser = (column) => {
  const word = meansOf(column.name, 'query');
  if (word === undefined || column.kind !== 'text' || column.separator !== undefined || meansOf(column.name, 'id'))
    return undefined;
  return { role: 'query', score: 0.72, because: `its name says \`${word}\`, and its values are texts` };
};

const number: Guesser = ({ kind, min, max, distinct, time }) => {
  if (kind !== 'integer' && kind !== 'decimal') return undefined;
  if (distinct < 3 || time) return undefined;
  return { role: 'number', score: 0.5, because: `its values are numbers from ${rounded(min)} to ${rounded(max)}` };
};

const rounded = (value: number): string => String(Number(value.toPrecision(4)));

const category: Guesser = ({ kind, distinct, present, meanWords }) => {
  if (kind !== 'boolean' && kind !== 'integer' && kind !== 'text') return undefined;
  const maxDistinct = kind === 'integer' ? 12 : Math.max(12, Math.min(2000, present * 0.2));
  if (distinct < 2 || distinct > maxDistinct || meanWords > 6) return undefined;
  // A column with few distinct integers mostly holds codes.
  const score = kind === 'integer' && distinct > 10 ? 0.4 : 0.52;
  return { role: 'category', score, because: `it has ${distinct} different values` };
};

const leftOut: Guesser = ({ kind, present, distinct, name, rows }) => {
  const leftOutGuess = (score: number, because: string): ColumnGuess => ({ role: 'left out', score, because });
  if (kind === 'empty') return leftOutGuess(1, 'it has no values');
  if (kind === 'object') return leftOutGuess(0.9, 'its values are objects, or lists in lists');
  if (distinct === 1) return leftOutGuess(0.98, 'all rows have the same value');
  if (present < rows * 0.05)
    return leftOutGuess(0.85, `only ${Math.round((100 * present) / rows)} % of the rows have a value`);
  const word = meansOf(name, 'address');
  if (word !== undefined) return leftOutGuess(0.6, `its name says \`${word}\``);
  return leftOutGuess(0.05, 'nothing says what it is');
};

export const featureGuessers: readonly Guesser[] = [query, list, vector, text, number, category, leftOut];
