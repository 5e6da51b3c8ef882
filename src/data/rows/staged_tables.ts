/** Makes the SQL for staged tables: the computed columns of a role, the codes of texts, and one query that reads all of them. */

import type { DuckDBDataChunk } from '@duckdb/node-api';
import { quoteName } from '../../base/text/sql.ts';
import type { TextsWriter } from '../../base/text/texts.ts';
import { groupBy } from '../../base/util/objects.ts';
import type { BoundColumn, ColumnRequest, DataLayout } from '../binding/data_layout.ts';
import { castToText, type Database, elementOf, enclose, isNumber, maxInlineBytes, textBytes } from '../files/duckdb.ts';
import type { Role } from '../files/find_files.ts';
import type { RawBags, RawColumn, RawNumbers, RawRows, RowRange, Staged } from './raw.ts';

/** A database with the staged tables of a layout. */
export interface BoundTables {
  readonly database: Database;
  readonly layout: DataLayout;
}

export async function readRows(
  tables: BoundTables,
  staged: Staged,
  columns: readonly ColumnRequest[],
  range?: RowRange,
): Promise<RawRows> {
  const { database } = tables;
  const { first, count: rows } = range ?? { first: 0, count: staged.rows };
  const wholeQuery = await computedQuery(tables, staged.source.role, columns);
  const computed = { ...wholeQuery, sql: range ? withinRange(wholeQuery.sql, range) : wholeQuery.sql };
  const present = new Uint8Array(rows);
  const raw = new Map<ColumnRequest, RawColumn>();
  const selectedColumns: string[] = [`CAST(row - ${first} AS INTEGER)`];
  const joins: string[] = [];
  const fills: ((ids: ArrayLike<number>, chunk: Parameters<typeof chunkColumn>[0]) => void)[] = [];
  for (const [index, request] of columns.entries()) {
    const type = computed.types[index]!;
    const resultColumn = selectedColumns.length;
    if (request.form === 'codes') {
      raw.set(
        request,
        await readCodeLists(
          database,
          `SELECT row - ${first} AS row, c${index} AS list FROM (${computed.sql})`,
          type,
          request,
          rows,
        ),
      );
    } else if (request.form === 'code') {
      const codeValues = new Int32Array(rows);
      raw.set(request, { kind: 'codes', values: codeValues });
      selectedColumns.push(`CAST(coalesce(d${index}.rowid + 1, 0) AS INTEGER)`);
      joins.push(
        `LEFT JOIN ${dictionaryTable(request.dictionary!)} AS d${index} ON d${index}.value = ${castToText(`c${index}`, type)}`,
      );
      fills.push((ids, chunk) => {
        const { items } = chunkColumn(chunk, resultColumn);
        for (let i = 0; i < ids.length; i++) codeValues[ids[i]!] = items[i]!;
      });
    } else if (request.form === 'number') {
      const column: RawNumbers = {
        kind: 'numbers',
        width: 1,
        values: new Float64Array(rows).fill(Number.NaN),
        bad: [],
        nan: [],
      };
      raw.set(request, column);
      selectedColumns.push(numberIn(request, `c${index}`, type));
      fills.push((ids, chunk) => fillNumbers(column, ids, chunkColumn(chunk, resultColumn)));
    } else {
      selectedColumns.push(`CAST(c${index} AS DOUBLE[])`);
      if (request.form === 'vector') {
        const vectorWidth = request.width!;
        const vectorValues = new Float64Array(rows * vectorWidth).fill(Number.NaN);
        const column: RawNumbers = { kind: 'numbers', width: vectorWidth, values: vectorValues, bad: [] };
        raw.set(request, column);
        fills.push((ids, chunk) => fillVectors(column, ids, chunkLists(chunk, resultColumn)));
      } else {
        const bags = numberBags(rows);
        raw.set(request, bags.column);
        fills.push((ids, chunk) => bags.fill(ids, chunkLists(chunk, resultColumn)));
      }
    }
  }
  const query = `SELECT ${selectedColumns.join(', ')} FROM (${computed.sql}) AS computed ${joins.join(' ')}`;
  await database.stream(query, (chunk) => {
    const { items: ids } = chunkColumn(chunk, 0);
    for (let i = 0; i < ids.length; i++) present[ids[i]!] = 1;
    for (const fill of fills) fill(ids, chunk);
  });
  return { rows, present, columns: raw, ...(range ? { first } : {}) };
}

/** Restricts a query to a range of rows; the database skips row groups outside of it. */
const withinRange = (sql: string, { first, count }: RowRange): string =>
  `SELECT * FROM (${sql}) WHERE row >= ${first} AND row < ${first + count}`;

/** Returns a query that selects `row`, `c0`, `c1`, … of a role, and the types of the columns. Rows that `where` excludes are not computed. */
export async function computedQuery(
  tables: BoundTables,
  role: Role,
  columns: readonly ColumnRequest[],
): Promise<{ readonly sql: string; readonly types: readonly string[] }> {
  if (!tables.layout.sources.has(role)) return { sql: '', types: [] };
  // Several files may have a column of the same name, so each expression sees only the files that it was bound to.
  const scopes = groupBy(columns.keys(), (index) => columns[index]!.column.scope.join());
  const selects: string[] = [];
  for (const places of scopes.values()) {
    const { scope } = columns[places[0]!]!.column;
    const relation = await relationOf(tables, scope);
    const computed = places.map((index) => `, ${enclose(columns[index]!.column.sql)} AS c${index}`).join('');
    const filter = role === 'events' ? await filterClause(tables, scope, relation.row) : '';
    selects.push(`(SELECT ${relation.row} AS row${computed} FROM ${relation.sql}${filter})`);
  }
  const [firstSelect, ...otherSelects] = selects;
  const joins = otherSelects.map(
    (select, index) => `JOIN ${select} AS scope${index + 1} ON scope${index + 1}.row = scope0.row`,
  );
  const names = columns.map((_, index) => `, c${index}`).join('');
  const sql =
    otherSelects.length === 0
      ? firstSelect!.slice(1, -1)
      : `SELECT scope0.row${names} FROM ${firstSelect} AS scope0 ${joins.join(' ')}`;
  const { types } = await tables.database.resultShape(`SELECT row${names} FROM (${sql}) LIMIT 0`);
  return { sql, types: types.slice(1) };
}

export async function filterClause(tables: BoundTables, scope: readonly Role[], row: string): Promise<string> {
  const { where } = tables.layout;
  if (where === undefined) return '';
  if (where.scope.join() === scope.join()) return ` WHERE ${enclose(where.sql)}`;
  const relation = await relationOf(tables, where.scope);
  return ` WHERE ${row} IN (SELECT ${relation.row} FROM ${relation.sql} WHERE ${enclose(where.sql)})`;
}

/** Joins the tables of some roles: the events with the files that are needed. */
export async function relationOf(
  { database, layout }: BoundTables,
  scope: readonly Role[],
): Promise<{ readonly sql: string; readonly row: string }> {
  const [firstRole] = scope;
  if (scope.length === 1) return { sql: firstRole!, row: `${firstRole}.rowid` };
  const keyOf = async (sql: string, role: Role): Promise<string> => {
    const [type] = (await database.resultShape(`SELECT ${enclose(sql)} FROM ${role} LIMIT 0`)).types;
    return castToText(enclose(sql), type!);
  };
  const keys: string[] = [];
  const joins: string[] = [];
  for (const role of ['items', 'users'] as const) {
    if (!scope.includes(role)) continue;
    const key = (role === 'items' ? layout.itemKey : layout.userKey)!;
    const [keyName, ownKey] = [quoteName(`key of ${role}`), quoteName(`own key of ${role}`)];
    keys.push(`, ${await keyOf(key.inEvents.sql, 'events')} AS ${keyName}`);
    const file = `(SELECT *, ${await keyOf(key.inFile!.sql, role)} AS ${ownKey} FROM ${role})`;
    joins.push(`LEFT JOIN ${file} AS ${role} ON events.${keyName} = ${role}.${ownKey}`);
  }
  const events = `(SELECT *, rowid AS "row of events"${keys.join('')} FROM events) AS events`;
  return { sql: `${events} ${joins.join(' ')}`, row: 'events."row of events"' };
}

/** Returns the integers of a query of one column, without an object for each. */
export async function idsOf(database: Database, sql: string): Promise<Int32Array> {
  const ids = growing((length) => new Int32Array(length));
  await database.stream(sql, (chunk) => {
    const { items } = chunkColumn(chunk, 0);
    const start = ids.reserve(items.length);
    ids.array.set(items, start);
  });
  return ids.array.slice(0, ids.length);
}

export async function textsAt(
  tables: BoundTables,
  column: BoundColumn,
  ids: readonly number[],
): Promise<ReadonlyMap<number, string | null>> {
  const relation = await relationOf(tables, column.scope);
  const textRows = await tables.database.rows(
    `SELECT CAST(${relation.row} AS INTEGER) AS row, CAST(${enclose(column.sql)} AS VARCHAR) AS text
     FROM ${relation.sql} WHERE ${relation.row} IN (${ids.join(', ')})`,
  );
  return new Map(textRows.map(({ row, text }) => [Number(row), text === null ? null : String(text)]));
}

async function readCodeLists(
  database: Database,
  source: string,
  type: string,
  request: ColumnRequest,
  rows: number,
): Promise<RawBags> {
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const elements = growing((length) => new Int32Array(length));
  let lastId = -1;
  const elementText = castToText('element', elementOf(type));
  const query = `SELECT CAST(row AS INTEGER), CAST(dictionary.rowid + 1 AS INTEGER)
     FROM (SELECT row, unnest(list) AS element, generate_subscripts(list, 1) AS place FROM (${source}))
     JOIN ${dictionaryTable(request.dictionary!)} AS dictionary ON dictionary.value = ${elementText} ORDER BY row, place`;
  await database.stream(query, (chunk) => {
    const { items: ids } = chunkColumn(chunk, 0);
    const { items: codes } = chunkColumn(chunk, 1);
    const chunkStart = elements.reserve(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id !== lastId) starts[id] = chunkStart + i;
      ends[id] = chunkStart + i + 1;
      lastId = id;
      elements.array[chunkStart + i] = codes[i]!;
    }
  });
  return { kind: 'bags', starts, ends, values: elements.array.slice(0, elements.length), bad: [] };
}

export const dictionaryTable = (dictionary: string): string => quoteName(`dictionary of ${dictionary}`);

/** Returns a text with a doubled leading byte order mark, because the database drops the first on output. */
export const withDoubledMark = (text: string): string =>
  `CASE WHEN starts_with(${text}, chr(65279)) THEN chr(65279) || ${text} ELSE ${text} END`;

/**
 * Returns SQL for the number that a request reads from a column. NULL is missing, NaN is a value that is not a number. Dates and times become microseconds for
 * a `time`, of which only the order counts, and seconds since 1970 in UTC for a `moment`.
 */
export function numberIn({ column: { kind } }: ColumnRequest, column: string, type: string): string {
  if ((kind === 'time' || kind === 'moment') && /^(DATE|TIMESTAMP)/.test(type))
    return `CAST(${kind === 'time' ? 'epoch_us' : 'epoch'}(${column}) AS DOUBLE)`;
  if (isNumber(type) || type === 'BOOLEAN') return `CAST(${column} AS DOUBLE)`;
  const textSql = `nullif(CAST(${column} AS VARCHAR), '')`;
  return `CASE WHEN ${textSql} IS NULL THEN NULL ELSE coalesce(TRY_CAST(${textSql} AS DOUBLE), CAST('nan' AS DOUBLE)) END`;
}

function fillNumbers(
  column: RawNumbers,
  ids: ArrayLike<number>,
  { items, valid }: ReturnType<typeof chunkColumn>,
): void {
  const { values, bad, nan = bad } = column;
  for (let i = 0; i < ids.length; i++) {
    if (!isValid(valid, i)) continue;
    const readNumber = items[i]!;
    if (Number.isFinite(readNumber)) values[ids[i]!] = readNumber;
    else (Number.isNaN(readNumber) ? nan : bad).push(ids[i]!);
  }
}

function fillVectors(column: RawNumbers, ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>): void {
  const { values, bad, width } = column;
  for (let i = 0; i < ids.length; i++) {
    if (!isValid(lists.valid, i)) continue;
    const offset = lists.entries[4 * i]!;
    const target = ids[i]! * width;
    let isGood = lists.entries[4 * i + 2] === width;
    for (let k = 0; isGood && k < width; k++) {
      isGood = isValid(lists.elementValid, offset + k) && Number.isFinite(lists.items[offset + k]!);
      if (isGood) values[target + k] = lists.items[offset + k]!;
    }
    if (!isGood) bad.push(ids[i]!);
  }
}

function numberBags(rows: number): {
  readonly column: RawBags;
  readonly fill: (ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>) => void;
} {
  const elements = growing((length) => new Float64Array(length));
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const bad: number[] = [];
  const column = {
    kind: 'bags' as const,
    starts,
    ends,
    bad,
    get values() {
      return elements.array;
    },
  };
  const fill = (ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>): void => {
    for (let i = 0; i < ids.length; i++) {
      if (!isValid(lists.valid, i)) continue;
      const offset = lists.entries[4 * i]!;
      const listLength = lists.entries[4 * i + 2]!;
      let elementEnd = elements.reserve(listLength);
      starts[ids[i]!] = elementEnd;
      for (let k = 0; k < listLength; k++) {
        if (!isValid(lists.elementValid, offset + k)) continue;
        const listNumber = lists.items[offset + k]!;
        if (Number.isFinite(listNumber)) elements.array[elementEnd++] = listNumber;
        else bad.push(ids[i]!);
      }
      ends[ids[i]!] = elementEnd;
    }
  };
  return { column, fill };
}

/** Makes an array that doubles its size when it is full. `reserve` returns the index of the first of `count` new elements. */
function growing<T extends Int32Array | Float64Array>(make: (length: number) => T) {
  const state = {
    array: make(1024),
    length: 0,
    reserve(count: number): number {
      const start = state.length;
      state.length += count;
      if (state.length > state.array.length) {
        const larger = make(Math.max(state.length, 2 * state.array.length));
        larger.set(state.array);
        state.array = larger;
      }
      return start;
    },
  };
  return state;
}

interface ChunkColumn {
  readonly items: ArrayLike<number>;
  /** One bit for each row; undefined if all rows have a value. */
  readonly valid: Uint8Array | undefined;
}

interface VectorParts {
  readonly items: ArrayLike<number>;
  readonly validity: { readonly data: BigUint64Array | null };
}

/** @param columnIndex index of a numeric column */
function chunkColumn(chunk: DuckDBDataChunk, columnIndex: number): ChunkColumn {
  const vector = chunk.getColumnVector(columnIndex) as unknown as VectorParts;
  return { items: vector.items, valid: validBits(vector) };
}

/** A column of number lists: row i has `items[offset(i) … offset(i) + length(i))`. */
interface ChunkLists extends ChunkColumn {
  /** Two 64-bit words for each row, offset and length, seen as pairs of 32-bit words, of which only the low ones are used. */
  readonly entries: Uint32Array;
  readonly elementValid: Uint8Array | undefined;
}

function chunkLists(chunk: DuckDBDataChunk, columnIndex: number): ChunkLists {
  const vector = chunk.getColumnVector(columnIndex) as unknown as Pick<VectorParts, 'validity'> & {
    readonly entryData: BigUint64Array;
    readonly childData: VectorParts;
  };
  const { buffer, byteOffset, byteLength } = vector.entryData;
  return {
    items: vector.childData.items,
    valid: validBits(vector),
    entries: new Uint32Array(buffer, byteOffset, byteLength / 4),
    elementValid: validBits(vector.childData),
  };
}

const validBits = ({ validity: { data } }: Pick<VectorParts, 'validity'>): Uint8Array | undefined =>
  data === null ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** True if bit `at` is set, or if there are no bits. */
const isValid = (bits: Uint8Array | undefined, index: number): boolean =>
  bits === undefined || ((bits[index >> 3]! >> (index & 7)) & 1) === 1;

/** Adds the values of a BLOB column, which are UTF-8 texts without NULLs. */
export function addBlobs(chunk: DuckDBDataChunk, columnIndex: number, to: TextsWriter): void {
  const vector = chunk.getColumnVector(columnIndex) as unknown as BlobParts;
  const { dataView } = vector;
  const inline = new Uint8Array(dataView.buffer, dataView.byteOffset, dataView.byteLength);
  for (let row = 0; row < chunk.rowCount; row++) {
    const start = row * textBytes;
    const length = dataView.getUint32(start, true);
    if (length <= maxInlineBytes) to.addBytes(inline, start + 4, start + 4 + length);
    else to.addBytes(vector.getItemBytes(row), 0, length);
  }
}

interface BlobParts {
  readonly dataView: DataView;
  getItemBytes(row: number): Uint8Array;
}
