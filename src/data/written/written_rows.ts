/** Items that are given one by one as rows of the database, and what the data block computes of them. The texts of requests are values here, never SQL. */
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import { type Database, quoteName, quoteText } from '../files/duckdb.ts';
import { plain, type Wanted } from '../item_columns.ts';
import type { RawBags, RawCodes, RawColumn, RawNumbers } from '../rows/raw.ts';
import { computedQuery, elementOf, marked, numberOf, secondsOf, textOf, timeOf } from '../rows/staged_tables.ts';

/** By column: its value as text, or the texts of its list; null where there is none. */
export type TextRow = ReadonlyMap<string, string | readonly string[] | null>;

/** A table `items` with the types that the items file was staged with. */
export interface ItemTable {
  /** Replaces all rows. Gives the rows and columns whose values are not of the type of their column. */
  fill(
    rows: readonly TextRow[],
  ): Promise<readonly { readonly row: number; readonly column: string; readonly type: string }[]>;
}

export function makeItemTable(database: Database, types: ReadonlyMap<string, string>): ItemTable {
  const columns = [...types].map(([name, type], at) => {
    const given = `given.c${at}`;
    // Null where the text is none of the type.
    const value = type === 'VARCHAR' ? given : `TRY_CAST(${given} AS ${type})`;
    return { name, type, shape: isListType(type) ? ['VARCHAR'] : 'VARCHAR', given, value };
  });
  const shape = quoteText(JSON.stringify([Object.fromEntries(columns.map((each, at) => [`c${at}`, each.shape]))]));
  const selected = columns.map(({ name, value }) => `${value} AS ${quoteName(name)}`).join(', ');
  const misfits = columns.flatMap(({ type, given, value }, at) =>
    type === 'VARCHAR' ? [] : [{ at, sql: `${given} IS NOT NULL AND ${value} IS NULL` }],
  );
  return {
    async fill(rows) {
      const texts = rows.map((row) =>
        Object.fromEntries(columns.map(({ name }, at) => [`c${at}`, row.get(name) ?? null])),
      );
      const given = `(SELECT unnest(from_json(${quoteText(JSON.stringify(texts))}, ${shape})) AS given)`;
      await database.run(`CREATE OR REPLACE TEMP TABLE items AS SELECT ${selected} FROM ${given}`);
      if (misfits.length === 0) return [];
      const checks = misfits.map(({ sql }, i) => `${sql} AS m${i}`).join(', ');
      const any = misfits.map((_, i) => `m${i}`).join(' OR ');
      const found = await database.rows(
        `SELECT * FROM (SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS row, ${checks} FROM ${given}) WHERE ${any}`,
      );
      return found.flatMap((each) =>
        misfits.flatMap(({ at }, i) =>
          each[`m${i}`] === true ? [{ row: Number(each.row), column: columns[at]!.name, type: columns[at]!.type }] : [],
        ),
      );
    },
  };
}

const isListType = (type: string): boolean => type.endsWith(']');

/** What one role's columns are of the rows in the table. */
export interface ComputedItems {
  /** By request: the raw column, and its texts. */
  readonly raw: ReadonlyMap<ColumnRequest, RawColumn>;
  readonly texts: ReadonlyMap<ColumnRequest, readonly string[]>;
}

/** The query over `items` for what the model reads. Made once: the types of the table stay. */
export async function makeComputation(
  database: Database,
  requests: readonly ColumnRequest[],
  layout: Layout,
): Promise<() => Promise<ComputedItems>> {
  const computed = await computedQuery(database, 'items', requests, layout);
  const values = requests.map((request, at) => `${outputOf(request, `c${at}`, computed.types[at]!)} AS v${at}`);
  const query = `SELECT ${values.join(', ')} FROM (${computed.sql}) ORDER BY row`;
  return async () => {
    const rows = await database.rows(query);
    const raw = new Map<ColumnRequest, RawColumn>();
    const texts = new Map<ColumnRequest, readonly string[]>();
    for (const [at, request] of requests.entries()) {
      const own = rows.map((row) => row[`v${at}`]);
      const known = makeTexts();
      raw.set(request, rawColumn(request, own, known.codeOf));
      texts.set(request, known.texts);
    }
    return { raw, texts };
  };
}

function outputOf({ form, column }: ColumnRequest, name: string, type: string): string {
  switch (form) {
    case 'code':
      return marked(textOf(name, type));
    case 'codes':
      return `list_transform(${name}, element -> ${marked(textOf('element', elementOf(type)))})`;
    case 'number':
      return { time: timeOf, moment: secondsOf, other: numberOf }[
        column.kind === 'time' || column.kind === 'moment' ? column.kind : 'other'
      ](name, type);
    default:
      return `CAST(${name} AS DOUBLE[])`;
  }
}

function rawColumn(request: ColumnRequest, values: readonly unknown[], codeOf: (text: unknown) => number): RawColumn {
  const { form, width = 1 } = request;
  if (form === 'code') return { kind: 'codes', values: Int32Array.from(values, codeOf) } satisfies RawCodes;
  if (form === 'number')
    return numbersOf(
      values.map((value) => (value === null ? undefined : [Number(value)])),
      1,
    );
  const lists = values.map((value) => (value === null ? undefined : (value as readonly unknown[])));
  if (form === 'vector')
    return numbersOf(
      lists.map((list) => list?.map(numberOrNaN)),
      width,
    );
  const bad: number[] = [];
  const kept = lists.map((list = [], row) =>
    form === 'codes'
      ? list.map(codeOf).filter((code) => code > 0)
      : list
          .filter((each) => each !== null)
          .map((each) => {
            if (!Number.isFinite(each)) bad.push(row);
            return Number(each);
          }),
  );
  let end = 0;
  const ends = Int32Array.from(kept, ({ length }) => (end += length));
  const starts = ends.map((end, row) => end - kept[row]!.length);
  const flat = kept.flat();
  return {
    kind: 'bags',
    starts,
    ends,
    values: form === 'codes' ? Int32Array.from(flat) : Float64Array.from(flat),
    bad,
  } satisfies RawBags;
}

const numberOrNaN = (value: unknown): number => (value === null ? Number.NaN : Number(value));

/** Rows of `width` numbers; what is not that is bad, and NaN says that there was something. */
function numbersOf(lists: readonly (readonly number[] | undefined)[], width: number): RawNumbers {
  const values = new Float64Array(lists.length * width).fill(Number.NaN);
  const [bad, nan]: [number[], number[]] = [[], []];
  for (const [row, list] of lists.entries()) {
    if (list === undefined) continue;
    if (list.length === width && list.every(Number.isFinite)) values.set(list, row * width);
    else (width === 1 && Number.isNaN(list[0]) ? nan : bad).push(row);
  }
  return { kind: 'numbers', width, values, bad, nan };
}

/** Distinct texts and their places; 0 is the empty text, which represents a missing value. */
function makeTexts() {
  const texts = [''];
  const places = new Map<string, number>([['', 0]]);
  const codeOf = (value: unknown): number => {
    if (value === null) return 0;
    const text = String(value);
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, texts.push(text) - 1);
    return texts.length - 1;
  };
  return { texts, codeOf };
}

/** The query over `items` for what filters read. */
export function makeFilterQuery(
  database: Database,
  wanted: readonly Wanted[],
): () => Promise<readonly ReadonlyMap<string, unknown>[]> {
  const values = wanted.map(({ value }, at) => `${value} AS v${at}`);
  const query = `SELECT ${values.join(', ')} FROM items ORDER BY rowid`;
  return async () => {
    if (wanted.length === 0) return [];
    const rows = await database.rows(query);
    return rows.map((row) => new Map(wanted.map(({ name }, at) => [name, plainValue(row[`v${at}`])])));
  };
}

/** As `readItemColumns` has it. */
const plainValue = (value: unknown): unknown =>
  Array.isArray(value) ? plain({ items: value } as never) : plain(value);
