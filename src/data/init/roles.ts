/** Chooses a role for each column of the events: one user, one item, one time, and the best guess for every other column. */
import { byValues, isKeyLike, isNameless, keysByValues } from './guesses/keys.ts';
import { guessesOf } from './guesses/table.ts';
import { baseOf, type Join, personsOf } from './joins.ts';
import type { ColumnGuess, ColumnProfile, TableProfile } from './profile.ts';
import { meansOf } from './words.ts';

export interface ColumnChoice {
  readonly column: ColumnProfile;
  readonly guess: ColumnGuess;
}

export interface EventRoles {
  readonly user?: ColumnChoice;
  readonly item?: ColumnChoice;
  readonly time?: ColumnChoice;
  /** The files that are joined by the user and by the item. */
  readonly users?: Join;
  readonly items?: Join;
  readonly others: readonly { readonly column: ColumnProfile; readonly guesses: readonly ColumnGuess[] }[];
  /** Sides whose keys are also in another column, like both ends of a trip. */
  readonly tied: readonly KeySide[];
  /** Columns that may be the user or the item, the likeliest first. */
  readonly candidates: { readonly user: readonly ColumnProfile[]; readonly item: readonly ColumnProfile[] };
}

/** Names of columns that the user has chosen, or `none`. */
export interface GivenColumnNames {
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
}

export type KeySide = 'user' | 'item';

/** A column as the user or the item, with or without a file of its keys. */
interface KeyOption extends ColumnChoice {
  readonly join?: Join;
  readonly value: number;
}

/** Finds the pair of columns and the files of their keys that fit best together. Each file and each column is used only once. */
export function rolesOf(table: TableProfile, chosen: GivenColumnNames = {}, joins: readonly Join[] = []): EventRoles {
  const guessedColumns = table.columns.map((column) => ({ column, guesses: guessesOf(column) }));
  const givenColumn = (role: KeySide | 'time'): ColumnProfile | undefined =>
    table.columns.find(({ name }) => name === chosen[role]);
  const keys = new Set(keysByValues(table.columns).filter(mayBeKey));
  const time =
    chosen.time === undefined
      ? timeOf(guessedColumns, [givenColumn('user'), givenColumn('item')])
      : givenRole('time', givenColumn('time'));

  const optionsOf = (side: KeySide): readonly KeyOption[] => {
    if (chosen[side] === 'none') return [];
    const usedColumns = givenColumn(side);
    const columns = guessedColumns.filter(({ column }) =>
      usedColumns ? column === usedColumns : column !== time?.column && isKeyLike(column),
    );
    const found = columns.flatMap(({ column, guesses }): KeyOption[] => {
      const guess = usedColumns ? givenRole(side, usedColumns)!.guess : guessOf(side, column, guesses, keys);
      const withoutJoin = guess ? [{ column, guess, value: guess.score }] : [];
      const withJoin = joins
        .filter((join) => join.column === column)
        .flatMap((join): KeyOption[] => {
          const persons = personsOf(join.table) * (side === 'user' ? 1 : -1);
          // Integers that number rows occur in many files.
          if (column.kind === 'integer' && !join.isNamed && persons <= 0) return [];
          const joinGuess = guessOfJoin(side, join, persons);
          const bestGuess = guess && guess.score >= joinGuess.score ? guess : joinGuess;
          return [{ column, join, guess: bestGuess, value: (guess?.score ?? 0.1) + join.score + 0.5 * persons }];
        });
      return [...withoutJoin, ...withJoin];
    });
    return found.sort((a, b) => b.value - a.value);
  };
  const [users, items] = [optionsOf('user'), optionsOf('item')];
  const chosenPair = bestPair(users, items);
  const usedColumns = [chosenPair.user?.column, chosenPair.item?.column, time?.column];
  const isTied = (taken: KeyOption | undefined, options: readonly KeyOption[]): boolean =>
    taken?.join !== undefined &&
    options.some(
      ({ column, join, value }) =>
        !usedColumns.includes(column) && join?.table === taken.join?.table && value > taken.value - 0.1,
    );
  const keyLike = table.columns.filter((each) => isKeyLike(each) && each.time === undefined && each.distinct > 2);
  const candidates = (options: readonly KeyOption[], except: KeyOption | undefined): readonly ColumnProfile[] =>
    [...new Set([...options.map(({ column }) => column), ...keyLike])].filter((column) => column !== except?.column);
  return {
    ...(chosenPair.user ? { user: chosenPair.user } : {}),
    ...(chosenPair.item ? { item: chosenPair.item } : {}),
    ...(time ? { time } : {}),
    ...(chosenPair.user?.join ? { users: chosenPair.user.join } : {}),
    ...(chosenPair.item?.join ? { items: chosenPair.item.join } : {}),
    others: guessedColumns.filter(({ column }) => !usedColumns.includes(column)),
    tied: [
      ...(isTied(chosenPair.user, users) ? ['user' as const] : []),
      ...(isTied(chosenPair.item, items) ? ['item' as const] : []),
    ],
    candidates: { user: candidates(users, chosenPair.item), item: candidates(items, chosenPair.user) },
  };
}

const givenRole = (role: KeySide | 'time', column: ColumnProfile | undefined): ColumnChoice | undefined =>
  column && { column, guess: { role, score: 1, because: 'you said so' } };

function timeOf(
  guessedColumns: EventRoles['others'],
  except: readonly (ColumnProfile | undefined)[],
): ColumnChoice | undefined {
  const found = guessedColumns.flatMap(({ column, guesses }) => {
    const guess = guesses.find(({ role }) => role === 'time');
    return guess && !except.includes(column) ? [{ column, guess }] : [];
  });
  return found.reduce<ColumnChoice | undefined>(
    (first, one) => (!first || one.guess.score > first.guess.score ? one : first),
    undefined,
  );
}

const mayBeKey = (column: ColumnProfile): boolean =>
  isNameless(column) ||
  (meansOf(column.name, 'context') === undefined &&
    (column.kind === 'text' || meansOf(column.name, 'id') !== undefined));

function guessOf(
  side: KeySide,
  column: ColumnProfile,
  guesses: readonly ColumnGuess[],
  keys: ReadonlySet<ColumnProfile>,
): ColumnGuess | undefined {
  const eventNames = guesses.find(({ role }) => role === side);
  if (eventNames) return eventNames;
  // The id of a question serves as a user.
  if (side === 'user' && meansOf(column.name, 'query') !== undefined && meansOf(column.name, 'id') !== undefined)
    return { role: 'user', score: 0.5, because: 'its name says that it is the key of a question' };
  if (!keys.has(column)) return undefined;
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

/** Finds the best pair. Both columns may be guessed by their values alone if names say nothing; a column next to a known one needs a name or a choice. */
function bestPair(
  users: readonly KeyOption[],
  items: readonly KeyOption[],
): { readonly user?: KeyOption; readonly item?: KeyOption } {
  let [chosenPair, bestTotal]: [{ user?: KeyOption; item?: KeyOption }, number] = [{}, Number.NEGATIVE_INFINITY];
  for (const item of [undefined, ...items])
    for (const user of [undefined, ...users]) {
      if (user && item && (user.column === item.column || (user.join && user.join.table === item.join?.table)))
        continue;
      if (user && isGuessed(user) && item && !isGuessed(item) && !isNameless(user.column)) continue;
      if (!user && item && isGuessed(item)) continue;
      // The user usually comes first.
      const order = user && item && user.column.place < item.column.place ? 0.05 : 0;
      const total = (user?.value ?? 0) + (item?.value ?? 0) + order;
      if (total > bestTotal)
        [chosenPair, bestTotal] = [{ ...(user ? { user } : {}), ...(item ? { item } : {}) }, total];
    }
  return chosenPair;
}

const isGuessed = ({ guess, join }: KeyOption): boolean => guess.score <= 0.4 && join === undefined;
