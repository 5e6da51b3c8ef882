/** Guesses columns with the outcome of an event: a rating, a yes or no, a count, the kind of event. */
import type { ColumnProfile, Guesser } from '../column_profile.ts';
import { meansOf } from '../column_words.ts';
import { isNameless } from './key_guesses.ts';

const isNumeric = ({ kind }: ColumnProfile): boolean => kind === 'integer' || kind === 'decimal';

/** True for usual rating scales: 0 to 2, 1 to 5, 0 to 10, 1 to 100. */
function isScale({ min, max, distinct, kind }: ColumnProfile): boolean {
  const isFine = kind === 'decimal' && max - min <= 20;
  return min >= -10 && max <= 100 && max > min && distinct >= 2 && (distinct <= 101 || isFine);
}

const rating: Guesser = (column) => {
  if (!isNumeric(column) || !isScale(column) || column.time) return undefined;
  const word = meansOf(column.name, 'rating');
  const because = `${column.distinct} values from ${column.min} to ${column.max}`;
  if (word !== undefined && meansOf(column.name, 'count') === undefined) {
    return { role: 'rating', score: 0.9, because: `its name says \`${word}\`, and it has ${because}` };
  }
  const isSmall = column.distinct >= 3 && column.distinct <= 11 && column.max <= 10 && column.min >= 0;
  return isSmall && isNameless(column) ? { role: 'rating', score: 0.6, because: `it has ${because}` } : undefined;
};

const isFlag = ({ kind, distinct, min, max }: ColumnProfile): boolean =>
  kind === 'boolean' || (kind === 'integer' && distinct <= 2 && min >= 0 && max <= 1);

const action: Guesser = (column) => {
  const word = meansOf(column.name, 'action');
  if (!isFlag(column) || (word === undefined && !isNameless(column))) return undefined;
  const yesCount = column.top.find(([value]) => isYes(value))?.[1] ?? 0;
  const share = `${Math.round((100 * yesCount) / column.present)} % of its values say yes`;
  if (word === undefined) return { role: 'action', score: 0.45, because: share };
  return { role: 'action', score: 0.92, because: `its name says \`${word}\`, and ${share}` };
};

export const isYes = (value: string): boolean => /^(1|true|t|yes|y|ja)$/i.test(value);

const count: Guesser = (column) => {
  const word = meansOf(column.name, 'count');
  if (word === undefined || !isNumeric(column) || column.min < 0 || column.distinct < 3 || column.time)
    return undefined;
  const because = `its name says \`${word}\`, and its numbers go from ${column.min} to ${column.max}`;
  return { role: 'count', score: 0.75, because };
};

/** Patterns for kinds of events, ordered by increasing interest. */
const strengthForms: readonly RegExp[] = [
  /^(impression|show|shown|exposure|remove|removed|skip|hide)/i,
  /^(view|pv|click|visit|open|detail|impress|page|play|stream|read)/i,
  /^(like|fav|star|save|share|collect|wish|bookmark|follow|rate|comment)/i,
  /^(cart|add|basket|checkout|install|download)/i,
  /^(buy|purchase|transaction|order|pay|conversion|convert|sale|subscribe|book)/i,
];

const rankOf = (value: string): number =>
  strengthForms.findIndex((form) =>
    form.test(value.replaceAll(/^(add|to)[_ -]?(to)?[_ -]?/gi, (all) => (/add/i.test(all) ? 'add' : ''))),
  );

const kind: Guesser = (column) => {
  if (column.kind !== 'text' || column.distinct > 30 || column.distinct < 2) return undefined;
  const knownKinds = column.top.filter(([value]) => rankOf(value) >= 0).length;
  if (knownKinds * 2 < column.distinct) return undefined;
  const word = meansOf(column.name, 'kind');
  const exampleKinds = column.top.slice(0, 4).map(([value]) => value);
  const because = `its values are kinds of events: ${exampleKinds.join(', ')}`;
  return { role: 'kind', score: word === undefined ? 0.6 : 0.95, because };
};

/** Returns the kinds of events in a column, that of the strongest interest first. */
export const kindsByStrength = ({ top }: ColumnProfile): readonly string[] =>
  top.map(([value]) => value).sort((a, b) => rankOf(b) - rankOf(a));

export const isNoInterest = (value: string): boolean => rankOf(value) === 0;

const fold: Guesser = ({ values }) => {
  const names = [...values].map((value) => value.toLowerCase());
  const areParts = names.length <= 3 && names.every((name) => ['train', 'validation', 'test'].includes(name));
  return areParts && names.includes('train') && names.includes('test')
    ? { role: 'fold', score: 0.99, because: `its values are the parts: ${names.join(', ')}` }
    : undefined;
};

export const labelGuessers: readonly Guesser[] = [rating, action, count, kind, fold];
