/** Fills inputs with what the rows of a batch have: labels, numbers, and rows of tables, which are one for each row, a pooled bag, or a sequence. */
import { invariant } from '../../../base/diagnostics/failure.ts';
import type { BagColumn, CodeColumn } from '../../../data/dataset.ts';
import { computedTable, type FeaturePlan } from '../../../graph/plan/plan.ts';
import type { Table } from '../../embedding/table.ts';
import type { TableLookupKind } from '../../embedding/table_lookup.ts';
import {
  bagElements,
  countInner,
  longestOf,
  pick,
  pickBags,
  pickInner,
  pickNumbers,
  pickRows,
  pickShares,
} from '../copy_columns.ts';
import { type IdDrop, makeDrop } from '../draws.ts';
import {
  columnOf,
  enlargedBuffer,
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

/** float32 [batch]; 0 where it is missing */
export const label: MakeSource<'label'> = (source, context) =>
  fromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i]!)) data[i] = 0;
  });

/** float32 [batch]: 1 where the label has a value, else 0 */
export const labelKnown: MakeSource<'label_known'> = (source, context) =>
  fromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) data[i] = Number.isNaN(data[i]!) ? 0 : 1;
  });

/** float32 [batch, perRow]: the weight of each listed item; −1 where a row has none */
export const listedWeights: MakeSource<'listed_weights'> = ({ rows: of }) => ({
  fill: (batch) => ({ dtype: 'float32', shape: [batch.rows.length, of.perRow], data: batch.weights(of) }),
});

function fromLabel(name: string, { training }: FeedContext, change: (data: Float32Array) => void): InputFeed {
  const values = training?.events.labels.get(name);
  invariant(values, `there are no values of label ${name}`);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = enlargedBuffer(buffer, rows.length);
      pickNumbers(values, rows, buffer);
      const data = buffer.subarray(0, rows.length);
      change(data);
      return { dtype: 'float32', shape: [rows.length], data };
    },
  };
}

/** float32 [batch, width]: the encoded numbers */
export const numbers: MakeSource<'numbers'> = (source, context) => {
  const { column, index } = columnOf(context, source.feature, source.rows, 'numbers');
  const { values, width } = column;
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = enlargedBuffer(buffer, rows.length * width);
      if (width === 1) pickNumbers(values, rows, buffer);
      else pickRows(values, width, rows, buffer);
      return { dtype: 'float32', shape: [rows.length, width], data: buffer.subarray(0, rows.length * width) };
    },
  };
};

/** float32 [batch, max]: 1 where a sequence has an element, else 0 */
export const mask: MakeSource<'mask'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const max = placesOf(feature, source.rows);
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = enlargedBuffer(buffer, rows.length * max);
      const data = buffer.subarray(0, rows.length * max).fill(0);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const end = i * max + Math.min(max, column.ends[row]! - column.starts[row]!);
        for (let index = i * max; index < end; index++) data[index] = 1;
      }
      return { dtype: 'float32', shape: [rows.length, max], data };
    },
  };
};
