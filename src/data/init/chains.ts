/** Takes the user, the item or the time of events from another file that they name by a key: lines of orders name an order, and the order its customer. */
import { type LookedTable, unusedName } from '../look/looked_table.ts';
import { type TableProfile, tableProfile, textOf } from './column_profile.ts';
import { slug } from './column_words.ts';
import { rowsPerValue } from './guesses/key_guesses.ts';
import { guessesOf } from './guesses/table.ts';
import { baseOf, type Join, joinsOf, stemOf } from './joins.ts';
import type { InitAnswers } from './proposal.ts';
import { type ColumnChoice, type EventRoles, type KeySide, rolesOf } from './roles.ts';

export interface EventTable {
  readonly table: TableProfile;
  readonly joins: readonly Join[];
  readonly roles: EventRoles;
}

const maxSteps = 3;

/** Returns the events with the columns of all files on the way to their user, item and time. */
export function alongChain(start: EventTable, tables: readonly TableProfile[], answers: InitAnswers): EventTable {
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
