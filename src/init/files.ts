/** Which files hold the events, which describe items and users, and which are not used. */
import { isNameless } from './guesses/keys.ts';
import { isUnique, type Join, joinsOf, stemOf } from './joins.ts';
import type { TableProfile } from './profile.ts';
import { type Chosen, eventScore, type Roles, rolesOf } from './roles.ts';

export interface Files {
  readonly events: TableProfile;
  readonly roles: Roles;
  /** Tables of events that fit nearly as well. */
  readonly rivals: readonly TableProfile[];
  /** Other files of events with the same columns. */
  readonly more: readonly TableProfile[];
  /** The parts of a set that comes split. */
  readonly parts?: { readonly validation?: TableProfile; readonly test: TableProfile };
  /** Files that the events have keys of, and that are not joined: a data block joins one file by a column. */
  readonly spare: readonly Join[];
  readonly unused: readonly { readonly table: TableProfile; readonly because: string }[];
}

/** How much less a table may look like events than the first, and be one as well. */
const CLOSE = 1.5;

/** `path`: that of the events, where somebody said it. */
export function filesOf(tables: readonly TableProfile[], chosen: Chosen, path: string | undefined): Files {
  const referenced = (table: TableProfile): boolean =>
    hasKey(table) && tables.some((other) => other.count > table.count && joinsOf(other, [table]).length > 0);
  const scored = tables
    .map((table) => {
      const joins = joinsOf(table, tables);
      const roles = rolesOf(table, chosen, joins);
      return { table, joins, roles, score: eventScore(table, roles) - (referenced(table) ? 4 : 0) };
    })
    .sort((a, b) => b.score - a.score);
  const first = scored.find(({ table }) => table.path === path) ?? scored[0]!;
  const alike = tables.filter((table) => isAlike(table, first.table));
  const parts = partsOf(alike);
  const events = parts?.train ?? first.table;
  const { roles, joins } = scored.find(({ table }) => table === events)!;
  const rivals = scored.filter(
    (other) =>
      !alike.includes(other.table) &&
      other.score > first.score - CLOSE &&
      [other.roles.user, other.roles.item].every((taken) => taken && taken.guess.score >= 0.5),
  );
  const spare: Join[] = [];
  const unused: { table: TableProfile; because: string }[] = [];
  const used = [roles.users?.table, roles.items?.table, ...alike];
  for (const table of tables) {
    if (used.includes(table)) continue;
    const [join] = joins.filter((each) => each.table === table).sort((a, b) => b.score - a.score);
    if (join) spare.push(join);
    else unused.push({ table, because: whyUnused(table) });
  }
  return {
    events,
    roles,
    rivals: path === undefined ? rivals.map(({ table }) => table) : [],
    more: parts ? [] : alike.filter((table) => table !== events),
    ...(parts ? { parts: { ...(parts.validation ? { validation: parts.validation } : {}), test: parts.test } } : {}),
    spare,
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

function partsOf(alike: readonly TableProfile[]) {
  const named = (form: RegExp): TableProfile | undefined => alike.find(({ path }) => form.test(stemOf(path)));
  const train = named(/(^|[^a-z])train(ing)?([^a-z]|$)/i);
  const test = named(/(^|[^a-z])test([^a-z]|$)/i);
  const validation = named(/(^|[^a-z])(valid(ation)?|val|dev)([^a-z]|$)/i);
  return train && test ? { train, test, validation } : undefined;
}

function whyUnused(table: TableProfile): string {
  return hasKey(table)
    ? 'no column of the events has its keys'
    : 'it has several rows for a key, and a data block joins one row to a key';
}
