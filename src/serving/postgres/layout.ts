/** The table of an index: what its columns are called, and what they hold. */
import { escapeIdentifier } from 'pg';
import { failure } from '../../base/diagnostics/failure.ts';
import type { ItemColumn, ItemColumns } from '../serve/filter/columns.ts';
import type { NameOf } from './filter_sql.ts';
import { unstorableAt } from './storable.ts';

/** A column of the items file in the table. Kept in the row of the index: another server finds its columns by it. */
export interface ColumnName {
  readonly name: string;
  readonly column: string;
  readonly kind: ItemColumn['kind'];
}

const own = ['row', 'key', 'title', 'vector'];
/** Bytes that PostgreSQL keeps of a name. */
const longestName = 63;

const types: Readonly<Record<ItemColumn['kind'], string>> = {
  number: 'double precision',
  text: 'text COLLATE "C"',
  texts: 'text[] COLLATE "C"',
  truth: 'boolean',
};

export function columnNames(columns: ItemColumns): ColumnName[] {
  const isFree = (name: string): boolean =>
    !own.includes(name) && unstorableAt(name) < 0 && name !== '' && Buffer.byteLength(name) <= longestName;
  return [...columns].map(([name, { kind }], at) => ({
    name,
    kind,
    column: isFree(name) ? name : freeName(at, columns),
  }));
}

function freeName(at: number, columns: ItemColumns): string {
  let name = `column ${at + 1}`;
  while (columns.has(name)) name += ' ';
  return name;
}

export function createTable(table: string, width: number, names: readonly ColumnName[]): string {
  const columns = names.map(({ column, kind }) => `${escapeIdentifier(column)} ${types[kind]}`);
  const allNames = [
    'row integer NOT NULL',
    'key text COLLATE "C" NOT NULL',
    'title text COLLATE "C"',
    `vector vector(${width}) NOT NULL`,
    ...columns,
  ];
  return `CREATE TABLE ${escapeIdentifier(table)} (${allNames.join(', ')})`;
}

export function nameOf(columns: ItemColumns, names: readonly ColumnName[]): NameOf {
  const knownNames = new Map(names.map(({ name, column }) => [columns.get(name), escapeIdentifier(column)]));
  return (column) => knownNames.get(column)!;
}

/** @throws Failure `index-table` */
export function refuseTableName(name: string): void {
  // A version and a number follow in the names of tables.
  if (/^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name)) return;
  throw failure('index-table', { name: name.length > 60 ? `${name.slice(0, 60)}…` : name });
}
