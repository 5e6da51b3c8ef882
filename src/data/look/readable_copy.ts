/** Writes a copy that a data block can read, of a file that it cannot: with a header, in UTF-8, and with a single-character separator. */

import { copyFile, open, readFile, writeFile } from 'node:fs/promises';
import { quoteName, quoteText } from '../../base/text/sql.ts';
import { cleanRows, dropBlankLines, dropLines, dropMark, firstRecord, formatRecord } from '../csv/dialect.ts';
import { readers } from '../files/data_source.ts';
import { Copies, openDatabase, quotePath } from '../files/duckdb.ts';
import { columnsOfRelation } from '../files/formats/reader.ts';
import { isCompressed } from '../files/formats/table.ts';
import { unpacked } from '../files/records/scan_file.ts';
import { rowsOfMap } from './look_at_json.ts';
import { exactJson, type JoinedFile, type LookedTable, type Rewrite } from './looked_table.ts';

export interface RewriteJob {
  readonly from: string;
  /** The path of a new file in an existing folder. */
  readonly to: string;
  readonly kind: LookedTable['kind'];
  readonly rewriteFile: Rewrite;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the number of lines that a copy of joined files leaves out, because they are no rows; otherwise the copy has all lines.
 * @throws errors of the file system and of the database, and the reason of `signal`
 */
export async function rewrite(work: RewriteJob): Promise<number> {
  if (work.rewriteFile.derived) return deriveRows(work, work.rewriteFile.derived);
  await rewriteOne(work);
  return 0;
}

async function rewriteOne(work: RewriteJob): Promise<void> {
  if (work.kind === 'csv') return work.rewriteFile.isMap ? rewriteMap(work) : rewriteText(work);
  if (work.rewriteFile.header.length === 0) return copyFile(work.from, work.to);
  return renameColumns(work);
}

/** Writes the rows of a file, or its values if it is a matrix, with the columns of others beside them, in the order of the file. */
async function deriveRows(
  { from, to, kind, rewriteFile, signal }: RewriteJob,
  { joined: files = [], melted, own }: NonNullable<Rewrite['derived']>,
): Promise<number> {
  const copies = new Copies();
  const database = await openDatabase(signal);
  const relationOf = async (table: Omit<JoinedFile, 'key' | 'column' | 'columns' | 'overlap'>): Promise<string> => {
    const { path, rewrite: first, names, separator = ',' } = table;
    const readable = first ? copies.pathOfCopy(path, `.${table.kind}`) : path;
    if (first) await rewriteOne({ from: path, to: readable, kind: table.kind, rewriteFile: first, signal });
    const { relation } = readers[table.kind];
    if (relation) return relation(readable);
    const columns = names.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
    return `read_csv([${quotePath(readable)}], auto_detect = false, header = true, delim = ${quoteText(separator)}, quote = '"', escape = '"', columns = {${columns}}, ignore_errors = true, store_rejects = true)`;
  };
  try {
    const names = melted?.names ?? rewriteFile.header;
    const events = { path: from, kind, names, separator: rewriteFile.to, rewrite: own };
    const order = quoteName('row of the file');
    let select = `SELECT *, row_number() OVER () AS ${order} FROM ${await relationOf(events)}`;
    if (melted) {
      const [user, item, value] = melted.columns.map(quoteName);
      const row = melted.key === undefined ? `CAST(${order} AS VARCHAR)` : quoteName(melted.key);
      const cells = melted.items.map((name) => `CAST(${quoteName(name)} AS VARCHAR) AS ${quoteName(name)}`).join(', ');
      const from = `SELECT ${order}, ${row} AS ${user}, ${cells} FROM (${select})`;
      const values = `UNPIVOT (${from}) ON ${melted.items.map(quoteName).join(', ')} INTO NAME ${item} VALUE ${value}`;
      select = `SELECT * FROM (${values}) WHERE trim(${value}) NOT IN ('', ${quoteText(melted.mark ?? '')})`;
    }
    for (const file of files) {
      const [column, key] = [`s.${quoteName(file.column)}`, quoteName(file.key)];
      const added = file.columns.map(({ name, as }) => `, j.${quoteName(name)} AS ${quoteName(as)}`).join('');
      const rows = `SELECT DISTINCT ON (${key}) * FROM ${await relationOf(file)}`;
      const isSameKey = `trim(CAST(${column} AS VARCHAR)) = trim(CAST(j.${key} AS VARCHAR))`;
      select = `SELECT s.*${added} FROM (${select}) s LEFT JOIN (${rows}) j ON ${isSameKey}`;
    }
    const format = { csv: "CSV, HEADER, DELIMITER ','", json: 'JSON', parquet: 'PARQUET', lines: 'CSV' }[kind];
    await database.run(
      `COPY (SELECT * EXCLUDE (${order}) FROM (${select}) ORDER BY ${order}) TO ${quoteText(to)} (FORMAT ${format})`,
    );
    const isText = kind === 'csv' || files.some((file) => file.kind === 'csv');
    const [rejected] = isText ? await database.rows('SELECT count(*) AS lines FROM reject_errors') : [];
    return Number(rejected?.lines ?? 0);
  } finally {
    database.close();
    copies.discard();
  }
}

async function rewriteMap({ from, to, rewriteFile }: RewriteJob): Promise<void> {
  const map = exactJson(dropMark(await readFile(from, 'utf8'))) as Readonly<Record<string, unknown>>;
  const lines = [rewriteFile.header, ...rowsOfMap(map).rows].map((row) => formatRecord(row, ','));
  await writeFile(to, lines.join(''), { flag: 'wx' });
}

async function rewriteText({ from, to, rewriteFile: rewrite, signal }: RewriteJob): Promise<void> {
  const { encoding, hasHeader, header, to: separator, titles = 0, isPadded, isEscaped } = rewrite;
  const rewriteRows = (text: string): string => {
    const rows = cleanRows(text, rewrite);
    return rewrite.from === separator || rows.endsWith('\n') ? rows : `${rows}\n`;
  };
  const decoder = new TextDecoder(encoding);
  const handle = await open(to, 'wx');
  let pendingText = '';
  let isFirst = true;
  const take = async (text: string, isLast: boolean): Promise<void> => {
    pendingText += text;
    if (isFirst) {
      // The header may contain quotes, and the first piece is longer than the header.
      pendingText = dropLines(dropBlankLines(dropMark(pendingText)), titles);
      if (hasHeader) pendingText = pendingText.slice(firstRecord(pendingText, separator).end);
      await handle.write(formatRecord(header, separator));
      isFirst = false;
    }
    const end = isLast ? pendingText.length : endOfRecords(pendingText, isPadded === true || isEscaped === true);
    const wholeRecords = pendingText.slice(0, end);
    pendingText = pendingText.slice(end);
    if (wholeRecords !== '') await handle.write(rewriteRows(wholeRecords));
  };
  try {
    for await (const piece of unpacked({ path: from, compressed: isCompressed(from) }, 1 << 20)) {
      signal?.throwIfAborted();
      await take(decoder.decode(piece, { stream: true }), false);
    }
    await take(decoder.decode(), true);
  } finally {
    await handle.close();
  }
}

/** Returns the end of the last complete line; if values may be quoted, of the last line that ends outside of quotes. */
function endOfRecords(text: string, hasQuotes: boolean): number {
  let end = text.lastIndexOf('\n') + 1;
  if (!hasQuotes) return end;
  const quotesOf = (part: string): number => part.replaceAll(/\\["\\]/g, '').split('"').length - 1;
  let quotes = quotesOf(text.slice(0, end));
  while (end > 0 && quotes % 2 === 1) {
    const previousEnd = text.lastIndexOf('\n', end - 2) + 1;
    quotes -= quotesOf(text.slice(previousEnd, end));
    end = previousEnd;
  }
  return end;
}

async function renameColumns({ from, to, kind, rewriteFile: rewrite, signal }: RewriteJob): Promise<void> {
  const database = await openDatabase(signal);
  try {
    const source = readers[kind].relation!(from);
    const ownColumns = await columnsOfRelation(database, source);
    const columns = rewrite.fields
      ? rewrite.fields.map(({ path }, index) => `${fieldSql(path, kind)} AS ${quoteName(rewrite.header[index]!)}`)
      : ownColumns.map(({ name }, index) => `${quoteName(name)} AS ${quoteName(rewrite.header[index] ?? name)}`);
    const format = kind === 'json' ? 'JSON' : 'PARQUET';
    await database.run(`COPY (SELECT ${columns.join(', ')} FROM ${source}) TO ${quoteText(to)} (FORMAT ${format})`);
  } finally {
    database.close();
  }
}

/** Returns SQL for a field of an object. JSON objects may differ from row to row, so they are read as JSON and not as structs. */
function fieldSql([column, ...pendingText]: readonly string[], kind: LookedTable['kind']): string {
  const name = quoteName(column!);
  if (pendingText.length === 0) return name;
  if (kind !== 'json') return [name, ...pendingText.map(quoteName)].join('.');
  return `json_extract(to_json(${name}), ${quoteText(`$${pendingText.map((field) => `."${field}"`).join('')}`)})`;
}
