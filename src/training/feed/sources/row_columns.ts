/** Fills inputs with what the rows of a batch have: labels, numbers, and rows of tables, which are one for each row, a pooled bag, or a sequence. */
import { invariant } from '../../../base/diagnostics/failure.ts';
import type { BagColumn, CodeColumn } from '../../../data/dataset.ts';
import { computedTableName, type FeaturePlan } from '../../../graph/plan/plan.ts';
import type { Table } from '../../embedding/table.ts';
import type { TableLookupKind } from '../../embedding/table_lookup.ts';
import {
  countBagElements,
  countInner,
  longestBagLength,
  pickBags,
  pickCodes,
  pickInner,
  pickNumbers,
  pickRows,
  pickShares,
} from '../copy_columns.ts';
import { type IdDrop, makeIdDrop } from '../draws.ts';
import {
  columnOf,
  enlargeBuffer,
  type FeedContext,
  type InputFeed,
  listLength,
  type MakeSource,
  makeColumnRows,
} from '../input_source.ts';

/** float32 [batch, dim] */
export const embedding: MakeSource<'embedding'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'codes', 'bags');
  const table = tableOf(context, feature, source.table);
  if (column.kind === 'codes') {
    // A forward-only feed drops no ids.
    const drop = context.training && makeIdDrop(feature, source.rows, context.seed);
    return keepLearningUnlessFrozen(source, fillOneRow(table, column, index, source.rows, drop));
  }
  invariant(source.pool !== 'none', `bags of ${feature.name} are neither pooled nor a sequence`);
  const pooledSource = column.weights
    ? fillWeightedBags(table, column, index, source)
    : fillBags(table, column, index, source, source.pool, 1, feature);
  return keepLearningUnlessFrozen(source, pooledSource);
};

/** float32 [batch, max, dim], zeros after the end of a bag */
export const sequence: MakeSource<'sequence'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const maxElements = listLength(feature, source.rows);
  const table = tableOf(context, feature);
  const sequenceSource = column.inner
    ? fillInnerBags(table, column, column.inner, index, source, maxElements, feature)
    : fillBags(table, column, index, source, 'sequence', maxElements, feature);
  return keepLearningUnlessFrozen(source, sequenceSource);
};

function keepLearningUnlessFrozen({ frozen }: { readonly frozen?: true }, { learns, ...source }: InputFeed): InputFeed {
  return { ...source, ...(learns && !frozen ? { learns } : {}) };
}

function tableOf(context: FeedContext, feature: FeaturePlan, tableName = feature.table): Table {
  const table = context.tables.get(feature.through ? computedTableName(feature.through) : (tableName ?? ''));
  invariant(table, `feature ${feature.name} has no table`);
  return table;
}

function fillOneRow(
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
      pickCodes(values, rows, codes);
      drop?.apply(codes, rows.length, batch.step, batch.listLength?.(rowsOf));
      return { dtype: 'float32', shape: [rows.length, table.dim], data: lookup.gather(rows.length) };
    },
    learns: { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}

function fillInnerBags(
  table: Table,
  column: BagColumn,
  inner: BagColumn,
  index: Int32Array | undefined,
  source: Parameters<MakeSource<'sequence'>>[0],
  maxElements: number,
  { name, each }: FeaturePlan,
): InputFeed {
  invariant(each, `the elements of ${name} are bags`);
  const lookup = table.lookup({ kind: each.pool });
  const columnRows = makeColumnRows(index);
  return {
    reserve(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      lookup.reserve(rows.length * maxElements, countInner(column, inner, rows, maxElements));
    },
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      pickInner(column, inner, rows, maxElements, lookup.codes(), lookup.offsets());
      const data = lookup.gather(rows.length * maxElements);
      return { dtype: 'float32', shape: [rows.length, maxElements, table.dim], data };
    },
    learns: { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}

function fillWeightedBags(
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
      lookup.reserve(rows.length, countBagElements(column, columnRows(rows)));
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
const maxUncountedCodes = 2 ** 18;

/** A column of up to 16 M elements is copied to the memory of the kernels; a longer one is read in place. */
const maxCopiedBytes = 64 * 2 ** 20;

function fillBags(
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
  const isCopied = values.byteLength <= maxCopiedBytes;
  if (isCopied) lookup.keepBagValues(values);
  const longest = longestBagLength(column);
  const isCut = kind === 'sequence' && length < longest;
  invariant(longest <= (max ?? longest), `a bag of ${feature.name} has ${longest} elements, more than its ${max}`);
  return {
    reserve(batch) {
      const rows = batch.rowsOf(source.rows);
      const maxCodes = rows.length * longest;
      lookup.reserve(
        rows.length,
        maxCodes <= maxUncountedCodes ? maxCodes : countBagElements(column, columnRows(rows)),
      );
    },
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      if (isCopied) {
        lookup.copyBags(rows.length, (windowStarts, windowEnds) => {
          pickCodes(starts, rows, windowStarts);
          pickCodes(ends, rows, windowEnds);
          if (isCut)
            for (let i = 0; i < windowEnds.length; i++)
              windowEnds[i] = Math.min(windowEnds[i]!, windowStarts[i]! + length);
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
  fillFromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i]!)) data[i] = 0;
  });

/** float32 [batch]: 1 where the label has a value, else 0 */
export const labelKnown: MakeSource<'label_known'> = (source, context) =>
  fillFromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) data[i] = Number.isNaN(data[i]!) ? 0 : 1;
  });

/** float32 [batch, perRow]: the weight of each listed item; −1 where a row has none */
export const listedWeights: MakeSource<'listed_weights'> = ({ rows }) => ({
  fill: (batch) => ({ dtype: 'float32', shape: [batch.rows.length, rows.perRow], data: batch.weights(rows) }),
});

function fillFromLabel(name: string, { training }: FeedContext, changeValues: (data: Float32Array) => void): InputFeed {
  const values = training?.events.labels.get(name);
  invariant(values, `there are no values of label ${name}`);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = enlargeBuffer(buffer, rows.length);
      pickNumbers(values, rows, buffer);
      const data = buffer.subarray(0, rows.length);
      changeValues(data);
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
      buffer = enlargeBuffer(buffer, rows.length * width);
      if (width === 1) pickNumbers(values, rows, buffer);
      else pickRows(values, width, rows, buffer);
      return { dtype: 'float32', shape: [rows.length, width], data: buffer.subarray(0, rows.length * width) };
    },
  };
};

/** float32 [batch, max]: 1 where a sequence has an element, else 0 */
export const mask: MakeSource<'mask'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const max = listLength(feature, source.rows);
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = enlargeBuffer(buffer, rows.length * max);
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
