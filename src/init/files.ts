/** Which files hold the events, which describe items and users, and which are not used. */
import { isUnique, type Join, joinOf, stemOf } from './joins.ts';
import type { TableProfile } from './profile.ts';
import { eventScore } from './roles.ts';

export interface Files {
  readonly events: TableProfile;
  /** Other files of events with the same columns. */
  readonly more: readonly TableProfile[];
  /** The parts of a set that comes split. */
  readonly parts?: { readonly validation?: TableProfile; readonly test: TableProfile };
  readonly joins: readonly Join[];
  readonly unused: readonly { readonly table: TableProfile; readonly because: string }[];
}

/** `chosen`: the path of the events, where somebody said it. */
export function filesOf(tables: readonly TableProfile[], chosen?: string): Files {
  const referenced = (table: TableProfile): boolean =>
    tables.some((other) => other !== table && other.count > table.count && joinOf(table, other) !== undefined);
  const scored = tables.map((table) => ({
    table,
    score: eventScore(table) - (hasKey(table) && referenced(table) ? 4 : 0),
  }));
  scored.sort((a, b) => b.score - a.score);
  const first = tables.find(({ path }) => path === chosen) ?? scored[0]!.table;
  const alike = tables.filter((table) => isAlike(table, first));
  const parts = partsOf(alike);
  const events = parts?.train ?? first;
  const partTables = parts ? [parts.train, parts.validation, parts.test].filter((each) => each !== undefined) : [];
  const more = parts ? [] : alike.filter((table) => table !== events);
  const unused: { table: TableProfile; because: string }[] = [];
  const joins: Join[] = [];
  for (const table of tables) {
    if (table === events || more.includes(table) || partTables.includes(table)) continue;
    const join = joinOf(table, events);
    if (join) joins.push(join);
    else unused.push({ table, because: whyUnused(table) });
  }
  joins.sort((a, b) => b.table.columns.length - a.table.columns.length || b.score - a.score);
  return {
    events,
    more,
    ...(parts ? { parts: { ...(parts.validation ? { validation: parts.validation } : {}), test: parts.test } } : {}),
    joins,
    unused,
  };
}

const hasKey = (table: TableProfile): boolean => table.columns.some((column) => isUnique(column));

function isAlike(one: TableProfile, other: TableProfile): boolean {
  const names = (table: TableProfile): string =>
    table.columns
      .map(({ name }) => name.toLowerCase())
      .sort()
      .join('\n');
  // A table without names is like every other one with as many columns.
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
