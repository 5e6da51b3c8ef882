/** Computes the columns of written items and events as rows in the database, and checks them. Texts from requests are only values, never SQL. */

import { Failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { quoteName, quoteText } from '../../base/text/sql.ts';
import { type FeaturePlan, madeOf } from '../../graph/plan/plan.ts';
import { mentions } from '../binding/binder.ts';
import type { BoundColumn, ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import { type EncoderArguments, makeAlongEncoder, makeColumnEncoder } from '../columns/column_encoder.ts';
import type { Encoding, IndexedColumn } from '../dataset.ts';
import type { DataSource } from '../files/data_source.ts';
import { castToText, type Database, elementOf, enclose } from '../files/duckdb.ts';
import { hasSampledTypes } from '../files/formats/table.ts';
import { type FilterColumn, plainItemValue } from '../rows/item_columns.ts';
import { bagSpans, type RawBags, type RawCodes, type RawColumn, type RawNumbers } from '../rows/raw.ts';
import { type BoundTables, computedQuery, numberIn, withDoubledMark } from '../rows/staged_tables.ts';
import type { TimeScale } from '../rows/time_scale.ts';
import { validateRows } from '../rows/validate_rows.ts';
import { type CellText, fieldKind, type TextRow, type WrittenField, type WrittenKind, writtenError } from './fields.ts';
import { plainReader } from './plain_rows.ts';

export interface WrittenRowColumns {
  readonly raw: ReadonlyMap<ColumnRequest, RawColumn>;
  readonly texts: ReadonlyMap<ColumnRequest, readonly string[]>;
  /** The values for filters, by row, in the form of `readItemColumns`. */
  readonly values: readonly ReadonlyMap<string, unknown>[];
  /** Values that cannot be converted to the type of their column. */
  readonly misfits: readonly { readonly row: number; readonly column: string; readonly type: string }[];
}

export interface WrittenQuery {
  compute(rows: readonly TextRow[]): Promise<WrittenRowColumns>;
  /** Makes the table of the role from these rows, for look-ups of values. */
  fill(rows: readonly TextRow[]): Promise<void>;
}

export interface WrittenQuerySource extends BoundTables {
  readonly role: 'items' | 'events';
  readonly requests: readonly ColumnRequest[];
  readonly wanted: readonly FilterColumn[];
  readonly modelTypes: ReadonlyMap<string, string>;
  readonly filterTypes: ReadonlyMap<string, string>;
}

/**
 * Seals the database and makes a single query for all columns, without a join, because the round trip takes most of the time of a small query. Expressions read a table with the
 * name of the role, first with the types of the model, then with those of filters. Earlier results are passed along under names that no file has.
 * Long because the parts of one query belong together.
 */
export async function makeWrittenQuery(source: WrittenQuerySource): Promise<WrittenQuery> {
  const { database, role, requests, wanted, modelTypes, filterTypes } = source;
  const names = [...new Set([...modelTypes.keys(), ...filterTypes.keys()])];
  const isList = (name: string): boolean => [modelTypes, filterTypes].some((types) => types.get(name)?.endsWith(']'));
  const columnShapes = names.map((name, index) => [`c${index}`, isList(name) ? ['VARCHAR'] : 'VARCHAR']);
  const shape = quoteText(JSON.stringify([{ r: 'INTEGER', ...Object.fromEntries(columnShapes) }]));
  const textOfRows = (rows: readonly TextRow[]): string =>
    JSON.stringify(
      rows.map((row, index) => ({
        r: index,
        ...Object.fromEntries(names.map((name, index) => [`c${index}`, row.get(name) ?? null])),
      })),
    );
  const givenRows = (text: string): string => `(SELECT unnest(from_json(${text}, ${shape})) AS ${internalName('row')})`;
  const fieldOf = (name: string): string => `${internalName('row')}.c${names.indexOf(name)}`;
  /** Returns NULL if the text is not of the type. */
  const castOf = (name: string, type: string): string =>
    type === 'VARCHAR' ? fieldOf(name) : `TRY_CAST(${fieldOf(name)} AS ${type})`;
  const columnsOf = (types: ReadonlyMap<string, string>): string[] =>
    [...types].map(([name, type]) => `${castOf(name, type)} AS ${quoteName(name)}`);
  const fill = async (rows: readonly TextRow[]): Promise<void> => {
    const columns = columnsOf(modelTypes).join(', ');
    await database.run(
      `CREATE OR REPLACE TEMP TABLE ${role} AS SELECT ${columns} FROM ${givenRows(quoteText(textOfRows(rows)))}`,
    );
  };

  // With few rows in each query, several threads would only wait for each other.
  await database.run('SET threads = 1');
  await database.seal();
  await fill([]);
  const { types } = await computedQuery(source, role, requests);
  const computedColumns = requests.map(
    ({ column }, index) => `${enclose(column.sql)} AS ${internalName(`column ${index}`)}`,
  );
  const outputs = requests.map((request, index) => [
    internalName(`value ${index}`),
    outputOf(request, internalName(`column ${index}`), types[index]!),
  ]);
  const checks = [modelTypes, filterTypes].flatMap((columnTypes) =>
    [...columnTypes].flatMap(([column, type]) =>
      type === 'VARCHAR'
        ? []
        : [{ column, type, sql: `${fieldOf(column)} IS NOT NULL AND ${castOf(column, type)} IS NULL` }],
    ),
  );
  const select = (columns: readonly string[], from: string): string =>
    `(SELECT ${columns.join(', ')} FROM ${from} AS ${role})`;
  const query = (text: string): string => {
    const forModel = select([internalName('row'), ...columnsOf(modelTypes)], givenRows(text));
    const ofModel = select([internalName('row'), ...computedColumns], forModel);
    const forFilters = select(
      [internalName('row'), ...outputs.map(([name, sql]) => `${sql} AS ${name}`), ...columnsOf(filterTypes)],
      ofModel,
    );
    const allColumns = [
      `${internalName('row')}.r`,
      ...outputs.map(([name]) => name!),
      ...wanted.map(({ value }, index) => `${value} AS f${index}`),
      ...checks.map(({ sql }, index) => `${sql} AS m${index}`),
    ];
    return select(allColumns, forFilters).slice(1, -1);
  };

  const computeRows = await database.prepare(query('$1::VARCHAR'));
  // Only the database knows the types and values of filters.
  const readPlain = wanted.length > 0 || filterTypes.size > 0 ? undefined : plainReader(requests, modelTypes);
  const firstValue = 1 + requests.length;
  const firstCheck = firstValue + wanted.length;
  return {
    fill,
    async compute(items) {
      const plainColumns = readPlain?.(items);
      const resultRows = plainColumns ? [] : await computeRows(textOfRows(items));
      const rows = resultRows.toSorted(([a], [b]) => Number(a) - Number(b));
      const raw = new Map<ColumnRequest, RawColumn>();
      const texts = new Map<ColumnRequest, readonly string[]>();
      for (const [index, request] of requests.entries()) {
        const knownTexts = makeTexts();
        const values = plainColumns?.[index] ?? rows.map((row) => row[1 + index]);
        raw.set(request, rawColumn(request, values, knownTexts.codeOf));
        texts.set(request, knownTexts.texts);
      }
      return {
        raw,
        texts,
        values: rows.map(
          (row) => new Map(wanted.map(({ name }, index) => [name, plainValue(row[firstValue + index])])),
        ),
        misfits: rows.flatMap((result, row) =>
          checks.flatMap(({ column, type }, index) =>
            result[firstCheck + index] === true ? [{ row, column, type }] : [],
          ),
        ),
      };
    },
  };
}

/** Returns the columns as texts for a query. In a text file an empty text is a missing value. */
export function textRow(columns: ReadonlyMap<string, unknown>, files: DataSource['files']): Map<string, CellText> {
  const textOf = (value: unknown): string | null =>
    value === null || value === undefined || (value === '' && hasSampledTypes(files)) ? null : String(value);
  return new Map(
    [...columns].map(([column, value]) => [column, Array.isArray(value) ? value.map(String) : textOf(value)] as const),
  );
}

export interface CheckedRows extends WrittenRowColumns {
  /** By row, its first error. */
  readonly failures: ReadonlyMap<number, Failure>;
  /** Returns the text of a row in a column of codes. */
  textAt(request: ColumnRequest, row: number): string;
  /** Adds an error, unless the row has one. */
  refuse(row: number, column: string, reason: string, advice: string): void;
}

export interface WrittenCheckSource {
  readonly database: Database;
  readonly query: WrittenQuery;
  readonly source: DataSource;
  readonly readPlan: ReadPlan;
  /** The condition of the data block. As in a file, the values of rows that it excludes are not checked. */
  readonly where?: ColumnRequest | undefined;
  /** Judges the times of events. */
  readonly timeScale?: TimeScale | undefined;
  /** Returns the name of a column in messages. Default: its own. */
  readonly shownName?: (column: string) => string;
}

/** Computes rows, and checks their values like those of a data file. */
export async function computeChecked(
  kind: WrittenKind,
  { database, query, source, readPlan, where, timeScale, shownName = (column) => column }: WrittenCheckSource,
  rows: readonly TextRow[],
): Promise<CheckedRows> {
  const failures = new Map<number, Failure>();
  const refuse = (row: number, column: string, reason: string, advice: string): void => {
    if (!failures.has(row)) failures.set(row, new Failure([writtenError(kind, shownName(column), reason, advice)]));
  };
  const computed = await query.compute(rows);
  for (const { row, column, type } of computed.misfits) {
    refuse(row, column, 'has a value that its column cannot hold', `give a value of the type ${type}`);
  }
  const { raw, texts } = computed;
  const columns = new Map(raw);
  const dictionaries = new Map([...texts].map(([{ dictionary: name = '' }, values]) => [name, values] as const));
  if (kind === 'item') {
    // An item is written by its key, so keys need no check. Unique ones pass all.
    const key = readPlan.itemKey!.inFile!;
    columns.set(key, { kind: 'codes', values: Int32Array.from(rows, (_, row) => row + 1) });
    dictionaries.set(key.dictionary!, { length: rows.length + 1 } as readonly string[]);
  }
  const staged = {
    source,
    files: [{ file: source.files[0]!, first: 0, rows: rows.length, copied: false }],
    rows: rows.length,
    broken: [],
  };
  const condition = where && (raw.get(where) as RawNumbers).values;
  const present = Uint8Array.from(rows, (_, row) => (condition === undefined || condition[row] === 1 ? 1 : 0));
  const { bad } = await validateRows({
    tables: { database: lazilyFilled(database, () => query.fill(rows)), layout: readPlan.layout },
    readPlan,
    raw: { rows: rows.length, present, columns },
    staged,
    dictionaries,
    context: { timeScale },
  });
  for (const { at, column, reason } of bad) {
    invariant('record' in at && column !== undefined, 'a finding has a row and a column');
    refuse(at.record, column, `is wrong: ${reason}`, 'correct the value of the column');
  }
  const textAt = (request: ColumnRequest, row: number): string =>
    texts.get(request)![(raw.get(request) as RawCodes).values[row]!]!;
  return { ...computed, failures, textAt, refuse };
}

/** The values of a column, and its texts. */
export type RowValues = (request: ColumnRequest) => readonly [RawColumn, readonly string[] | undefined];

export interface RowEncoding {
  readonly readPlan: ReadPlan;
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** Undefined for a feature that is not encoded. */
  requestOf(plan: FeaturePlan): ColumnRequest | undefined;
  readonly valuesOf: RowValues;
  /** Returns the corpus row of each value of a list that goes through the item tower. */
  itemsOf?(request: ColumnRequest): Int32Array;
}

/** Encodes features that are columns, by the code of training. @param ids rows of the columns; −1 for a missing one */
export function encodeRows(
  { readPlan, encodings, requestOf, valuesOf, itemsOf }: RowEncoding,
  ids: Int32Array,
): Map<string, IndexedColumn> {
  const { needs } = readPlan;
  const toEncode = (plan: FeaturePlan, request: ColumnRequest): EncoderArguments => [
    plan,
    encodings.get(plan.encoderOf)!,
    ...valuesOf(request),
    plan.through && itemsOf?.(request),
  ];
  const encoded = new Map<string, IndexedColumn>();
  for (const plan of needs.features) {
    const request = madeOf(plan).length > 0 ? undefined : requestOf(plan);
    if (request === undefined) continue;
    const list = needs.features.find(({ name }) => name === plan.along);
    const weights = readPlan.listWeights.get(plan.name);
    const encoder = list
      ? makeAlongEncoder(toEncode(plan, request), toEncode(list, readPlan.features.get(list.name)!))
      : makeColumnEncoder(...toEncode(plan, request), weights && valuesOf(weights)[0]);
    encoded.set(plan.name, encoder.encode(ids));
  }
  return encoded;
}

/** Returns a database that is filled before its first query, because few writes cause an error. */
function lazilyFilled(database: Database, fill: () => Promise<void>): Database {
  let fillTask: Promise<void> | undefined;
  const afterFill = async <T>(work: () => Promise<T>): Promise<T> => {
    await (fillTask ??= fill());
    return work();
  };
  return {
    ...database,
    rows: (sql) => afterFill(() => database.rows(sql)),
    resultShape: (sql, limit) => afterFill(() => database.resultShape(sql, limit)),
    stream: (sql, check) => afterFill(() => database.stream(sql, check)),
  };
}

const internalName = (name: string): string => quoteName(`tower ${name}`);

function outputOf(request: ColumnRequest, name: string, type: string): string {
  switch (request.form) {
    case 'code':
      return withDoubledMark(castToText(name, type));
    case 'codes':
      return `list_transform(${name}, element -> ${withDoubledMark(castToText('element', elementOf(type)))})`;
    case 'number':
      return numberIn(request, name, type);
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
  const badRows: number[] = [];
  const elementsOfRows = lists.map((list = [], row) =>
    form === 'codes'
      ? list.map(codeOf).filter((code) => code > 0)
      : list
          .filter((result) => result !== null)
          .map((result) => {
            if (!Number.isFinite(result)) badRows.push(row);
            return Number(result);
          }),
  );
  const elements = elementsOfRows.flat();
  return {
    ...bagSpans(Int32Array.from(elementsOfRows, ({ length }) => length)),
    values: form === 'codes' ? Int32Array.from(elements) : Float64Array.from(elements),
    bad: badRows,
  } satisfies RawBags;
}

const numberOrNaN = (value: unknown): number => (value === null ? Number.NaN : Number(value));

/** Makes rows of `width` numbers. Rows of other lengths are bad; values that are no numbers become NaN. */
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

/** Numbers distinct texts; code 0 is the empty text, which stands for a missing value. */
function makeTexts() {
  const texts = [''];
  const codes = new Map<string, number>([['', 0]]);
  const codeOf = (value: unknown): number => {
    if (value === null) return 0;
    const text = String(value);
    const knownCode = codes.get(text);
    if (knownCode !== undefined) return knownCode;
    codes.set(text, texts.push(text) - 1);
    return texts.length - 1;
  };
  return { texts, codeOf };
}

const plainValue = (value: unknown): unknown =>
  Array.isArray(value) ? plainItemValue({ items: value } as never) : plainItemValue(value);

/**
 * Returns the columns of a file as fields. @param staged types with which the columns were read, by column @param keys columns that hold keys, which are texts
 * in requests @param readColumns what must be computed, so that the columns it reads are needed
 */
export function fieldsOf(
  { role, columns }: DataSource,
  staged: readonly ReadonlyMap<string, string>[],
  keys: readonly (string | undefined)[],
  readColumns: readonly BoundColumn[],
): WrittenField[] {
  const isStagedWhole = (name: string): boolean =>
    staged.some((types) => /^U?(TINY|SMALL|BIG|HUGE)?INT/.test(types.get(name) ?? ''));
  const isNeeded = (name: string): boolean =>
    readColumns.some(({ bare, sql, scope, reads }) =>
      bare === undefined ? scope.includes(role) && (reads?.readsUnnamed || mentions(sql, name)) : bare === name,
    );
  return columns.map(({ name, type }) => ({
    name,
    kind: keys.includes(name) ? 'text' : fieldKind(type, isStagedWhole(name)),
    needed: isNeeded(name),
  }));
}
