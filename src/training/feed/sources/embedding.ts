/** Reads rows of a table: one for each row of the batch, a pooled bag, or the rows of a bag as a sequence. */
import { invariant } from '../../../base/diagnostics/failure.ts';
import type { BagColumn, CodeColumn } from '../../../data/dataset.ts';
import { computedTable, type FeaturePlan } from '../../../graph/plan/plan.ts';
import type { Table } from '../../embedding/table.ts';
import type { TableLookupKind } from '../../embedding/table_lookup.ts';
import { bagElements, countInner, longestOf, pick, pickBags, pickInner, pickShares } from '../copy_columns.ts';
import { type IdDrop, makeDrop } from '../draws.ts';
import {
  columnOf,
  type FeedContext,
  type InputFeed,
  type MakeSource,
  makeColumnRows,
  placesOf,
} from '../input_source.ts';

/** float32 [batch, dim] */
export const embedding: MakeSource<'embedding'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'codes', 'bags');
  const table = tableOf(context, feature, source.table);
  if (column.kind === 'codes') {
    // A forward-only feed drops no ids.
    const drop = context.training && makeDrop(feature, source.rows, context.seed);
    return learning(source, oneRow(table, column, index, source.rows, drop));
  }
  invariant(source.pool !== 'none', `bags of ${feature.name} are neither pooled nor a sequence`);
  const pooledSource = column.weights
    ? weightedBags(table, column, index, source)
    : bags(table, column, index, source, source.pool, 1, feature);
  return learning(source, pooledSource);
};

/** float32 [batch, max, dim], zeros after the end of a bag */
export const sequence: MakeSource<'sequence'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const places = placesOf(feature, source.rows);
  const table = tableOf(context, feature);
  const sequenceSource = column.inner
    ? innerBags(table, column, column.inner, index, source, places, feature)
    : bags(table, column, index, source, 'sequence', places, feature);
  return learning(source, sequenceSource);
};

function learning({ frozen }: { readonly frozen?: true }, { learns, ...source }: InputFeed): InputFeed {
  return { ...source, ...(learns && !frozen ? { learns } : {}) };
}

function tableOf(context: FeedContext, feature: FeaturePlan, own = feature.table): Table {
  const table = context.tables.get(feature.through ? computedTable(feature.through) : (own ?? ''));
  invariant(table, `feature ${feature.name} has no table`);
  return table;
}

function oneRow(
  table: Table,
  { values }: CodeColumn,
  index: Int32Array | undefined,
  rowsOf: Parameters<MakeSource<'embedding'>>[0]['rows'],
  drop: IdDrop | undefined,
): InputFeed {
  const lookup = table.lookup({ kind: 'one' });
  const columnRows = makeColumnRows(index);
  return {
    reserve(batch) {
      const { length } = batch.rowsOf(rowsOf);
      lookup.reserve(length, length);
    },
    fill(batch) {
      const rows = columnRows(batch.rowsOf(rowsOf));
      const codes = lookup.codes();
      pick(values, rows, codes);
      drop?.apply(codes, rows.length, batch.step, batch.placesOf?.(rowsOf));
      return { dtype: 'float32', shape: [rows.length, table.dim], data: lookup.gather(rows.length) };
    },
    learns: { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}

function innerBags(
  table: Table,
  column: BagColumn,
  inner: BagColumn,
  index: Int32Array | undefined,
  source: Parameters<MakeSource<'sequence'>>[0],
  places: number,
  { name, each }: FeaturePlan,
): InputFeed {
  invariant(each, `the elements of ${name} are bags`);
  const lookup = table.lookup({ kind: each.pool });
  const columnRows = makeColumnRows(index);
  return {
    reserve(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      lookup.reserve(rows.length * places, countInner(column, inner, rows, places));
    },
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      pickInner(column, inner, rows, places, lookup.codes(), lookup.offsets());
      const data = lookup.gather(rows.length * places);
      return { dtype: 'float32', shape: [rows.length, places, table.dim], data };
    },
    learns: { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}

function weightedBags(
  table: Table,
  column: BagColumn,
  index: Int32Array | undefined,
  source: Parameters<MakeSource<'embedding'>>[0],
): InputFeed {
  const lookup = table.lookup({ kind: 'weighted' });
  const columnRows = makeColumnRows(index);
  return {
    reserve(batch) {
      const rows = batch.rowsOf(source.rows);
      lookup.reserve(rows.length, bagElements(column, columnRows(rows)));
    },
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      pickBags(column, rows, lookup.codes(), lookup.offsets());
      pickShares(column, rows, source.pool === 'mean', lookup.shares());
      return { dtype: 'float32', shape: [rows.length, table.dim], data: lookup.gather(rows.length) };
    },
    learns: { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}

/** Up to this many codes, a batch gets room for bags of maximum length; above it, its own bags are counted first. */
const cheapRoom = 2 ** 18;

/** A column of up to 16 M elements is copied to the memory of the kernels; a longer one is read in place. */
const maxCopiedBytes = 64 * 2 ** 20;

function bags(
  table: Table,
  column: BagColumn,
  index: Int32Array | undefined,
  source: Parameters<MakeSource<'sequence'>>[0] | Parameters<MakeSource<'embedding'>>[0],
  kind: TableLookupKind,
  length: number,
  feature: FeaturePlan,
): InputFeed {
  const { max } = feature;
  const lookup = table.lookup({ kind, length });
  const columnRows = makeColumnRows(index);
  const { starts, ends } = column;
  const values = feature.through ? column.items : column.values;
  invariant(values, `the elements of ${feature.name} have no rows in the corpus`);
  const isHeld = values.byteLength <= maxCopiedBytes;
  if (isHeld) lookup.hold(values);
  const longest = longestOf(column);
  const isCut = kind === 'sequence' && length < longest;
  invariant(longest <= (max ?? longest), `a bag of ${feature.name} has ${longest} elements, more than its ${max}`);
  return {
    reserve(batch) {
      const rows = batch.rowsOf(source.rows);
      const mostCodes = rows.length * longest;
      lookup.reserve(rows.length, mostCodes <= cheapRoom ? mostCodes : bagElements(column, columnRows(rows)));
    },
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      if (isHeld) {
        lookup.copyBags(rows.length, (first, last) => {
          pick(starts, rows, first);
          pick(ends, rows, last);
          if (isCut) for (let i = 0; i < last.length; i++) last[i] = Math.min(last[i]!, first[i]! + length);
        });
      } else pickBags({ ...column, values }, rows, lookup.codes(), lookup.offsets(), isCut ? length : undefined);
      const shape = kind === 'sequence' ? [rows.length, length, table.dim] : [rows.length, table.dim];
      return { dtype: 'float32', shape, data: lookup.gather(rows.length) };
    },
    learns: { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}
