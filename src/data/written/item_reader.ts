/**
 * Reads written items one by one like rows of the items file: the same SQL computes their features, the same checks apply, and the encoders of training encode
 * them. Only the column types are kept of the file.
 */
import { Failure, failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import { type BindOptions, withBound } from '../binding/bind.ts';
import {
  type BoundColumn,
  type ColumnRequest,
  type DataLayout,
  makeReadPlan,
  type Needs,
  type ReadPlan,
  readsOtherRows,
} from '../binding/data_layout.ts';
import type { Encoding, IndexedColumn } from '../dataset.ts';
import type { DataSource } from '../files/data_source.ts';
import { type Database, openDatabase } from '../files/duckdb.ts';
import { type FilterColumn, filterColumnsOf, filterLayout } from '../rows/item_columns.ts';
import type { RawColumn } from '../rows/raw.ts';
import { stage, typesOf } from '../rows/stage.ts';
import {
  checkColumns,
  type GivenItem,
  type ItemReader,
  keyComplaint,
  type ReadItem,
  type TextRow,
  type WrittenField,
  writtenError,
  writtenReader,
} from './fields.ts';
import {
  computeChecked,
  encodeRows,
  fieldsOf,
  makeWrittenQuery,
  type RowValues,
  textRow,
  type WrittenRowColumns,
} from './written_rows.ts';

/** @throws Failure `items-closed` if the items of the block cannot be computed one by one, and as `readDataset` */
export const openItemReader = (
  description: DataDescription,
  needs: Needs,
  encodings: ReadonlyMap<string, Encoding>,
  options: BindOptions = {},
): Promise<ItemReader> =>
  withBound(description, needs, options, async ({ layout }) => {
    const source = layout.sources.get('items');
    const key = layout.itemKey?.inFile;
    if (source === undefined || key === undefined) {
      const reason = 'the data block has no items file';
      throw failure('items-closed', { reason, advice: 'add `items = "FILE" by COLUMN` to the data block' });
    }
    const context: ReaderContext = {
      source,
      key,
      wanted: filterColumnsOf(source, layout, key),
      readPlan: makeReadPlan(description, needs, layout),
      encodings,
    };
    refuseOtherRows(context);
    return await makeReader(context, options.signal);
  });

interface ReaderContext {
  readonly source: DataSource;
  readonly key: BoundColumn;
  readonly wanted: readonly FilterColumn[];
  readonly readPlan: ReadPlan;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/** Refuses expressions that read other rows, because each write would need all rows. */
function refuseOtherRows({ readPlan, wanted }: ReaderContext): void {
  const allColumns = [
    ...readPlan.columns.get('items')!.map(({ column }) => column),
    ...wanted.map(({ column }) => column),
  ];
  const column = allColumns.find(readsOtherRows);
  if (column === undefined) return;
  const reason = `\`${column.name}\` of the data block reads more than named columns of one row`;
  throw failure('items-closed', { reason, advice: 'compute the column before, and store it in the items file' });
}

async function makeReader(context: ReaderContext, signal: AbortSignal | undefined): Promise<ItemReader> {
  const { source, key, wanted, readPlan } = context;
  const { layout, needs } = readPlan;
  const filterTypes = await typesForFilters(source, filterLayout(key, wanted), signal);
  const database = await openDatabase(signal);
  const modelTypes = await stagedTypes(database, source, layout);
  const query = await makeWrittenQuery({
    ...{ database, layout, role: 'items', requests: readPlan.columns.get('items')!, wanted },
    ...{ modelTypes, filterTypes },
  });
  const [, tower] = needs.towers;
  const readColumns = [...readPlan.features]
    .filter(([name, { column }]) => column.role === 'items' && tower.features?.includes(name) !== false)
    .map(([, { column }]) => column);
  const fields = fieldsOf(source, [modelTypes, filterTypes], [key.bare], readColumns);
  const keyRequest = readPlan.itemKey!.inFile!;
  const title = readPlan.title?.column.role === 'items' ? readPlan.title : undefined;

  const readRows = async (rows: readonly TextRow[], items: readonly GivenItem[]): Promise<(ReadItem | Failure)[]> => {
    const checked = await computeChecked('item', { database, query, source, readPlan }, rows);
    const { values, textAt, refuse, failures } = checked;
    const features = encodeWritten(context, checked);
    return items.map((item, row) => {
      const ownKey = textAt(keyRequest, row);
      if (ownKey !== item.key)
        refuse(row, key.name, `is written ${JSON.stringify(ownKey)} in the items file`, 'use that key in the address');
      const itemFailure = failures.get(row);
      if (itemFailure) return itemFailure;
      return {
        key: item.key,
        features: new Map(
          [...features].map(([name, { column, index }]) => [
            name,
            { column, index: Int32Array.of(index ? index[row]! : row) },
          ]),
        ),
        values: values[row] ?? new Map(),
        title: title && (textAt(title, row) || item.key),
      };
    });
  };

  const reader = writtenReader((item: GivenItem) => check(item, fields, key, source));
  return {
    fields,
    missing: missingColumns(context),
    read: (items) => reader(items, readRows),
    close: () => database.close(),
  };
}

/** Checks the columns and makes the row. The key in the address is the value of the key column. */
function check(
  { key, columns: values }: GivenItem,
  fields: readonly WrittenField[],
  { bare, name }: BoundColumn,
  { files }: DataSource,
): TextRow | Failure {
  const keyError = keyComplaint(key);
  if (keyError) return new Failure([writtenError('item', bare ?? name, ...keyError)]);
  const entries = Object.entries(values).map(([column, value]) => {
    const isKey = bare !== undefined && column.toLowerCase() === bare.toLowerCase();
    // The address contains a numeric key as text.
    return [column, isKey && typeof value === 'number' ? String(value) : value] as const;
  });
  const { columns, mistakes } = checkColumns('item', Object.fromEntries(entries), fields, [bare ?? '']);
  if (bare !== undefined && columns.has(bare) && columns.get(bare) !== key) {
    return new Failure([
      writtenError(
        'item',
        bare,
        `is not ${JSON.stringify(key)}, the key in the address`,
        'give the same key, or leave the column out',
      ),
    ]);
  }
  if (mistakes.length > 0) return new Failure(mistakes);
  const row = textRow(columns, files);
  return bare === undefined ? row : row.set(bare, key);
}

async function typesForFilters(source: DataSource, layout: DataLayout, signal: AbortSignal | undefined) {
  const database = await openDatabase(signal);
  try {
    return await stagedTypes(database, source, layout);
  } finally {
    database.close();
  }
}

async function stagedTypes(
  database: Database,
  source: DataSource,
  layout: DataLayout,
): Promise<ReadonlyMap<string, string>> {
  await stage(database, source, layout);
  return typesOf(database, 'items');
}

/** Encodes the features of the item tower that come from the items file: one row for each item. */
function encodeWritten(context: ReaderContext, { raw, texts }: WrittenRowColumns): ReadonlyMap<string, IndexedColumn> {
  const rows = raw.get(context.readPlan.itemKey!.inFile!)!;
  invariant(rows.kind === 'codes', 'a key is a text');
  const ids = Int32Array.from(rows.values.keys());
  return encodeItems(context, 'items', ids, (request) => [raw.get(request)!, texts.get(request)]);
}

/** Encodes the features of the item tower that come from events: a single row for an item without events. */
const missingColumns = (context: ReaderContext): ReadonlyMap<string, IndexedColumn> =>
  encodeItems(context, 'events', Int32Array.of(-1), (request) => [noRows(request), undefined]);

function encodeItems(
  { readPlan, encodings }: ReaderContext,
  role: 'items' | 'events',
  ids: Int32Array,
  valuesOf: RowValues,
): ReadonlyMap<string, IndexedColumn> {
  const [, tower] = readPlan.needs.towers;
  const requestOf = ({ name }: FeaturePlan): ColumnRequest | undefined => {
    // The key comes from the file, although the events have it too.
    const request = name === tower.key ? readPlan.itemKey!.inFile! : readPlan.features.get(name);
    const isItemFeature = name === tower.key || tower.features?.includes(name) !== false;
    return isItemFeature && request?.column.role === role ? request : undefined;
  };
  return encodeRows({ readPlan, encodings, requestOf, valuesOf }, ids);
}

function noRows({ form, width = 1 }: ColumnRequest): RawColumn {
  const emptyCodes = new Int32Array(0);
  if (form === 'code') return { kind: 'codes', values: emptyCodes };
  if (form === 'codes') return { kind: 'bags', starts: emptyCodes, ends: emptyCodes, values: emptyCodes, bad: [] };
  if (form === 'numbers')
    return { kind: 'bags', starts: emptyCodes, ends: emptyCodes, values: new Float64Array(0), bad: [] };
  return { kind: 'numbers', width, values: new Float64Array(0), bad: [] };
}
