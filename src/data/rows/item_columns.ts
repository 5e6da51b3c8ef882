/** Reads columns of the items file that need not be those of the model: all of them for filters, and those that metrics name. */

import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeKeyTable } from '../../base/text/key_table.ts';
import { quoteName } from '../../base/text/sql.ts';
import type { Texts } from '../../base/text/texts.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { MeasureSpec } from '../../graph/plan/plan.ts';
import { type BindOptions, withBoundDatabase } from '../binding/bind.ts';
import type { BoundColumn, DataLayout, Needs } from '../binding/data_layout.ts';
import type { Corpus, Dataset, ItemValues } from '../dataset.ts';
import type { DataSource } from '../files/data_source.ts';
import { castToText, type Database, enclose, isList, isNumber } from '../files/duckdb.ts';
import { hasSampledTypes } from '../files/formats/table.ts';
import { stage } from './stage.ts';
import { withDoubledMark } from './staged_tables.ts';

export interface FilterColumn {
  readonly name: string;
  readonly kind: ItemValues['kind'];
  readonly column: BoundColumn;
  /** SQL of the value in the type of `kind`. */
  readonly value: string;
}

/**
 * Reads, by name, the columns of the items file and the features that the block computes from it, such as a split list. Dates and times are texts that sort by
 * time. In a numeric column a value that is not a number is missing. Returns none if the block has no items file. @param keys the keys of the corpus, in the
 * order of its rows @throws Failure as `readDataset`
 */
export function readItemColumns(
  description: DataDescription,
  needs: Needs,
  keys: Texts,
  options: BindOptions = {},
): Promise<ReadonlyMap<string, ItemValues>> {
  return withBoundDatabase(description, needs, options, async (database, { layout }) => {
    const source = layout.sources.get('items');
    const key = layout.itemKey?.inFile;
    if (source === undefined || key === undefined) return new Map();
    return readValues(database, source, key, filterColumnsOf(source, layout, key), keys, options.signal);
  });
}

interface MetricSource {
  readonly metrics: readonly MeasureSpec[];
  readonly description: DataDescription;
  readonly needs: Needs;
}

/** Returns the data set with the values of these columns. @throws Failure `data-needs` without an items file, `unknown-name` if it lacks a column */
export async function withMetricColumns(
  dataset: Dataset,
  { metrics, description, needs }: MetricSource,
  options: Omit<BindOptions, 'model'>,
): Promise<Dataset> {
  const columnMetrics = metrics.filter(({ column }) => column !== undefined);
  if (columnMetrics.length === 0) return dataset;
  const { keys } = dataset.corpus;
  const calls = columnMetrics.map(({ metric: kind, column }) => ({ kind, arguments: { column } }));
  const model = { features: new Map(), labels: new Map(), train: { metrics: calls } };
  const elements = await withBoundDatabase(description, needs, { ...options, model }, async (database, { layout }) => {
    const [source, key, columns] = [layout.sources.get('items')!, layout.itemKey!.inFile!, layout.metricColumns!];
    const readable = filterColumnsOf(source, { features: columns }, key);
    const metricColumns = [...columns].map(([name, { bare = name }]) => {
      const column = readable.find((candidate) => candidate.name === bare);
      if (column) return { ...column, name };
      const knownNames = readable.map((candidate) => candidate.name);
      throw failure('unknown-name', { what: 'column of single values or lists', name, known: knownNames });
    });
    const values = await readValues(database, source, key, metricColumns, keys, options.signal);
    return new Map([...values].map(([name, { values: itemValues }]) => [name, elementsOf(itemValues)]));
  });
  return { ...dataset, corpus: { ...dataset.corpus, elements } };
}

/** Codes the distinct values of each item. An empty text is missing, as it is for filters. */
function elementsOf(values: readonly unknown[]): NonNullable<ReturnType<NonNullable<Corpus['elements']>['get']>> {
  const starts = new Int32Array(values.length);
  const ends = new Int32Array(values.length);
  const codes: number[] = [];
  const codeOf = new Map<unknown, number>();
  values.forEach((value, item) => {
    starts[item] = codes.length;
    for (const element of new Set([value ?? []].flat())) {
      if (element === '') continue;
      if (!codeOf.has(element)) codeOf.set(element, codeOf.size);
      codes.push(codeOf.get(element)!);
    }
    ends[item] = codes.length;
  });
  return { starts, ends, values: Int32Array.from(codes) };
}

async function readValues(
  database: Database,
  source: DataSource,
  key: BoundColumn,
  filterColumns: readonly FilterColumn[],
  keys: Texts,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, ItemValues>> {
  await stage(database, source, filterLayout(key, filterColumns), { signal });
  await database.seal();
  const rowOf = makeKeyTable(keys, keys.length).rowOf;
  const exact = await exactColumns(database, filterColumns);
  const values = filterColumns.map(() => new Array<unknown>(keys.length).fill(undefined));
  const selectedColumns = [
    withDoubledMark(castToText(enclose(key.sql), await typeOfKey(database, key))),
    ...exact.map(({ value }) => value),
  ];
  await database.stream(`SELECT ${selectedColumns.join(', ')} FROM items`, (chunk) => {
    const columns = selectedColumns.map((_, index) => chunk.getColumnVector(index) as unknown as ValueVector);
    for (let i = 0; i < chunk.rowCount; i++) {
      const row = rowOf(String(columns[0]!.getItem(i)));
      if (row < 0) continue;
      for (const [index, columnValues] of values.entries())
        columnValues[row] = plainItemValue(columns[index + 1]!.getItem(i));
    }
  });
  return new Map(exact.map(({ name, kind }, index) => [name, { kind, values: values[index]! } as ItemValues]));
}

/** Makes the layout of an items file from which only filters read columns. */
export function filterLayout(key: BoundColumn, filterColumns: readonly FilterColumn[]): DataLayout {
  const features = new Map([['', key], ...filterColumns.map(({ name, column }) => [name, column] as const)]);
  return { sources: new Map(), features, labels: new Map(), histories: new Map(), listWeights: new Map() };
}

/** Turns integers that a JavaScript number cannot represent, such as 64-bit ids, into texts. */
async function exactColumns(
  database: Database,
  filterColumns: readonly FilterColumn[],
): Promise<readonly FilterColumn[]> {
  const numbers = filterColumns.filter(({ kind }) => kind === 'number');
  const { types } = await database.resultShape(
    `SELECT ${numbers.map(({ column }) => enclose(column.sql)).join(', ') || 0} FROM items LIMIT 0`,
  );
  // The columns of a text file may have been read as texts.
  const isWhole = (type: string): boolean => /^(U?BIGINT|U?HUGEINT|DECIMAL\(\d+,0\))$/.test(type);
  const wholeNumbers = numbers.filter(({ column }, index) => isWhole(column.type) || isWhole(types[index]!));
  if (wholeNumbers.length === 0) return filterColumns;
  const maxExact = Number.MAX_SAFE_INTEGER;
  const isLarge = wholeNumbers.map(
    ({ column }, index) => `bool_or(abs(TRY_CAST(${enclose(column.sql)} AS HUGEINT)) > ${maxExact}) AS c${index}`,
  );
  const [row] = await database.rows(`SELECT ${isLarge.join(', ')} FROM items`);
  return filterColumns.map((filterColumn) => {
    if (row![`c${wholeNumbers.indexOf(filterColumn)}`] !== true) return filterColumn;
    return { ...filterColumn, kind: 'text', value: castOf(filterColumn.column.sql, 'text') };
  });
}

const typeOfKey = async (database: Database, key: BoundColumn): Promise<string> =>
  (await database.resultShape(`SELECT ${enclose(key.sql)} FROM items LIMIT 0`)).types[0]!;

interface ValueVector {
  getItem(index: number): unknown;
}

/** Converts a value of the database to plain JavaScript: its lists are objects. */
export function plainItemValue(value: unknown): unknown {
  if (value === null || (typeof value === 'number' && !Number.isFinite(value))) return undefined;
  const { items } = value as { readonly items?: readonly unknown[] };
  return items === undefined ? value : items.filter((item) => item !== null).map(String);
}

export function filterColumnsOf(
  source: DataSource,
  { features }: Pick<DataLayout, 'features'>,
  key: BoundColumn,
): FilterColumn[] {
  const columnsByName = new Map<string, FilterColumn>();
  const isSampled = hasSampledTypes(source.files);
  for (const { name, type } of source.columns) {
    const kind = kindOf(type);
    if (kind === undefined) continue;
    // Text files are read as texts, so that a value which is not a number does not invalidate its row.
    const readsText = name === key.bare || (isSampled && kind !== 'texts');
    const column: BoundColumn = {
      name,
      sql: quoteName(name),
      scope: ['items'],
      role: 'items',
      kind: readsText ? 'text' : 'any',
      type,
      bare: name,
    };
    const ownKind = name === key.bare ? 'text' : kind;
    columnsByName.set(name, { name, kind: ownKind, column, value: castOf(column.sql, ownKind) });
  }
  for (const [name, column] of features) {
    const kind = kindOf(column.type);
    const isOwn =
      column.role === 'items' && column.bare === undefined && column.scope.every((role) => role === 'items');
    // The columns of a query within the expression are not staged.
    if (!isOwn || kind === undefined || (column.reads?.tables.length ?? 0) > 0) continue;
    columnsByName.set(name, { name, kind, column, value: castOf(column.sql, kind) });
  }
  return [...columnsByName.values()];
}

/** Returns undefined for a type that filters cannot compare, such as a structure. */
function kindOf(type: string): ItemValues['kind'] | undefined {
  if (isList(type)) return /^(VARCHAR|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)\[\]$/.test(type) ? 'texts' : undefined;
  if (isNumber(type)) return 'number';
  if (type === 'BOOLEAN') return 'truth';
  return /^(VARCHAR|DATE|TIMESTAMP|TIME|UUID|ENUM)/.test(type) ? 'text' : undefined;
}

function castOf(sql: string, kind: ItemValues['kind']): string {
  const type = { number: 'DOUBLE', text: 'VARCHAR', texts: 'VARCHAR[]', truth: 'BOOLEAN' }[kind];
  const value = `TRY_CAST(${enclose(sql)} AS ${type})`;
  if (kind === 'texts') return `list_transform(${value}, element -> ${withDoubledMark('element')})`;
  return kind === 'text' ? withDoubledMark(value) : value;
}
