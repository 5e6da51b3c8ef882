/**
 * Reads written items one by one like rows of the items file: the same SQL computes their features, the same checks apply, and the encoders of training encode
 * them. Only the column types are kept of the file.
 */
import { Failure, failure, invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import { type FeaturePlan, madeOf } from '../../graph/plan/plan.ts';
import { type BindOptions, bindData } from '../binding/bind.ts';
import { mentions } from '../binding/binder.ts';
import {
  type BoundColumn,
  type ColumnRequest,
  type DataLayout,
  makeReadPlan,
  type Needs,
  type ReadPlan,
} from '../binding/layout.ts';
import { type EncoderArguments, makeAlongEncoder, makeColumnEncoder } from '../columns/encode.ts';
import type { Encoding, IndexedColumn } from '../dataset.ts';
import { type Database, openDatabase } from '../files/duckdb.ts';
import { hasSampledTypes } from '../files/formats/table.ts';
import type { DataSource } from '../files/source.ts';
import { type FilterColumn, filterColumnsOf, filterLayout } from '../item_columns.ts';
import type { RawCodes, RawColumn } from '../rows/raw.ts';
import { stage } from '../rows/stage.ts';
import { validateRows } from '../rows/validate_rows.ts';
import {
  checkColumns,
  fieldKind,
  type GivenItem,
  type ItemField,
  type ItemReader,
  itemValueError,
  type ReadItem,
  textError,
} from './fields.ts';
import { type ItemRowColumns, makeItemQuery, type TextRow } from './written_rows.ts';

/** Maximum number of items in one query. */
const maxRows = 256;

/** @throws Failure `items-closed` if the items of the block cannot be computed one by one, and as `readDataset` */
export async function openItemReader(
  description: DataDescription,
  needs: Needs,
  encodings: ReadonlyMap<string, Encoding>,
  options: BindOptions = {},
): Promise<ItemReader> {
  const bound = await bindData(description, needs, options);
  if (bound.output === undefined) throw new Failure(bound.diagnostics);
  const { layout, discard } = bound.output;
  try {
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
  } finally {
    discard();
  }
}

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
  const column = allColumns.find(({ reads }) => reads && (reads.windows || reads.unnamed || reads.tables.length > 0));
  if (column === undefined) return;
  const reason = `\`${column.name}\` of the data block reads more than named columns of one row`;
  throw failure('items-closed', { reason, advice: 'compute the column before, and store it in the items file' });
}

async function makeReader(context: ReaderContext, signal: AbortSignal | undefined): Promise<ItemReader> {
  const { source, key, wanted, readPlan } = context;
  const { layout } = readPlan;
  const filterTypes = await typesOf(source, filterLayout(key, wanted), signal);
  const database = await openDatabase(signal);
  const modelTypes = await stagedTypes(database, source, layout);
  const query = await makeItemQuery({
    ...{ database, layout, requests: readPlan.columns.get('items')!, wanted },
    ...{ modelTypes, filterTypes },
  });
  const fields = fieldsOf(context, modelTypes, filterTypes);
  const keyRequest = readPlan.itemKey!.inFile!;
  const title = readPlan.title?.column.at === 'items' ? readPlan.title : undefined;

  /** @param rows of items without errors so far */
  const readRows = async (items: readonly GivenItem[], rows: readonly TextRow[]): Promise<(ReadItem | Failure)[]> => {
    const failures = new Map<number, Failure>();
    const refuse = (row: number, column: string, reason: string, advice: string): void => {
      if (!failures.has(row)) failures.set(row, new Failure([itemValueError(column, reason, advice)]));
    };
    const computed = await query.compute(rows);
    const { texts, values } = computed;
    for (const { row, column, type } of computed.misfits) {
      refuse(row, column, 'has a value that its column cannot hold', `give a value of the type ${type}`);
    }
    const lookupDatabase = lazilyFilled(database, () => query.fill(rows));
    for (const { row, column, reason } of await findings(lookupDatabase, context, computed, items.length)) {
      refuse(row, column, `is wrong: ${reason}`, 'correct the value of the column');
    }
    const textAt = (request: ColumnRequest, row: number): string =>
      texts.get(request)![(computed.raw.get(request) as RawCodes).values[row]!]!;
    const features = encodeWritten(context, computed);
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
        ...defined({ title: title && (textAt(title, row) || item.key) }),
      };
    });
  };

  return {
    fields,
    missing: missingColumns(context),
    async read(items) {
      const checkedItems = items.map((item) => check(item, fields, key, source));
      const answers: (ReadItem | Failure | undefined)[] = checkedItems.map((checkedItem) =>
        checkedItem instanceof Failure ? checkedItem : undefined,
      );
      const validIndexes = [...checkedItems.keys()].filter((index) => answers[index] === undefined);
      for (let start = 0; start < validIndexes.length; start += maxRows) {
        const batch = validIndexes.slice(start, start + maxRows);
        const batchResults = await readRows(
          batch.map((index) => items[index]!),
          batch.map((index) => checkedItems[index] as TextRow),
        );
        for (const [i, index] of batch.entries()) answers[index] = batchResults[i]!;
      }
      return answers as (ReadItem | Failure)[];
    },
    close: () => database.close(),
  };
}

function fieldsOf(
  { source, readPlan, key }: ReaderContext,
  ...staged: readonly ReadonlyMap<string, string>[]
): ItemField[] {
  const [, tower] = readPlan.needs.towers;
  const readColumns = [...readPlan.features]
    .filter(([name, { column }]) => column.at === 'items' && tower.features?.includes(name) !== false)
    .map(([, { column }]) => column);
  const isNeeded = (name: string): boolean =>
    readColumns.some(({ bare, sql, reads }) =>
      bare === undefined ? reads?.unnamed || mentions(sql, name) : bare === name,
    );
  return source.columns.map(({ name, type }) => {
    const isWhole = staged.some((types) => /^U?(TINY|SMALL|BIG|HUGE)?INT/.test(types.get(name) ?? ''));
    const kind = name === key.bare ? 'text' : fieldKind(type, isWhole);
    return { name, kind, needed: isNeeded(name) };
  });
}

/** Checks the columns and makes the row. The key in the address is the value of the key column. */
function check(
  { key, columns: given }: GivenItem,
  fields: readonly ItemField[],
  { bare, name }: BoundColumn,
  { files }: DataSource,
): TextRow | Failure {
  const keyError = key === '' ? (['is empty', 'give a key'] as const) : textError(key);
  if (keyError) return new Failure([itemValueError(bare ?? name, ...keyError)]);
  const entries = Object.entries(given).map(([column, value]) => {
    const isKey = bare !== undefined && column.toLowerCase() === bare.toLowerCase();
    // The address contains a numeric key as text.
    return [column, isKey && typeof value === 'number' ? String(value) : value] as const;
  });
  const { columns, mistakes } = checkColumns(Object.fromEntries(entries), fields, bare ?? '');
  if (bare !== undefined && columns.has(bare) && columns.get(bare) !== key) {
    return new Failure([
      itemValueError(
        bare,
        `is not ${JSON.stringify(key)}, the key in the address`,
        'give the same key, or leave the column out',
      ),
    ]);
  }
  if (mistakes.length > 0) return new Failure(mistakes);
  // In a text file an empty text is a missing value.
  const textOf = (value: unknown): string | null =>
    value === null || value === undefined || (value === '' && hasSampledTypes(files)) ? null : String(value);
  const row = new Map(
    [...columns].map(([column, value]) => [column, Array.isArray(value) ? value.map(String) : textOf(value)] as const),
  );
  return bare === undefined ? row : row.set(bare, key);
}

interface ItemFinding {
  readonly row: number;
  readonly column: string;
  readonly reason: string;
}

/** Checks values like those of a data file, except the keys, because an item is written by its key. */
async function findings(
  database: Database,
  context: ReaderContext,
  { raw, texts }: ItemRowColumns,
  rows: number,
): Promise<ItemFinding[]> {
  const { source, readPlan } = context;
  const key = readPlan.itemKey!.inFile!;
  const unique = Int32Array.from({ length: rows }, (_, row) => row + 1);
  const columns = new Map([...raw, [key, { kind: 'codes', values: unique } as const]]);
  const dictionary = { length: rows + 1 } as readonly string[];
  const dictionaries = new Map([...texts].map(([{ dictionary: name = '' }, values]) => [name, values] as const));
  const staged = { source, files: [{ file: source.files[0]!, first: 0, rows, copied: false }], rows, broken: [] };
  const { bad } = await validateRows({
    tables: { database, layout: readPlan.layout },
    readPlan,
    raw: { rows, present: new Uint8Array(rows).fill(1), columns },
    staged,
    dictionaries: new Map([...dictionaries, [key.dictionary!, dictionary]]),
    joined: {},
  });
  return bad.map(({ at, column, reason }) => {
    invariant('record' in at && column !== undefined, 'a finding has a row and a column');
    return { row: at.record, column, reason };
  });
}

async function typesOf(source: DataSource, layout: DataLayout, signal: AbortSignal | undefined) {
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
  // With few rows in each query, several threads would only wait for each other.
  await database.run('SET threads = 1');
  await database.seal();
  const rows = await database.rows('SELECT column_name, column_type FROM (DESCRIBE items)');
  return new Map(rows.map((row) => [String(row.column_name), String(row.column_type)]));
}

/** Returns a database that is filled before its first query, because few writes cause an error. */
function lazilyFilled(database: Database, fill: () => Promise<void>): Database {
  let filling: Promise<void> | undefined;
  const afterFill = async <T>(work: () => Promise<T>): Promise<T> => {
    await (filling ??= fill());
    return work();
  };
  return {
    ...database,
    rows: (sql) => afterFill(() => database.rows(sql)),
    shape: (sql, limit) => afterFill(() => database.shape(sql, limit)),
    stream: (sql, checkedItem) => afterFill(() => database.stream(sql, checkedItem)),
  };
}

type Encoders = Pick<ReaderContext, 'readPlan' | 'encodings'>;

/** Encodes the features of the item tower that come from the items file: one row for each item. */
function encodeWritten(context: Encoders, { raw, texts }: ItemRowColumns): ReadonlyMap<string, IndexedColumn> {
  const rows = raw.get(context.readPlan.itemKey!.inFile!)!;
  invariant(rows.kind === 'codes', 'a key is a text');
  const ids = Int32Array.from(rows.values.keys());
  return encodeAll(context, 'items', ids, (request) => [raw.get(request)!, texts.get(request)]);
}

/** Encodes the features of the item tower that come from events: a single row for an item without events. */
const missingColumns = (context: Encoders): ReadonlyMap<string, IndexedColumn> =>
  encodeAll(context, 'events', Int32Array.of(-1), (request) => [noRows(request), undefined]);

function encodeAll(
  { readPlan, encodings }: Encoders,
  at: 'items' | 'events',
  ids: Int32Array,
  valuesOf: (request: ColumnRequest) => readonly [RawColumn, readonly string[] | undefined],
): ReadonlyMap<string, IndexedColumn> {
  const { needs } = readPlan;
  const [, tower] = needs.towers;
  const requestOf = (name: string): ColumnRequest | undefined =>
    // The key comes from the file, although the events have it too.
    name === tower.key ? readPlan.itemKey!.inFile! : readPlan.features.get(name);
  const toEncode = (plan: FeaturePlan): EncoderArguments => [
    plan,
    encodings.get(plan.encoderOf)!,
    ...valuesOf(requestOf(plan.name)!),
  ];
  const encoded = new Map<string, IndexedColumn>();
  for (const plan of needs.features) {
    const request = requestOf(plan.name);
    const isItemFeature = plan.name === tower.key || tower.features?.includes(plan.name) !== false;
    if (!isItemFeature || madeOf(plan).length > 0 || request?.column.at !== at) continue;
    const list = needs.features.find(({ name }) => name === plan.along);
    const [readerContext, encoding, raw, dictionary] = toEncode(plan);
    const weights = readPlan.listWeights.get(plan.name);
    const encoder = list
      ? makeAlongEncoder(toEncode(plan), toEncode(list))
      : makeColumnEncoder(readerContext, encoding, raw, dictionary, undefined, weights && valuesOf(weights)[0]);
    encoded.set(plan.name, encoder.encode(ids));
  }
  return encoded;
}

function noRows({ form, width = 1 }: ColumnRequest): RawColumn {
  const emptyCodes = new Int32Array(0);
  if (form === 'code') return { kind: 'codes', values: emptyCodes };
  if (form === 'codes') return { kind: 'bags', starts: emptyCodes, ends: emptyCodes, values: emptyCodes, bad: [] };
  if (form === 'numbers')
    return { kind: 'bags', starts: emptyCodes, ends: emptyCodes, values: new Float64Array(0), bad: [] };
  return { kind: 'numbers', width, values: new Float64Array(0), bad: [] };
}
