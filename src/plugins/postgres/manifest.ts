/** Manages the table that lists the indexes of a database, each with its model, settings and certificate. A server finds the index of its model there. */
import { createHash } from 'node:crypto';
import { type ClientBase, escapeIdentifier } from 'pg';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { ItemColumn, ItemColumns } from '../../retrieval/filter/filter_columns.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';
import type { RecallCertificate } from '../../serving/live/recommender.ts';
import { type NameOf, unstorableAt } from './filter_sql.ts';

export interface IndexSettings {
  /** Number of neighbours of an item in the graph. `efConstruction`: number of candidates for them. */
  readonly m: number;
  readonly efConstruction: number;
  /** Number of candidates of a search. */
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
  /** Digest of the keys in the order of their rows. A server with other data has other rows. */
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

/** Creates the list if it is missing, and locks it for other programs until the transaction ends. */
export async function lockManifest(client: ClientBase): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtext('tower_indexes'))");
  await client.query(create);
}

export async function addIndex(client: ClientBase, row: IndexRow): Promise<void> {
  const { name, version, table, items, width, keys } = row;
  const jsonValues = [row.columns, row.settings, row.certificate].map((value) => JSON.stringify(value));
  const text =
    'INSERT INTO tower_indexes (name, version, "table", items, width, keys, columns, settings, certificate) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)';
  await client.query(text, [name, version, table, items, width, keys, ...jsonValues]);
}

/** Returns the indexes of a name, the latest first. */
export async function indexRowsOf(client: Pick<ClientBase, 'query'>, name: string): Promise<readonly IndexRow[]> {
  const { rows } = await client.query<{ found: string | null }>("SELECT to_regclass('tower_indexes')::text AS found");
  if (rows[0]?.found === null) return [];
  const text =
    'SELECT name, version, "table", items::int, width, keys, columns, settings, certificate FROM tower_indexes WHERE name = $1 ORDER BY made DESC';
  return (await client.query<IndexRow>(text, [name])).rows;
}

/** Returns the digest of the keys. A key may have any character, so each is preceded by its length. */
export function digestOf({ rows, keyAt }: Pick<Snapshot, 'rows' | 'keyAt'>): string {
  const keysDigest = createHash('sha256');
  for (let row = 0; row < rows; row++) {
    const key = keyAt(row);
    keysDigest.update(`${key.length} ${key}`);
  }
  return keysDigest.digest('hex');
}

// The table of an index: the names and contents of its columns.

/** The name of an items column in the table. It is stored with the index, so that another server finds its columns. */
export interface ColumnName {
  readonly name: string;
  readonly column: string;
  readonly kind: ItemColumn['kind'];
}

const reservedColumns = ['row', 'key', 'title', 'vector'];
/** Maximum bytes of a name in PostgreSQL. */
const maxNameBytes = 63;

const types: Readonly<Record<ItemColumn['kind'], string>> = {
  number: 'double precision',
  text: 'text COLLATE "C"',
  texts: 'text[] COLLATE "C"',
  truth: 'boolean',
};

export function columnNames(columns: ItemColumns): ColumnName[] {
  const isFree = (name: string): boolean =>
    !reservedColumns.includes(name) && unstorableAt(name) < 0 && name !== '' && Buffer.byteLength(name) <= maxNameBytes;
  return [...columns].map(([name, { kind }], index) => ({
    name,
    kind,
    column: isFree(name) ? name : freeName(index, columns),
  }));
}

function freeName(index: number, columns: ItemColumns): string {
  let name = `column ${index + 1}`;
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
  // The names of tables have a version and a number after this name.
  if (/^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name)) return;
  throw failure('index-table', { name: name.length > 60 ? `${name.slice(0, 60)}…` : name });
}
