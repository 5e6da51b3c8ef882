/**
 * Writes a table of items with a graph (HNSW) over their vectors in one transaction: copies, indexes, measures against the exact scan, and lists it. A failure
 * leaves nothing behind, and no server sees an incomplete index.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client, type ClientBase, escapeIdentifier } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { type ItemColumn, valueAt } from '../../retrieval/filter/filter_columns.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';
import type { ExactAnswers, RecallCertificate, RowFinder } from '../../serving/live/recommender.ts';
import { type FoundRow, topSql, unitsOf } from './filter_sql.ts';
import {
  addIndex,
  type ColumnName,
  columnNames,
  createTable,
  digestOf,
  type IndexRow,
  type IndexSettings,
  indexRowsOf,
  lockManifest,
  nameOf,
  refuseTableName,
} from './manifest.ts';
import { asking, type DatabaseAddress, databaseAddress } from './reasons.ts';

export type IndexedItems = Pick<
  Snapshot,
  'version' | 'rows' | 'width' | 'columns' | 'itemVector' | 'keyAt' | 'titleAt'
>;

export interface WriteOptions {
  /** The name of a view of the newest index. */
  readonly name: string;
  readonly recall: number;
  /** True for a graph of float16 numbers, in half of the memory. */
  readonly half: boolean;
  /** Drops other indexes of this name. */
  readonly dropsOlder: boolean;
  readonly onProgress?: (line: string) => void;
}

/** Settings of the graph, tried in this order until one finds enough. */
const graphs = [
  { m: 16, efConstruction: 64 },
  { m: 32, efConstruction: 200 },
] as const;
const efSearchValues = [40, 80, 160, 320, 640, 1000];

const maxWidths = { vector: 2000, half: 4000 };

/** Checks the server before any computation. @throws Failure as `writeIndex` */
export async function checkServer(to: string, name: string): Promise<void> {
  const address = databaseAddress(to);
  refuseTableName(name);
  await connected(address, async (client) => {
    await client.query('BEGIN');
    await prepareServer(client);
    await client.query('COMMIT');
  });
}

async function connected<T>(address: DatabaseAddress, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = new Client(address.config);
  // The statement that waits for a connection gets its error too.
  client.on('error', () => {});
  await asking(address, client.connect());
  try {
    return await asking(address, work(client));
  } finally {
    await client.end().catch(() => {});
  }
}

/** @throws Failure `index-address`, `index-table`, `index-server`, `index-value`, `index-width`, `index-recall` */
export async function writeIndex(
  to: string,
  items: IndexedItems,
  truth: ExactAnswers,
  options: WriteOptions,
): Promise<{ readonly address: string; readonly row: IndexRow; readonly dropped: readonly string[] }> {
  const address = databaseAddress(to);
  refuseTableName(options.name);
  const { width } = items;
  const half = options.half || width > maxWidths.vector;
  if (width > maxWidths.half) throw failure('index-width', { width, most: maxWidths.half });
  const { name, onProgress = () => {} } = options;
  return connected(address, async (client) => {
    await client.query('BEGIN');
    await prepareServer(client);
    await lockManifest(client);
    const olderIndexes = await indexRowsOf(client, name);
    const table = freeTable(name, items.version, olderIndexes);
    const names = columnNames(items.columns);
    onProgress(`copying ${items.rows.toLocaleString('en')} items into table ${table}`);
    await client.query(createTable(table, items.width, names));
    await copyItems(client, table, items, names);
    await client.query(`ANALYZE ${escapeIdentifier(table)}`);
    const { settings, certificate } = await buildGraph(client, table, items, truth, { ...options, half });
    const row: IndexRow = {
      name,
      version: items.version,
      table,
      items: items.rows,
      width: items.width,
      keys: digestOf(items),
      columns: names,
      settings,
      certificate,
    };
    await addIndex(client, row);
    await client.query(`DROP VIEW IF EXISTS ${escapeIdentifier(name)}`);
    await client.query(`CREATE VIEW ${escapeIdentifier(name)} AS SELECT * FROM ${escapeIdentifier(table)}`);
    const dropped = options.dropsOlder ? await dropTables(client, olderIndexes) : [];
    await client.query('COMMIT');
    return { address: address.shown, row, dropped };
  });
}

/** Sets the session, regardless of the user's settings. */
async function prepareServer(client: ClientBase): Promise<void> {
  await client.query('SET LOCAL statement_timeout = 0');
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  await client.query('CREATE EXTENSION IF NOT EXISTS vector');
  const { rows } = await client.query<{ version: string }>(
    "SELECT extversion AS version FROM pg_extension WHERE extname = 'vector'",
  );
  const [major = 0, minor = 0] = (rows[0]?.version ?? '0').split('.').map(Number);
  if (major === 0 && minor < 8) throw failure('index-extension', { version: rows[0]?.version ?? 'none' });
}

/** Returns the name of the version's table, with a number if the version was indexed before. */
function freeTable(name: string, version: string, older: readonly IndexRow[]): string {
  const baseName = `${name}_${version
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(0, 12)
    .toLowerCase()}`;
  const takenTables = new Set(older.map(({ table }) => table));
  for (let count = 1; ; count++) {
    const table = count === 1 ? baseName : `${baseName}_${count}`;
    if (!takenTables.has(table)) return table;
  }
}

async function copyItems(
  client: ClientBase,
  table: string,
  items: IndexedItems,
  names: readonly ColumnName[],
): Promise<void> {
  const columns = ['row', 'key', 'title', 'vector', ...names.map(({ column }) => column)].map(escapeIdentifier);
  const stream = client.query(copyFrom(`COPY ${escapeIdentifier(table)} (${columns.join(', ')}) FROM STDIN`));
  const itemColumns = names.map(({ name }) => items.columns.get(name)!);
  await pipeline(Readable.from(copyRows(items, itemColumns), { objectMode: false }), stream);
}

/** @throws Failure `index-recall` */
async function buildGraph(
  client: ClientBase,
  table: string,
  items: IndexedItems,
  truth: ExactAnswers,
  { recall, half, onProgress = () => {} }: WriteOptions,
): Promise<{ readonly settings: IndexSettings; readonly certificate: RecallCertificate }> {
  const { width } = items;
  const find: RowFinder = async (requests) => {
    const foundRows: number[][] = [];
    for (const { vectors, k } of requests) {
      const place = { table, width, half, nameOf: nameOf(items.columns, []) };
      const { text, values } = topSql(place, { ...unitsOf(vectors), k, conditions: [], without: [], isExact: false });
      const { rows } = await client.query<FoundRow>(text, [...values]);
      foundRows.push(rows.sort((a, b) => a.distance - b.distance).map(({ row }) => row));
    }
    return foundRows;
  };
  let best: RecallCertificate | undefined;
  for (const { m, efConstruction } of graphs) {
    onProgress(`building the graph: m ${m}, ef_construction ${efConstruction}`);
    const graphIndex = escapeIdentifier(`${table}_hnsw`);
    await client.query(`DROP INDEX IF EXISTS ${graphIndex}`);
    const indexedColumn = half ? `(vector::halfvec(${width})) halfvec_ip_ops` : 'vector vector_ip_ops';
    await client.query(
      `CREATE INDEX ${graphIndex} ON ${escapeIdentifier(table)} USING hnsw (${indexedColumn}) WITH (m = ${m}, ef_construction = ${efConstruction})`,
    );
    for (const efSearch of efSearchValues) {
      // Continues a search if a filter removes its items.
      await client.query(`SET LOCAL hnsw.ef_search = ${efSearch}; SET LOCAL hnsw.iterative_scan = strict_order`);
      const certificate = await truth.certify(find);
      onProgress(
        `ef_search ${efSearch}: recall ${certificate.recall.toFixed(4)}, 5th percentile ${certificate.low.toFixed(4)}`,
      );
      if (certificate.recall >= recall) return { settings: { m, efConstruction, efSearch, half }, certificate };
      if (!best || certificate.recall > best.recall) best = certificate;
    }
  }
  throw failure('index-recall', { recall: best!.recall, asked: recall, k: truth.k, queries: best!.queries });
}

/** Drops tables. One that is in use is dropped when its use ends. */
async function dropTables(client: ClientBase, older: readonly IndexRow[]): Promise<string[]> {
  for (const { table } of older) {
    await client.query(`DROP TABLE IF EXISTS ${escapeIdentifier(table)}`);
    await client.query('DELETE FROM tower_indexes WHERE "table" = $1', [table]);
  }
  return older.map(({ table }) => table);
}

const chunkCharacters = 2 ** 18;

/**
 * Writes items in the text format of COPY: one line per item, tabs between the fields, and `\N` for null. https://www.postgresql.org/docs/17/sql-copy.html
 * @param columns in the order of the table
 * @throws Failure `index-value` for a text that PostgreSQL cannot store
 */
function* copyRows(
  items: Pick<Snapshot, 'rows' | 'itemVector' | 'keyAt' | 'titleAt'>,
  columns: readonly ItemColumn[],
): Generator<string> {
  let pendingText = '';
  for (let row = 0; row < items.rows; row++) {
    const fields = [
      String(row),
      copyField(items.keyAt(row), 'key'),
      copyField(items.titleAt(row) || null, 'title'),
      `[${items.itemVector(row).join(',')}]`,
      ...columns.map((column) => copyField(valueAt(column, row), 'value')),
    ];
    pendingText += `${fields.join('\t')}\n`;
    if (pendingText.length < chunkCharacters) continue;
    yield pendingText;
    pendingText = '';
  }
  yield pendingText;
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copyField(value: unknown, what: string): string {
  if (value === null) return '\\N';
  for (const text of [value].flat().map(String)) {
    if (text.includes('\0')) throw failure('index-value', { what, text: text.slice(0, 60).replaceAll('\0', '\\u{0}') });
  }
  const elementText = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const fieldText = Array.isArray(value) ? `{${value.map(elementText).join(',')}}` : String(value);
  return fieldText.replace(/[\\\t\n\r]/g, (sign) => copyEscapes[sign]!);
}
