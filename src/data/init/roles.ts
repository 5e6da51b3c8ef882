/** Chooses a role for each column of the events: one user, one item, one time, and the best guess for every other column. */

import type { ColumnGuess, ColumnProfile, TableProfile } from './column_profile.ts';
import { meansOf } from './column_words.ts';
import { byValues, isKeyByValues, isKeyLike, isNameless } from './guesses/key_guesses.ts';
import { guessesOf } from './guesses/table.ts';
import { baseOf, type Join, personsOf } from './joins.ts';
import type { InitAnswers } from './proposal.ts';

export interface ColumnChoice {
  readonly column: ColumnProfile;
  readonly guess: ColumnGuess;
}

export interface EventRoles {
  readonly user?: ColumnChoice | undefined;
  readonly item?: ColumnChoice | undefined;
  readonly time?: ColumnChoice | undefined;
  /** The files that are joined by the user and by the item. */
  readonly users?: Join | undefined;
  readonly items?: Join | undefined;
  readonly others: readonly { readonly column: ColumnProfile; readonly guesses: readonly ColumnGuess[] }[];
  /** Sides whose keys are also in another column, like both ends of a trip. */
  readonly tied: readonly KeySide[];
  /** Columns that may be the user or the item, the likeliest first. */
  readonly candidates: { readonly user: readonly ColumnProfile[]; readonly item: readonly ColumnProfile[] };
}

export type KeySide = 'user' | 'item';

/** A column as the user or the item, with or without a file of its keys. */
interface KeyOption extends ColumnChoice {
  readonly join?: Join | undefined;
  readonly value: number;
}

/**
 * Finds the pair of columns and the files of their keys that fit best together. Each file and each column is used only once.
 * @param answers the columns that the user has chosen, or `none`
 */
export function rolesOf(table: TableProfile, answers: InitAnswers = {}, joins: readonly Join[] = []): EventRoles {
  const guessedColumns = table.columns.map((column) => ({ column, guesses: guessesOf(column) }));
  const givenChoice = (role: KeySide | 'time'): ColumnChoice | undefined => {
    const column = table.columns.find(({ name }) => name === answers[role]);
    return column && { column, guess: { role, score: 1, because: 'you said so' } };
  };
  const givenChoices = { user: givenChoice('user'), item: givenChoice('item') };
  const time =
    answers.time === undefined
      ? timeOf(
          guessedColumns.filter(
            ({ column }) => column !== givenChoices.user?.column && column !== givenChoices.item?.column,
          ),
        )
      : givenChoice('time');

  const optionsOf = (side: KeySide): readonly KeyOption[] => {
    if (answers[side] === 'none') return [];
    const choices = guessedColumns
      .filter(({ column }) => column !== time?.column && isKeyLike(column))
      .map(({ column, guesses }) => ({ column, guess: guessOf(side, column, guesses) }));
    const options = (givenChoices[side] ? [givenChoices[side]] : choices).flatMap(({ column, guess }) => {
      const options: KeyOption[] = guess ? [{ column, guess, value: guess.score }] : [];
      for (const join of joins) {
        if (join.column !== column) continue;
        const persons = personsOf(join.table) * (side === 'user' ? 1 : -1);
        // Integers that number rows occur in many files.
        if (column.kind === 'integer' && !join.isNamed && persons <= 0) continue;
        const joinGuess = guessOfJoin(side, join, persons);
        const bestGuess = guess && guess.score >= joinGuess.score ? guess : joinGuess;
        options.push({ column, join, guess: bestGuess, value: (guess?.score ?? 0.1) + join.score + 0.5 * persons });
      }
      return options;
    });
    return options.sort((a, b) => b.value - a.value);
  };
  const options = { user: optionsOf('user'), item: optionsOf('item') };
  const { user, item } = bestPair(options.user, options.item);
  const usedColumns = [user?.column, item?.column, time?.column];
  const isTied = (option: KeyOption | undefined, side: KeySide): boolean =>
    option?.join !== undefined &&
    options[side].some(
      ({ column, join, value }) =>
        !usedColumns.includes(column) && join?.table === option.join?.table && value > option.value - 0.1,
    );
  const keyLike = table.columns.filter(
    (column) => isKeyLike(column) && column.time === undefined && column.distinct > 2,
  );
  const candidates = (side: KeySide, except: KeyOption | undefined): readonly ColumnProfile[] =>
    [...new Set([...options[side].map(({ column }) => column), ...keyLike])].filter(
      (column) => column !== except?.column,
    );
  return {
    user,
    item,
    time,
    users: user?.join,
    items: item?.join,
    others: guessedColumns.filter(({ column }) => !usedColumns.includes(column)),
    tied: [...(isTied(user, 'user') ? ['user' as const] : []), ...(isTied(item, 'item') ? ['item' as const] : [])],
    candidates: { user: candidates('user', item), item: candidates('item', user) },
  };
}

/** Returns the likeliest time. */
function timeOf(columns: EventRoles['others']): ColumnChoice | undefined {
  const otherColumns = columns.flatMap(({ column, guesses }) => {
    const guess = guesses.find(({ role }) => role === 'time');
    return guess ? [{ column, guess }] : [];
  });
  return otherColumns.sort((a, b) => b.guess.score - a.guess.score)[0];
}

const mayBeKey = (column: ColumnProfile): boolean =>
  isNameless(column) ||
  (meansOf(column.name, 'context') === undefined &&
    (column.kind === 'text' || meansOf(column.name, 'id') !== undefined));

function guessOf(side: KeySide, column: ColumnProfile, guesses: readonly ColumnGuess[]): ColumnGuess | undefined {
  const guessByName = guesses.find(({ role }) => role === side);
  if (guessByName) return guessByName;
  // The id of a question serves as a user.
  if (side === 'user' && meansOf(column.name, 'query') !== undefined && meansOf(column.name, 'id') !== undefined)
    return { role: 'user', score: 0.5, because: 'its name says that it is the key of a question' };
  if (!isKeyByValues(column) || !mayBeKey(column)) return undefined;
  const isOther = guesses.some(({ role }) => role === (side === 'user' ? 'item' : 'user'));
  const isOutcome = ['rating', 'count', 'action', 'kind', 'fold'].includes(guesses[0]!.role);
  if (isOutcome && !isNameless(column)) return undefined;
  const guess = byValues(side, column);
  return isOther ? { ...guess, score: 0.1 } : guess;
}

/** @param persons from −1 to 1: how well the file fits this side */
function guessOfJoin(role: KeySide, { table, overlap }: Join, persons: number): ColumnGuess {
  const because = `${Math.round(overlap * 100)} % of its values are keys of ${baseOf(table.path)}`;
  return { role, score: persons > 0 ? 0.6 : persons < 0 ? 0.2 : 0.45, because };
}

/** Finds the best pair, the first of several that are as good. */
function bestPair(users: readonly KeyOption[], items: readonly KeyOption[]) {
  const pairs = [undefined, ...items].flatMap((item) =>
    [undefined, ...users]
      .filter((user) => isPair(user, item))
      .map((user) => {
        // The user usually comes first.
        const order = user && item && user.column.place < item.column.place ? 0.05 : 0;
        return { user, item, total: (user?.value ?? 0) + (item?.value ?? 0) + order };
      }),
  );
  return pairs.sort((a, b) => b.total - a.total)[0]!;
}

/** Both columns may be guessed by their values alone if names say nothing; a column next to a known one needs a name or a choice. */
function isPair(user: KeyOption | undefined, item: KeyOption | undefined): boolean {
  if (!item) return true;
  if (!user) return !isGuessed(item);
  if (user.column === item.column || (user.join && user.join.table === item.join?.table)) return false;
  return !isGuessed(user) || isGuessed(item) || isNameless(user.column);
}

const isGuessed = ({ guess, join }: KeyOption): boolean => guess.score <= 0.4 && join === undefined;
