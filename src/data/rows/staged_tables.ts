/**
 * The SQL over staged tables: what is computed for a role, how texts become codes, and one pass that brings all of it out. Each
 * query is made of parts of the others.
 */
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { BoundColumn, Layout } from '../binding/layout.ts';
import { type Database, enclose, quoteName } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import { isNumber } from '../files/source.ts';
import { chunkColumn, chunkLists, isValid } from './chunk.ts';
import type { RawBags, RawColumn, RawNumbers } from './raw.ts';
import type { RowRange, Staged } from './staged.ts';

/** One role's rows, by row id. */
export interface RawRows {
  /** Row ids run from 0 to this, or as many from `first` on. */
  readonly rows: number;
  /** The row id of the first; all arrays are of rows from it on. Absent: 0. */
  readonly first?: number;
  /** 1 where the row is there: staged, and passed by `where`. */
  readonly present: Uint8Array;
  readonly columns: ReadonlyMap<ColumnRequest, RawColumn>;
}

/** Brings out every wanted column of a role, of all its rows or of a range. */
export async function readRows(
  database: Database,
  staged: Staged,
  columns: readonly ColumnRequest[],
  layout: Layout,
  range?: RowRange,
): Promise<RawRows> {
  const { first, count: rows } = range ?? { first: 0, count: staged.rows };
  const role = staged.source.role;
  const whole = await computedQuery(database, role, columns, layout);
  const computed = { ...whole, sql: range ? withinRange(whole.sql, range) : whole.sql };
  const present = new Uint8Array(rows);
  const raw = new Map<ColumnRequest, RawColumn>();
  const selected: string[] = [`CAST(row - ${first} AS INTEGER)`];
  const joins: string[] = [];
  const fills: ((ids: ArrayLike<number>, chunk: Parameters<typeof chunkColumn>[0]) => void)[] = [];
  for (const [at, wanted] of columns.entries()) {
    const type = computed.types[at]!;
    const place = selected.length;
    if (wanted.form === 'codes') {
      raw.set(
        wanted,
        await readCodeLists(
          database,
          `SELECT row - ${first} AS row, c${at} AS list FROM (${computed.sql})`,
          type,
          wanted,
          rows,
        ),
      );
    } else if (wanted.form === 'code') {
      const values = new Int32Array(rows);
      raw.set(wanted, { kind: 'codes', values });
      selected.push(`CAST(coalesce(d${at}.rowid + 1, 0) AS INTEGER)`);
      joins.push(`LEFT JOIN ${tableOf(wanted.dictionary!)} AS d${at} ON d${at}.value = ${textOf(`c${at}`, type)}`);
      fills.push((ids, chunk) => {
        const { items } = chunkColumn(chunk, place);
        for (let i = 0; i < ids.length; i++) values[ids[i]!] = items[i]!;
      });
    } else if (wanted.form === 'number') {
      const column: RawNumbers = {
        kind: 'numbers',
        width: 1,
        values: new Float64Array(rows).fill(Number.NaN),
        bad: [],
        nan: [],
      };
      raw.set(wanted, column);
      const said = { time: timeOf, moment: secondsOf, other: numberOf };
      const { kind } = wanted.column;
      selected.push(said[kind === 'time' || kind === 'moment' ? kind : 'other'](`c${at}`, type));
      fills.push((ids, chunk) => fillNumbers(column, ids, chunkColumn(chunk, place)));
    } else {
      selected.push(`CAST(c${at} AS DOUBLE[])`);
      if (wanted.form === 'vector') {
        const width = wanted.width!;
        const values = new Float64Array(rows * width).fill(Number.NaN);
        const column: RawNumbers = { kind: 'numbers', width, values, bad: [] };
        raw.set(wanted, column);
        fills.push((ids, chunk) => fillVectors(column, ids, chunkLists(chunk, place)));
      } else {
        const filling = numberBags(rows);
        raw.set(wanted, filling.column);
        fills.push((ids, chunk) => filling.fill(ids, chunkLists(chunk, place)));
      }
    }
  }
  const query = `SELECT ${selected.join(', ')} FROM (${computed.sql}) AS computed ${joins.join(' ')}`;
  await database.stream(query, (chunk) => {
    const { items: ids } = chunkColumn(chunk, 0);
    for (let i = 0; i < ids.length; i++) present[ids[i]!] = 1;
    for (const fill of fills) fill(ids, chunk);
  });
  return { rows, present, columns: raw, ...(range ? { first } : {}) };
}

/** The database skips the row groups that hold no row of the range. */
const withinRange = (sql: string, { first, count }: RowRange): string =>
  `SELECT * FROM (${sql}) WHERE row >= ${first} AND row < ${first + count}`;

/** Row ids of the events by ascending time; events of one time, and those without one, in their own order. */
export async function timeOrder(
  database: Database,
  time: ColumnRequest,
  rows: number,
  layout: Layout,
): Promise<Int32Array> {
  const computed = await computedQuery(database, 'events', [time], layout);
  const order = new Int32Array(rows);
  let length = 0;
  const query = `SELECT CAST(row AS INTEGER) FROM (${computed.sql}) ORDER BY ${timeOf('c0', computed.types[0]!)}, row`;
  await database.stream(query, (chunk) => {
    const { items } = chunkColumn(chunk, 0);
    order.set(items, length);
    length += items.length;
  });
  return order.subarray(0, length);
}

/** `row`, `c0`, `c1` … of a role, and the types of the latter. Rows that `where` leaves out are not computed. */
export async function computedQuery(
  database: Database,
  role: Role,
  columns: readonly ColumnRequest[],
  layout: Layout,
): Promise<{ readonly sql: string; readonly types: readonly string[] }> {
  if (!layout.sources.has(role)) return { sql: '', types: [] };
  // A name may be a column of several files: each expression sees only the files that it was bound to.
  const scopes = new Map<string, { readonly over: readonly Role[]; readonly places: number[] }>();
  for (const [at, { column }] of columns.entries()) {
    const key = column.over.join();
    if (!scopes.has(key)) scopes.set(key, { over: column.over, places: [] });
    scopes.get(key)!.places.push(at);
  }
  const selects: string[] = [];
  for (const { over, places } of scopes.values()) {
    const relation = await relationOf(over, layout, database);
    const computed = places.map((at) => `, ${enclose(columns[at]!.column.sql)} AS c${at}`).join('');
    const filter = role === 'events' ? await whereOf(over, relation.row, layout, database) : '';
    selects.push(`(SELECT ${relation.row} AS row${computed} FROM ${relation.sql}${filter})`);
  }
  const [first, ...others] = selects;
  const joins = others.map((select, at) => `JOIN ${select} AS scope${at + 1} ON scope${at + 1}.row = scope0.row`);
  const names = columns.map((_, at) => `, c${at}`).join('');
  const sql =
    others.length === 0 ? first!.slice(1, -1) : `SELECT scope0.row${names} FROM ${first} AS scope0 ${joins.join(' ')}`;
  const { types } = await database.shape(`SELECT row${names} FROM (${sql}) LIMIT 0`);
  return { sql, types: types.slice(1) };
}

/** The condition that leaves out what `where` leaves out, for events over these files. */
export async function whereOf(over: readonly Role[], row: string, layout: Layout, database: Database): Promise<string> {
  const { where } = layout;
  if (where === undefined) return '';
  if (where.over.join() === over.join()) return ` WHERE ${enclose(where.sql)}`;
  const relation = await relationOf(where.over, layout, database);
  return ` WHERE ${row} IN (SELECT ${relation.row} FROM ${relation.sql} WHERE ${enclose(where.sql)})`;
}

/** The tables of some roles as one: events joined with the files they need. */
export async function relationOf(
  over: readonly Role[],
  layout: Layout,
  database: Database,
): Promise<{ readonly sql: string; readonly row: string }> {
  const [only] = over;
  if (over.length === 1) return { sql: only!, row: `${only}.rowid` };
  const keyOf = async (sql: string, role: Role): Promise<string> => {
    const [type] = (await database.shape(`SELECT ${enclose(sql)} FROM ${role} LIMIT 0`)).types;
    return textOf(enclose(sql), type!);
  };
  const keys: string[] = [];
  const joins: string[] = [];
  for (const role of ['items', 'users'] as const) {
    if (!over.includes(role)) continue;
    const key = (role === 'items' ? layout.itemKey : layout.userKey)!;
    const [name, own] = [quoteName(`key of ${role}`), quoteName(`own key of ${role}`)];
    keys.push(`, ${await keyOf(key.inEvents.sql, 'events')} AS ${name}`);
    const file = `(SELECT *, ${await keyOf(key.inFile!.sql, role)} AS ${own} FROM ${role})`;
    joins.push(`LEFT JOIN ${file} AS ${role} ON events.${name} = ${role}.${own}`);
  }
  const events = `(SELECT *, rowid AS "row of events"${keys.join('')} FROM events) AS events`;
  return { sql: `${events} ${joins.join(' ')}`, row: 'events."row of events"' };
}

/** Raw text of a column at some rows, to say what is wrong with them. */
export async function textsAt(
  database: Database,
  column: BoundColumn,
  ids: readonly number[],
  layout: Layout,
): Promise<ReadonlyMap<number, string | null>> {
  const relation = await relationOf(column.over, layout, database);
  const rows = await database.rows(
    `SELECT CAST(${relation.row} AS INTEGER) AS row, CAST(${enclose(column.sql)} AS VARCHAR) AS text
     FROM ${relation.sql} WHERE ${relation.row} IN (${ids.join(', ')})`,
  );
  return new Map(rows.map(({ row, text }) => [Number(row), text === null ? null : String(text)]));
}

async function readCodeLists(
  database: Database,
  source: string,
  type: string,
  wanted: ColumnRequest,
  rows: number,
): Promise<RawBags> {
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  const elements = growing((length) => new Int32Array(length));
  let last = -1;
  const text = textOf('element', elementOf(type));
  const query = `SELECT CAST(row AS INTEGER), CAST(dictionary.rowid + 1 AS INTEGER)
     FROM (SELECT row, unnest(list) AS element, generate_subscripts(list, 1) AS place FROM (${source}))
     JOIN ${tableOf(wanted.dictionary!)} AS dictionary ON dictionary.value = ${text} ORDER BY row, place`;
  await database.stream(query, (chunk) => {
    const { items: ids } = chunkColumn(chunk, 0);
    const { items: codes } = chunkColumn(chunk, 1);
    const at = elements.reserve(ids.length);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id !== last) starts[id] = at + i;
      ends[id] = at + i + 1;
      last = id;
      elements.array[at + i] = codes[i]!;
    }
  });
  return { kind: 'bags', starts, ends, values: elements.array.slice(0, elements.length), bad: [] };
}

export function tableOf(dictionary: string): string {
  return quoteName(`dictionary of ${dictionary}`);
}

export function elementOf(listType: string): string {
  return listType.slice(0, listType.lastIndexOf('['));
}

/** A whole number that is stored with a fraction is the same key as one that is not. */
export function textOf(column: string, type: string): string {
  const largest = largestWhole(type);
  const fraction = /^DECIMAL\(\d+,0\)$/.test(type) ? undefined : /^DECIMAL/.exec(type);
  if (largest === undefined && !fraction) return `CAST(${column} AS VARCHAR)`;
  const whole = `${column} = floor(${column})${largest === undefined ? '' : ` AND abs(${column}) < ${largest}`}`;
  return `CASE WHEN ${whole} THEN CAST(CAST(${column} AS HUGEINT) AS VARCHAR) ELSE CAST(${column} AS VARCHAR) END`;
}

/** From here on a type of fractions does not hold each whole number: two may be one. Undefined of any other type. */
export function largestWhole(type: string): number | undefined {
  return type === 'DOUBLE' ? 2 ** 53 : type === 'FLOAT' ? 2 ** 24 : undefined;
}

/** A text whose first character is a byte order mark would lose it on its way out of the database: it loses one of two. */
export const marked = (text: string): string =>
  `CASE WHEN starts_with(${text}, chr(65279)) THEN chr(65279) || ${text} ELSE ${text} END`;

/** NULL is missing; NaN says that there was something, and it was no number. */
export function numberOf(column: string, type: string): string {
  if (isNumber(type) || type === 'BOOLEAN') return `CAST(${column} AS DOUBLE)`;
  const text = `nullif(CAST(${column} AS VARCHAR), '')`;
  return `CASE WHEN ${text} IS NULL THEN NULL ELSE coalesce(TRY_CAST(${text} AS DOUBLE), CAST('nan' AS DOUBLE)) END`;
}

/** Times as microseconds, numbers as they are: only their order counts. */
export function timeOf(column: string, type: string): string {
  return /^(DATE|TIMESTAMP)/.test(type) ? `CAST(epoch_us(${column}) AS DOUBLE)` : numberOf(column, type);
}

/** Dates and times as seconds since 1970 in UTC; numbers are such seconds already. */
export function secondsOf(column: string, type: string): string {
  return /^(DATE|TIMESTAMP)/.test(type) ? `CAST(epoch(${column}) AS DOUBLE)` : numberOf(column, type);
}

/** From the chunks of a query into columns by row id. */
function fillNumbers(
  column: RawNumbers,
  ids: ArrayLike<number>,
  { items, valid }: ReturnType<typeof chunkColumn>,
): void {
  const { values, bad, nan = bad } = column;
  for (let i = 0; i < ids.length; i++) {
    if (!isValid(valid, i)) continue;
    const value = items[i]!;
    if (Number.isFinite(value)) values[ids[i]!] = value;
    else (Number.isNaN(value) ? nan : bad).push(ids[i]!);
  }
}

function fillVectors(column: RawNumbers, ids: ArrayLike<number>, lists: ReturnType<typeof chunkLists>): void {
  const { values, bad, width } = column;
  for (let i = 0; i < ids.length; i++) {
    if (!isValid(lists.valid, i)) continue;
    const offset = lists.entries[4 * i]!;
    const target = ids[i]! * width;
    let good = lists.entries[4 * i + 2] === width;
    for (let k = 0; good && k < width; k++) {
      good = isValid(lists.elementValid, offset + k) && Number.isFinite(lists.items[offset + k]!);
      if (good) values[target + k] = lists.items[offset + k]!;
    }
    if (!good) bad.push(ids[i]!);
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
      const length = lists.entries[4 * i + 2]!;
      let at = elements.reserve(length);
      starts[ids[i]!] = at;
      for (let k = 0; k < length; k++) {
        if (!isValid(lists.elementValid, offset + k)) continue;
        const value = lists.items[offset + k]!;
        if (Number.isFinite(value)) elements.array[at++] = value;
        else bad.push(ids[i]!);
      }
      ends[ids[i]!] = at;
    }
  };
  return { column, fill };
}

/** An array that doubles. `reserve` gives the place of the first of so many new elements. */
function growing<T extends Int32Array | Float64Array>(make: (length: number) => T) {
  const state = {
    array: make(1024),
    length: 0,
    reserve(count: number): number {
      const at = state.length;
      state.length += count;
      if (state.length > state.array.length) {
        const larger = make(Math.max(state.length, 2 * state.array.length));
        larger.set(state.array);
        state.array = larger;
      }
      return at;
    },
  };
  return state;
}
