/** Items that are given one by one as rows of the database, and what the data block computes of them. The texts of requests are values here, never SQL. */
import type { ColumnRequest } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import { type Database, enclose, quoteName, quoteText } from '../files/duckdb.ts';
import { plain, type Wanted } from '../item_columns.ts';
import type { RawBags, RawCodes, RawColumn, RawNumbers } from '../rows/raw.ts';
import { computedQuery, elementOf, marked, numberOf, secondsOf, textOf, timeOf } from '../rows/staged_tables.ts';

/** By column: its value as text, or the texts of its list; null where there is none. */
export type TextRow = ReadonlyMap<string, string | readonly string[] | null>;

/** What the columns of the data block are of some rows. */
export interface ComputedItems {
  /** By request: the raw column, and its texts. */
  readonly raw: ReadonlyMap<ColumnRequest, RawColumn>;
  readonly texts: ReadonlyMap<ColumnRequest, readonly string[]>;
  /** By row: what filters read, as `readItemColumns` has it. */
  readonly values: readonly ReadonlyMap<string, unknown>[];
  /** Values that are not of the type of their column. */
  readonly misfits: readonly { readonly row: number; readonly column: string; readonly type: string }[];
}

export interface ItemQuery {
  compute(rows: readonly TextRow[]): Promise<ComputedItems>;
  /** Makes the table `items` of these rows, for what looks a value up. */
  fill(rows: readonly TextRow[]): Promise<void>;
}

export interface ItemQuerySource {
  readonly database: Database;
  readonly layout: Layout;
  /** What the model reads of the items file. */
  readonly requests: readonly ColumnRequest[];
  /** What filters read. */
  readonly wanted: readonly Wanted[];
  /** By column: its type where the model reads it, and where filters do. */
  readonly modelTypes: ReadonlyMap<string, string>;
  readonly filterTypes: ReadonlyMap<string, string>;
}

/**
 * One query for all, without a join: most of the time of a small query goes into its way there and back. Expressions read a table called `items`, first with the
 * types of the model, then with those of filters; what was computed before goes along under names that no file has. Long because the parts of
 * one query are next to each other.
 */
export async function makeItemQuery(source: ItemQuerySource): Promise<ItemQuery> {
  const { database, layout, requests, wanted, modelTypes, filterTypes } = source;
  const names = [...new Set([...modelTypes.keys(), ...filterTypes.keys()])];
  const isList = (name: string): boolean => [modelTypes, filterTypes].some((types) => types.get(name)?.endsWith(']'));
  const shapes = names.map((name, at) => [`c${at}`, isList(name) ? ['VARCHAR'] : 'VARCHAR']);
  const shape = quoteText(JSON.stringify([{ r: 'INTEGER', ...Object.fromEntries(shapes) }]));
  const textOfRows = (rows: readonly TextRow[]): string =>
    JSON.stringify(
      rows.map((row, r) => ({ r, ...Object.fromEntries(names.map((name, at) => [`c${at}`, row.get(name) ?? null])) })),
    );
  const given = (text: string): string => `(SELECT unnest(from_json(${text}, ${shape})) AS ${own('row')})`;
  const fieldOf = (name: string): string => `${own('row')}.c${names.indexOf(name)}`;
  /** Null where the text is none of the type. */
  const castOf = (name: string, type: string): string =>
    type === 'VARCHAR' ? fieldOf(name) : `TRY_CAST(${fieldOf(name)} AS ${type})`;
  const columnsOf = (types: ReadonlyMap<string, string>): string[] =>
    [...types].map(([name, type]) => `${castOf(name, type)} AS ${quoteName(name)}`);
  const fill = async (rows: readonly TextRow[]): Promise<void> => {
    const columns = columnsOf(modelTypes).join(', ');
    await database.run(
      `CREATE OR REPLACE TEMP TABLE items AS SELECT ${columns} FROM ${given(quoteText(textOfRows(rows)))}`,
    );
  };

  await fill([]);
  const { types } = await computedQuery(database, 'items', requests, layout);
  const computed = requests.map(({ column }, at) => `${enclose(column.sql)} AS ${own(`column ${at}`)}`);
  const outputs = requests.map((request, at) => [
    own(`value ${at}`),
    outputOf(request, own(`column ${at}`), types[at]!),
  ]);
  const checks = [modelTypes, filterTypes].flatMap((of) =>
    [...of].flatMap(([column, type]) =>
      type === 'VARCHAR'
        ? []
        : [{ column, type, sql: `${fieldOf(column)} IS NOT NULL AND ${castOf(column, type)} IS NULL` }],
    ),
  );
  const select = (columns: readonly string[], from: string): string =>
    `(SELECT ${columns.join(', ')} FROM ${from} AS items)`;
  const query = (text: string): string => {
    const forModel = select([own('row'), ...columnsOf(modelTypes)], given(text));
    const ofModel = select([own('row'), ...computed], forModel);
    const forFilters = select(
      [own('row'), ...outputs.map(([name, sql]) => `${sql} AS ${name}`), ...columnsOf(filterTypes)],
      ofModel,
    );
    const all = [
      `${own('row')}.r`,
      ...outputs.map(([name]) => name!),
      ...wanted.map(({ value }, at) => `${value} AS f${at}`),
      ...checks.map(({ sql }, at) => `${sql} AS m${at}`),
    ];
    return select(all, forFilters).slice(1, -1);
  };

  const computeRows = await database.prepare(query('$1::VARCHAR'));
  const firstValue = 1 + requests.length;
  const firstCheck = firstValue + wanted.length;
  return {
    fill,
    async compute(asked) {
      const found = await computeRows(textOfRows(asked));
      const rows = [...found].sort(([a], [b]) => Number(a) - Number(b));
      const raw = new Map<ColumnRequest, RawColumn>();
      const texts = new Map<ColumnRequest, readonly string[]>();
      for (const [at, request] of requests.entries()) {
        const known = makeTexts();
        const values = rows.map((row) => row[1 + at]);
        raw.set(request, rawColumn(request, values, known.codeOf));
        texts.set(request, known.texts);
      }
      return {
        raw,
        texts,
        values: rows.map((row) => new Map(wanted.map(({ name }, at) => [name, plainValue(row[firstValue + at])]))),
        misfits: rows.flatMap((each, row) =>
          checks.flatMap(({ column, type }, at) => (each[firstCheck + at] === true ? [{ row, column, type }] : [])),
        ),
      };
    },
  };
}

/** A name that goes along with the columns of a file. */
const own = (name: string): string => quoteName(`tower ${name}`);

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

/** As `readItemColumns` has it. */
const plainValue = (value: unknown): unknown =>
  Array.isArray(value) ? plain({ items: value } as never) : plain(value);
