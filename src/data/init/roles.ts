/** Chooses the files of events, items and users, and a role for each column of the events: one user, one item, one time, a guess for every other. */

import { type LookedTable, unusedName } from '../look/looked_table.ts';
import { type ColumnGuess, type ColumnProfile, type TableProfile, tableProfile, textOf } from './column_profile.ts';
import { meansOf, slug } from './column_words.ts';
import { byValues, isKeyByValues, isKeyLike, isNameless, rowsPerValue } from './guesses/key_guesses.ts';
import { guessesOf } from './guesses/table.ts';
import { baseOf, isUnique, type Join, joinsOf, personsOf, stemOf } from './joins.ts';
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

// Takes the user, the item or the time of events from another file that they name by a key: lines of orders name an order, and the order its customer.

export interface EventTable {
  readonly table: TableProfile;
  readonly joins: readonly Join[];
  readonly roles: EventRoles;
}

const maxSteps = 3;

/** Returns the events with the columns of all files on the way to their user, item and time. */
function alongChain(start: EventTable, tables: readonly TableProfile[], answers: InitAnswers): EventTable {
  let events = start;
  const usedTables = new Set([start.table]);
  for (let step = 0; step < maxSteps; step++) {
    const link = events.joins.find((join) => join.isNamed && join.overlap >= 0.5 && isLink(join, events, answers));
    if (link === undefined) return events;
    usedTables.add(link.table);
    const table = withColumnsOf(events.table, link);
    const joins = joinsOf(
      table,
      tables.filter((table) => !usedTables.has(table)),
    );
    events = { table, joins, roles: rolesOf(table, answers, joins) };
  }
  return events;
}

const isNamed = (side: KeySide, choice: ColumnChoice | undefined): boolean =>
  choice !== undefined && guessesOf(choice.column).some(({ role, score }) => role === side && score >= 0.55);

/** True if the file has what the events lack, and its key stands for a happening, such as an order, or for a copy of an item. */
function isLink({ table, key, column }: Join, { table: events, roles }: EventTable, answers: InitAnswers): boolean {
  const otherColumns = table.columns.filter((column) => column !== key);
  const brings = (role: KeySide | 'time'): boolean => {
    const answer = answers[role];
    if (answer !== undefined)
      return !events.columns.some(({ name }) => name === answer) && otherColumns.some(({ name }) => name === answer);
    // Where each row has another item, the key stands for the item itself.
    const mayBe = role === 'item' ? otherColumns.filter((column) => rowsPerValue(column) >= 1.1) : otherColumns;
    return mayBe.some((column) => guessesOf(column).some((guess) => guess.role === role && guess.score >= 0.57));
  };
  const isKeyOf = (side: KeySide): boolean => isNamed(side, roles[side]) && roles[side]?.column === column;
  if (isKeyOf('user') || isKeyOf('item')) return false;
  const lacks = (side: KeySide): boolean => answers[side] !== undefined || !isNamed(side, roles[side]);
  return (
    (lacks('user') && brings('user')) ||
    (lacks('item') && brings('item')) ||
    ((roles.time?.guess.score ?? 0) < 0.57 && brings('time'))
  );
}

function withColumnsOf(events: TableProfile, { table, key, column, overlap }: Join): TableProfile {
  const rowsByKey = new Map(table.rows.map((row, index) => [textOf(key.cells[index]), row]));
  const usedNames = new Set(events.columns.map(({ name }) => name.toLowerCase()));
  const addedColumns = table.columns
    .filter(
      (column) => column !== key && column.kind !== 'object' && column.kind !== 'list' && column.kind !== 'vector',
    )
    .map((column) => {
      const isTaken = usedNames.has(column.name.toLowerCase());
      const name = isTaken ? `${slug(stemOf(table.path), 'joined')}_${column.name}` : column.name;
      return { ...column, as: unusedName(name, usedNames) };
    });
  const rows = events.rows.flatMap((row, index) => {
    const joinedRow = rowsByKey.get(textOf(column.cells[index]));
    if (joinedRow === undefined && !table.isWhole) return [];
    return [[...row, ...addedColumns.map(({ place }) => joinedRow?.[place] ?? null)]];
  });
  const joinedFile = {
    path: table.path,
    kind: table.kind,
    names: table.columns.map(({ name }) => name),
    key: key.name,
    column: column.name,
    columns: addedColumns.map(({ name, as }) => ({ name, as })),
    overlap,
    rewrite: table.rewrite,
    separator: table.separator,
  };
  const isTyped = events.columns.some(({ type }) => type !== undefined);
  const sources = [...events.columns, ...addedColumns];
  const profile = tableProfile({
    ...events,
    columns: [...events.columns.map(({ name }) => name), ...addedColumns.map(({ as }) => as)],
    types: isTyped ? sources.map(({ type }) => type ?? 'VARCHAR') : undefined,
    rows,
    joined: [...(events.joined ?? []), joinedFile],
  });
  const columns = profile.columns.map((column, index) => {
    const { path, name } = sources[index]!.file;
    return { ...column, file: { path, name, kind: events.kind } };
  });
  return { ...profile, columns };
}

/** The reason for the copy that joins files. */
export const joinedBecause = (chain: NonNullable<LookedTable['joined']>): string =>
  `${chain.map(({ path, column }) => `${baseOf(path)} is joined by \`${column}\``).join(' and ')}, and a data block joins files by the user and the item alone`;

// Chooses the files of events, items and users.

const eventNames =
  /event|rating|interact|click|view|order|purchase|log|train|visit|transaction|review|play|judg|qrel|pair|behav|history|stream/i;

/** Rates the likelihood that a table holds events: repeated users and items, a time or an outcome, and other files with their keys. */
function eventScore(table: TableProfile, { user, item, time, users, items, others }: EventRoles): number {
  const hasOutcomes = others.some(({ guesses }) =>
    ['rating', 'action', 'count', 'kind'].includes(guesses[0]?.role ?? ''),
  );
  const repeatedKeys = [user, item].filter((key) => key && key.column.present / key.column.distinct > 1.1).length;
  const hasQueries = others.some(({ guesses }) => guesses[0]?.role === 'query');
  const certainty = (choice: ColumnChoice | undefined): number => (choice ? (choice.guess.score < 0.5 ? 1.2 : 2) : 0);
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

export type FileChoice = ReturnType<typeof filesOf>;

/** Maximum difference to the best score at which another table may also contain the events. */
const maxDifference = 1.5;

/** @param answers the file of events and its columns, if the user has given them */
export function filesOf(tables: readonly TableProfile[], answers: InitAnswers) {
  const isReferenced = (table: TableProfile): boolean =>
    hasKey(table) && tables.some((other) => other.count > table.count && joinsOf(other, [table]).length > 0);
  const scoredTables = tables
    .map((table) => {
      const joins = joinsOf(table, tables);
      const roles = rolesOf(table, answers, joins);
      return { table, joins, roles, score: eventScore(table, roles) - (isReferenced(table) ? 4 : 0) };
    })
    .sort((a, b) => b.score - a.score);
  const bestTable = scoredTables.find(({ table }) => table.path === answers.events) ?? scoredTables[0]!;
  const alikeTables = tables.filter((table) => isAlike(table, bestTable.table));
  const parts = partsOf(alikeTables);
  const eventsCandidate = scoredTables.find(({ table }) => table === (parts?.train ?? bestTable.table))!;
  const { table: events, roles, joins } = alongChain(eventsCandidate, tables, answers);
  const rivals = scoredTables.filter(
    (other) =>
      !alikeTables.includes(other.table) &&
      other.score > bestTable.score - maxDifference &&
      [other.roles.user, other.roles.item].every((choice) => choice && choice.guess.score >= 0.5),
  );
  const usedTables = [roles.users?.table, roles.items?.table, ...alikeTables];
  const joinedPaths = events.joined?.map(({ path }) => path);
  const leftTables = tables.filter((table) => !usedTables.includes(table) && !joinedPaths?.includes(table.path));
  const leftJoins = leftTables.map((table) => {
    const namedJoins = joins.filter((join) => join.table === table && join.isNamed);
    return { table, join: namedJoins.sort((a, b) => b.score - a.score)[0] };
  });
  return {
    events,
    roles,
    /** Tables that fit nearly as well as events. */
    rivals: answers.events === undefined ? rivals.map(({ table }) => table) : [],
    /** Files with further events. */
    more: parts ? [] : alikeTables.filter((table) => table !== eventsCandidate.table),
    /** The parts of a data set that is already split. */
    parts,
    /** Joins that are left: a data block joins only one file by a column. */
    spare: leftJoins.flatMap(({ join }) => join ?? []),
    unused: leftJoins.filter(({ join }) => !join).map(({ table }) => table),
  };
}

const hasKey = (table: TableProfile): boolean => table.columns.some((column) => isUnique(column));

/** True for files with the same columns. Without column names the kinds of values must match. */
function isAlike(left: TableProfile, right: TableProfile): boolean {
  const names = ({ columns }: TableProfile): string =>
    columns
      .map((column) => (isNameless(column) ? `${column.name} ${column.kind}` : column.name.toLowerCase()))
      .sort()
      .join('\n');
  return (
    left === right || (left.kind === right.kind && names(left) === names(right) && !left.rewrite === !right.rewrite)
  );
}

function partsOf(alikeTables: readonly TableProfile[]) {
  const tableNamed = (form: RegExp): TableProfile | undefined =>
    alikeTables.find(({ path }) => form.test(stemOf(path)));
  const train = tableNamed(/(^|[^a-z])train(ing)?([^a-z]|$)/i);
  const test = tableNamed(/(^|[^a-z])test([^a-z]|$)/i);
  const validation = tableNamed(/(^|[^a-z])(valid(ation)?|val|dev)([^a-z]|$)/i);
  return train && test ? { train, test, validation } : undefined;
}

export const whyUnused = (table: TableProfile): string =>
  hasKey(table)
    ? 'no column of the events has its keys'
    : 'it has several rows for a key, and a data block joins one row to a key';
