/** Chooses the files of the events, those of items and users, and the unused ones. */
import { isNameless } from './guesses/keys.ts';
import { isUnique, type Join, joinsOf, stemOf } from './joins.ts';
import type { TableProfile } from './profile.ts';
import { type EventRoles, eventScore, type GivenColumnNames, rolesOf } from './roles.ts';

export interface FileChoice {
  readonly events: TableProfile;
  readonly roles: EventRoles;
  /** Tables that fit nearly as well as events. */
  readonly rivals: readonly TableProfile[];
  readonly more: readonly TableProfile[];
  /** The parts of a set that is split already. */
  readonly parts?: { readonly validation?: TableProfile; readonly test: TableProfile };
  /** Files that are not joined, although the events have their keys: a data block joins one file by a column. */
  readonly spare: readonly Join[];
  readonly unused: readonly { readonly table: TableProfile; readonly because: string }[];
}

/** The difference of scores to the best table, within which another may hold the events as well. */
const maxDifference = 1.5;

/** @param path of the events, where somebody gave it */
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
  // Without names, values have to be alike.
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
