/** The table that lists the indexes of a database: of each its model, its settings and its certificate. A server finds the index of its model there. */
import { createHash } from 'node:crypto';
import { type ClientBase, escapeIdentifier } from 'pg';
import { failure } from '../../base/diagnostics/failure.ts';
import type { ItemColumn, ItemColumns } from '../serve/filter/columns.ts';
import type { RecallCertificate } from '../serve/recommend.ts';
import type { Snapshot } from '../serve/snapshot.ts';
import { type NameOf, unstorableAt } from './filter_sql.ts';

export interface IndexSettings {
  /** Neighbours of an item in the graph, and how many are tried for them. */
  readonly m: number;
  readonly efConstruction: number;
  /** Candidates of a search. */
  readonly efSearch: number;
  /** True for a graph of float16 numbers. */
  readonly half: boolean;
}

export interface IndexRow {
  readonly name: string;
  readonly version: string;
  readonly table: string;
  readonly items: number;
  readonly width: number;
  /** Digest of the keys in the order of their rows: a server of other data has other rows. */
  readonly keys: string;
  readonly columns: readonly ColumnName[];
  readonly settings: IndexSettings;
  readonly certificate: RecallCertificate;
}

const create = `CREATE TABLE IF NOT EXISTS tower_indexes (
  name text NOT NULL,
  version text NOT NULL,
  "table" text NOT NULL PRIMARY KEY,
  items bigint NOT NULL,
  width integer NOT NULL,
  keys text NOT NULL,
  columns jsonb NOT NULL,
  settings jsonb NOT NULL,
  certificate jsonb NOT NULL,
  made timestamptz NOT NULL DEFAULT clock_timestamp()
)`;

/** Creates the list where it is missing, and lets one program at a time change it: until the transaction ends. */
export async function lockManifest(client: ClientBase): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('tower_indexes'))");
  await client.query(create);
}

export async function addIndex(client: ClientBase, row: IndexRow): Promise<void> {
  const rowValues = [
    row.name,
    row.version,
    row.table,
    row.items,
    row.width,
    row.keys,
    ...[row.columns, row.settings, row.certificate].map((each) => JSON.stringify(each)),
  ];
  const text =
    'INSERT INTO tower_indexes (name, version, "table", items, width, keys, columns, settings, certificate) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)';
  await client.query(text, rowValues);
}

/** The indexes of a name, the latest first. */
export async function indexRowsOf(client: Pick<ClientBase, 'query'>, name: string): Promise<readonly IndexRow[]> {
  const { rows } = await client.query<{ found: string | null }>("SELECT to_regclass('tower_indexes')::text AS found");
  if (rows[0]?.found === null) return [];
  const text =
    'SELECT name, version, "table", items::int, width, keys, columns, settings, certificate FROM tower_indexes WHERE name = $1 ORDER BY made DESC';
  return (await client.query<IndexRow>(text, [name])).rows;
}

/** A key may hold any character, so each comes after its length. */
export function digestOf({ rows, keyAt }: Pick<Snapshot, 'rows' | 'keyAt'>): string {
  const keysDigest = createHash('sha256');
  for (let row = 0; row < rows; row++) {
    const key = keyAt(row);
    keysDigest.update(`${key.length} ${key}`);
  }
  return keysDigest.digest('hex');
}

// The table of an index: what its columns are called, and what they hold.

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
  const columnTypes = names.map(({ column, kind }) => `${escapeIdentifier(column)} ${types[kind]}`);
  const allNames = [
    'row integer NOT NULL',
    'key text COLLATE "C" NOT NULL',
    'title text COLLATE "C"',
    `vector vector(${width}) NOT NULL`,
    ...columnTypes,
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
