/**
 * The table of input sources: one row for each kind that a plan may name, with the function that fills it, and how several workers share it. The functions that
 * read rows of a batch are here: labels, numbers, and rows of tables, which are one for each row, a pooled bag, or a sequence.
 */

import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { reuseFloats } from '../../base/util/objects.ts';
import type { BagColumn } from '../../data/dataset.ts';
import { tensorOf } from '../../graph/graph.ts';
import { computedTableName, type FeaturePlan, type InputPlan, type InputSource } from '../../graph/plan/plan.ts';
import type { Table } from '../embedding/table.ts';
import type { LookupOptions, TableLookup, TableLookupKind } from '../embedding/table_lookup.ts';
import { viewNumbers } from './batch_views.ts';
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
} from './copy_columns.ts';
import { makeIdDrop } from './draws.ts';
import { type Batch, columnOf, type FeedContext, type InputFeed, listLength, type MakeSource } from './input_source.ts';
import { accidentalHits, pieceHits, pieceKnown, piecePlaces, pieceRows, positives } from './sources/accidental_hits.ts';
import {
  counts,
  newest,
  noise,
  partKnown,
  partPlaces,
  places,
  queueEmpty,
  queueVectors,
  rate,
  step,
} from './sources/distinct.ts';
import { logQ } from './sources/item_frequency.ts';
import {
  corpusPlaces,
  drawPool,
  elementPlaces,
  elementRows,
  elementWeights,
  hasItems,
  inCorpus,
  itemCounts,
  tablePlaces,
  tableSeen,
  userItems,
} from './sources/table_places.ts';

/** float32 [batch, dim] */
const embedding: MakeSource<'embedding'> = (source, context) => {
  const { feature, column, rowsOf } = columnOf(context, source.feature, source.rows, 'codes', 'bags');
  const table = tableOf(context, feature, source.table);
  if (column.kind === 'bags') {
    invariant(source.pool !== 'none', `bags of ${feature.name} are neither pooled nor a sequence`);
    const bags = { source, table, feature, column, rowsOf };
    return column.weights ? fillWeightedBags(bags, source.pool === 'mean') : fillBags(bags, source.pool, 1);
  }
  // A forward-only feed drops no ids.
  const drop = context.training && makeIdDrop(feature, source.rows, context.seed);
  return fillFromTable(source, table, { kind: 'one' }, (lookup) => ({
    reserve(batch) {
      const { length } = batch.rowsOf(source.rows);
      lookup.reserve(length, length);
    },
    fill(batch) {
      const rows = rowsOf(batch);
      const codes = lookup.codes();
      pickCodes(column.values, rows, codes);
      drop?.apply(codes, rows.length, batch.step, batch.indexInBatch?.(source.rows));
      return tensorOf(lookup.gather(rows.length), rows.length, table.dim);
    },
  }));
};

/** float32 [batch, max, dim], zeros after the end of a bag */
const sequence: MakeSource<'sequence'> = (source, context) => {
  const { feature, column, rowsOf } = columnOf(context, source.feature, source.rows, 'bags');
  const maxElements = listLength(feature, source.rows);
  const bags = { source, table: tableOf(context, feature), feature, column, rowsOf };
  return column.inner ? fillInnerBags(bags, column.inner, maxElements) : fillBags(bags, 'sequence', maxElements);
};

function tableOf(context: FeedContext, feature: FeaturePlan, tableName = feature.table): Table {
  const table = context.tables.get(feature.through ? computedTableName(feature.through) : (tableName ?? ''));
  invariant(table, `feature ${feature.name} has no table`);
  return table;
}

/** Fills an input with rows of a table, which learns from its gradient unless it is frozen. */
function fillFromTable(
  { frozen }: { readonly frozen?: true },
  table: Table,
  lookupOptions: LookupOptions,
  fillBy: (lookup: TableLookup) => Pick<InputFeed, 'reserve' | 'fill'>,
): InputFeed {
  const lookup = table.lookup(lookupOptions);
  return {
    ...fillBy(lookup),
    learns: frozen ? undefined : { table, accumulate: (gradient) => lookup.accumulate(gradient) },
    close: () => lookup.close(),
  };
}

/** The bags of an input, and the table whose rows they name. */
interface TableBags {
  readonly source: { readonly frozen?: true };
  readonly table: Table;
  readonly feature: FeaturePlan;
  readonly column: BagColumn;
  rowsOf(batch: Batch): Int32Array;
}

/** Fills a sequence whose elements are bags themselves, each pooled to one row. */
function fillInnerBags(
  { source, table, feature: { name, each }, column, rowsOf }: TableBags,
  inner: BagColumn,
  maxElements: number,
): InputFeed {
  invariant(each, `the elements of ${name} are bags`);
  return fillFromTable(source, table, { kind: each.pool }, (lookup) => ({
    reserve(batch) {
      const rows = rowsOf(batch);
      lookup.reserve(rows.length * maxElements, countInner(column, inner, rows, maxElements));
    },
    fill(batch) {
      const rows = rowsOf(batch);
      pickInner(column, inner, rows, maxElements, lookup.codes(), lookup.offsets());
      return tensorOf(lookup.gather(rows.length * maxElements), rows.length, maxElements, table.dim);
    },
  }));
}

function fillWeightedBags({ source, table, column, rowsOf }: TableBags, isMean: boolean): InputFeed {
  return fillFromTable(source, table, { kind: 'weighted' }, (lookup) => ({
    reserve(batch) {
      const rows = rowsOf(batch);
      lookup.reserve(rows.length, countBagElements(column, rows));
    },
    fill(batch) {
      const rows = rowsOf(batch);
      pickBags(column, rows, lookup.codes(), lookup.offsets());
      pickShares(column, rows, isMean, lookup.shares());
      return tensorOf(lookup.gather(rows.length), rows.length, table.dim);
    },
  }));
}

/** Up to this many codes, a batch gets room for bags of maximum length; above it, its own bags are counted first. */
const maxUncountedCodes = 2 ** 18;

/** A column of up to 16 M elements is copied to the memory of the kernels; a longer one is read in place. */
const maxCopiedBytes = 64 * 2 ** 20;

/** @param length maximum elements of a sequence */
function fillBags(
  { source, table, feature, column, rowsOf }: TableBags,
  kind: TableLookupKind,
  length: number,
): InputFeed {
  const { name, max, through } = feature;
  const { starts, ends } = column;
  const values = through ? column.items : column.values;
  invariant(values, `the elements of ${name} have no rows in the corpus`);
  const longest = longestBagLength(column);
  invariant(longest <= (max ?? longest), `a bag of ${name} has ${longest} elements, more than its ${max}`);
  const isCopied = values.byteLength <= maxCopiedBytes;
  const isCut = kind === 'sequence' && length < longest;
  return fillFromTable(source, table, { kind, length }, (lookup) => {
    if (isCopied) lookup.keepBagValues(values);
    return {
      reserve(batch) {
        const rows = rowsOf(batch);
        const maxCodes = rows.length * longest;
        lookup.reserve(rows.length, maxCodes <= maxUncountedCodes ? maxCodes : countBagElements(column, rows));
      },
      fill(batch) {
        const rows = rowsOf(batch);
        if (isCopied) {
          lookup.copyBags(rows.length, (bagStarts, bagEnds) => {
            pickCodes(starts, rows, bagStarts);
            pickCodes(ends, rows, bagEnds);
            if (isCut) for (const [i, start] of bagStarts.entries()) bagEnds[i] = Math.min(bagEnds[i]!, start + length);
          });
        } else pickBags({ ...column, values }, rows, lookup.codes(), lookup.offsets(), isCut ? length : undefined);
        const rowShape = kind === 'sequence' ? [length, table.dim] : [table.dim];
        return tensorOf(lookup.gather(rows.length), rows.length, ...rowShape);
      },
    };
  });
}

/** float32 [batch]; 0 where it is missing */
const label: MakeSource<'label'> = (source, context) =>
  fillFromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i]!)) data[i] = 0;
  });

/** float32 [batch]: 1 where the label has a value, else 0 */
const labelKnown: MakeSource<'label_known'> = (source, context) =>
  fillFromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) data[i] = Number.isNaN(data[i]!) ? 0 : 1;
  });

/** float32 [batch, perRow]: the weight of each listed item; −1 where a row has none */
const listedWeights: MakeSource<'listed_weights'> = ({ rows }) => ({
  fill: (batch) => tensorOf(batch.weights(rows), batch.rows.length, rows.perRow),
});

function fillFromLabel(name: string, { training }: FeedContext, changeValues: (data: Float32Array) => void): InputFeed {
  const values = training?.events.labels.get(name);
  invariant(values, `there are no values of label ${name}`);
  const floats = reuseFloats();
  return {
    fill({ rows }) {
      const data = floats(rows.length);
      pickNumbers(values, rows, data);
      changeValues(data);
      return tensorOf(data);
    },
  };
}

/** float32 [batch, width]: the encoded numbers */
const numbers: MakeSource<'numbers'> = (source, context) => {
  const { column, rowsOf } = columnOf(context, source.feature, source.rows, 'numbers');
  const { values, width } = column;
  const floats = reuseFloats();
  return {
    fill(batch) {
      const rows = rowsOf(batch);
      const data = floats(rows.length * width);
      if (width === 1) pickNumbers(values, rows, data);
      else pickRows(values, width, rows, data);
      return tensorOf(data, rows.length, width);
    },
  };
};

/** float32 [batch, max]: 1 where a sequence has an element, else 0 */
const mask: MakeSource<'mask'> = (source, context) => {
  const { feature, column, rowsOf } = columnOf(context, source.feature, source.rows, 'bags');
  const max = listLength(feature, source.rows);
  const floats = reuseFloats();
  return {
    fill(batch) {
      const rows = rowsOf(batch);
      const data = floats(rows.length * max).fill(0);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        data.fill(1, i * max, i * max + Math.min(max, column.ends[row]! - column.starts[row]!));
      }
      return tensorOf(data, rows.length, max);
    },
  };
};

/** How a worker fills an input. `own`: from its own rows; `cut`: from all rows, of which it takes its own; `pairs`: as pairs of its own rows with all; `all`: as a single worker does. */
export type ShareFill = 'own' | 'cut' | 'pairs' | 'all';

interface SourceRow<K extends InputSource['from']> {
  readonly makeSource: MakeSource<K>;
  readonly share: ShareFill | 'refused';
}

const rowsWith =
  (share: SourceRow<'step'>['share']) =>
  <K extends InputSource['from']>(makeSource: MakeSource<K>): SourceRow<K> => ({ makeSource, share });

const fromOwnRows = rowsWith('own');
const fromAllRows = rowsWith('cut');
const asPairs = rowsWith('pairs');
const fromWholeBatch = rowsWith('all');
/** A score matrix that is split into pieces is not supported with workers. */
const refuseSharing = rowsWith('refused');

const sources: { readonly [K in InputSource['from']]: SourceRow<K> } = {
  embedding: fromOwnRows(embedding),
  sequence: fromOwnRows(sequence),
  mask: fromOwnRows(mask),
  numbers: fromOwnRows(numbers),
  label: fromOwnRows(label),
  label_known: fromOwnRows(labelKnown),
  listed_weights: fromOwnRows(listedWeights),
  log_q: fromWholeBatch(logQ),
  accidental_hits: asPairs(accidentalHits),
  places: asPairs(places),
  counts: fromWholeBatch(counts),
  element_places: fromOwnRows(elementPlaces),
  corpus_places: fromOwnRows(corpusPlaces),
  user_items: asPairs(userItems),
  item_counts: fromOwnRows(itemCounts),
  has_items: fromOwnRows(hasItems),
  in_corpus: fromOwnRows(inCorpus),
  draw_pool: fromWholeBatch(drawPool),
  table_places: fromOwnRows(tablePlaces),
  element_rows: fromOwnRows(elementRows),
  element_weights: fromOwnRows(elementWeights),
  table_seen: fromWholeBatch(tableSeen),
  queue_vectors: fromWholeBatch(queueVectors),
  queue_empty: fromWholeBatch(queueEmpty),
  positives: asPairs(positives),
  view_numbers: fromWholeBatch(viewNumbers),
  newest: fromOwnRows(newest),
  part_places: fromOwnRows(partPlaces),
  part_known: fromOwnRows(partKnown),
  piece_rows: refuseSharing(pieceRows),
  piece_known: refuseSharing(pieceKnown),
  piece_places: refuseSharing(piecePlaces),
  piece_hits: refuseSharing(pieceHits),
  noise: fromAllRows(noise),
  rate: fromWholeBatch(rate),
  step: fromWholeBatch(step),
};

export const shareOf = (from: InputSource['from']): ShareFill | 'refused' => sources[from].share;

export function makeInputFeed(input: InputPlan, context: FeedContext): InputFeed {
  const makeSource = sources[input.source.from].makeSource as (
    source: InputSource,
    context: FeedContext,
    input: InputPlan,
  ) => InputFeed;
  return makeSource(input.source, context, input);
}
