/** Chooses the files of events, items and users, and a role for each column: one user, one item, one time, and the best guess for every other column. */
import { byValues, isKeyLike, isNameless, keysByValues } from './guesses/keys.ts';
import { guessesOf } from './guesses/table.ts';
import { baseOf, isUnique, type Join, joinsOf, personsOf, stemOf } from './joins.ts';
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

const eventNames =
  /event|rating|interact|click|view|order|purchase|log|train|visit|transaction|review|play|judg|qrel|pair|behav|history|stream/i;

/** Rates the likelihood that a table holds events: repeated users and items, a time or an outcome, and other files with their keys. */
function eventScore(table: TableProfile, { user, item, time, users, items, others }: EventRoles): number {
  const hasOutcomes = others.some(({ guesses }) =>
    ['rating', 'action', 'count', 'kind'].includes(guesses[0]?.role ?? ''),
  );
  const repeatedKeys = [user, item].filter((each) => each && each.column.present / each.column.distinct > 1.1).length;
  const hasQueries = others.some(({ guesses }) => guesses[0]?.role === 'query');
  const certainty = (taken: ColumnChoice | undefined): number => (taken ? (taken.guess.score < 0.5 ? 1.2 : 2) : 0);
  return (
    certainty(item) +
    (certainty(user) || (hasQueries ? 2 : 0)) +
    (time ? 1 : 0) +
    (hasOutcomes ? 1 : 0) +
    repeatedKeys * 0.75 +
    0.5 * ((users?.score ?? 0) + (items?.score ?? 0)) +
    Math.log10(table.count + 1) * 0.3 +
    (table.kind === 'lines' ? 3 : 0) +
    (eventNames.test(baseOf(table.path)) ? 1 : 0)
  );
}

export interface FileChoice {
  readonly events: TableProfile;
  readonly roles: EventRoles;
  /** Tables that fit nearly as well as events. */
  readonly rivals: readonly TableProfile[];
  readonly more: readonly TableProfile[];
  /** The parts of a data set that is already split. */
  readonly parts?: { readonly validation?: TableProfile; readonly test: TableProfile };
  /** Files that are not joined although the events contain their keys, because a data block joins only one file by a column. */
  readonly spare: readonly Join[];
  readonly unused: readonly { readonly table: TableProfile; readonly because: string }[];
}

/** Maximum difference to the best score at which another table may also contain the events. */
const maxDifference = 1.5;

/** @param path the file of events, if the user has given it */
export function filesOf(
  tables: readonly TableProfile[],
  chosen: GivenColumnNames,
  path: string | undefined,
): FileChoice {
  const isReferenced = (table: TableProfile): boolean =>
    hasKey(table) && tables.some((other) => other.count > table.count && joinsOf(other, [table]).length > 0);
  const scoredTables = tables
    .map((table) => {
      const joins = joinsOf(table, tables);
      const roles = rolesOf(table, chosen, joins);
      return { table, joins, roles, score: eventScore(table, roles) - (isReferenced(table) ? 4 : 0) };
    })
    .sort((a, b) => b.score - a.score);
  const bestTable = scoredTables.find(({ table }) => table.path === path) ?? scoredTables[0]!;
  const alikeTables = tables.filter((table) => isAlike(table, bestTable.table));
  const parts = partsOf(alikeTables);
  const events = parts?.train ?? bestTable.table;
  const { roles, joins } = scoredTables.find(({ table }) => table === events)!;
  const rivals = scoredTables.filter(
    (other) =>
      !alikeTables.includes(other.table) &&
      other.score > bestTable.score - maxDifference &&
      [other.roles.user, other.roles.item].every((taken) => taken && taken.guess.score >= 0.5),
  );
  const spareJoins: Join[] = [];
  const unused: { table: TableProfile; because: string }[] = [];
  const usedTables = [roles.users?.table, roles.items?.table, ...alikeTables];
  for (const table of tables) {
    if (usedTables.includes(table)) continue;
    const [join] = joins.filter((each) => each.table === table).sort((a, b) => b.score - a.score);
    if (join) spareJoins.push(join);
    else unused.push({ table, because: whyUnused(table) });
  }
  return {
    events,
    roles,
    rivals: path === undefined ? rivals.map(({ table }) => table) : [],
    more: parts ? [] : alikeTables.filter((table) => table !== events),
    ...(parts ? { parts: { ...(parts.validation ? { validation: parts.validation } : {}), test: parts.test } } : {}),
    spare: spareJoins,
    unused,
  };
}

const hasKey = (table: TableProfile): boolean => table.columns.some((column) => isUnique(column));

function isAlike(one: TableProfile, other: TableProfile): boolean {
  // Without column names the kinds of values must match.
  const names = (table: TableProfile): string =>
    table.columns
      .map((column) => (isNameless(column) ? `${column.name} ${column.kind}` : column.name.toLowerCase()))
      .sort()
      .join('\n');
  return one === other || (one.kind === other.kind && names(one) === names(other) && !!one.rewrite === !!other.rewrite);
}

function partsOf(alikeTables: readonly TableProfile[]) {
  const tableNamed = (form: RegExp): TableProfile | undefined =>
    alikeTables.find(({ path }) => form.test(stemOf(path)));
  const train = tableNamed(/(^|[^a-z])train(ing)?([^a-z]|$)/i);
  const test = tableNamed(/(^|[^a-z])test([^a-z]|$)/i);
  const validation = tableNamed(/(^|[^a-z])(valid(ation)?|val|dev)([^a-z]|$)/i);
  return train && test ? { train, test, validation } : undefined;
}

function whyUnused(table: TableProfile): string {
  return hasKey(table)
    ? 'no column of the events has its keys'
    : 'it has several rows for a key, and a data block joins one row to a key';
}
