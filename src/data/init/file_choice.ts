/** Chooses the files of events, items and users. */
import { alongChain } from './chains.ts';
import type { TableProfile } from './column_profile.ts';
import { isNameless } from './guesses/key_guesses.ts';
import { baseOf, isUnique, joinsOf, stemOf } from './joins.ts';
import type { InitAnswers } from './proposal.ts';
import { type ColumnChoice, type EventRoles, rolesOf } from './roles.ts';

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
