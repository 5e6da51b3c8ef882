import type { Ref } from '../../../graph/builder.ts';
import type { RowsOf } from '../../../graph/plan/plan.ts';
import type { LossContext, VectorScore } from '../contract.ts';

/** Items as columns that every row is compared with: those of the batch, or all. */
export interface BatchColumns {
  readonly rows: RowsOf;
  /** float32 [columns, width] */
  readonly items: Ref;
  /** Each row's own item: [columns, …] → [batch, …]. */
  ownOf(columns: Ref): Ref;
  /** The inverse: what the rows have for their own items, added up by column: [batch, width] → [columns, width]. */
  toColumns(rows: Ref): Ref;
  /** How many rows of the batch a column represents, float32 [columns]; absent where each is one row's. */
  readonly counts?: Ref;
  /** Puts a number a row, float32 [batch], at the place of its own item: [batch, columns] → the same. */
  replaceOwn(matrix: Ref, values: Ref): Ref;
}

/** A column a row: the batch's own rows. */
export function rowColumns(items: Ref): BatchColumns {
  return {
    rows: { kind: 'events' },
    items,
    ownOf: (columns) => columns,
    toColumns: (rows) => rows,
    replaceOwn: (matrix) => matrix,
  };
}

/** A column for every item of the corpus, each once: a row's own is among them. */
export function corpusColumns(context: LossContext, batch: Ref): BatchColumns & { readonly score: VectorScore } {
  const { builder, key } = context;
  const rows: RowsOf = { kind: 'corpus' };
  const score = context.scoreOf(rows);
  const column = context.input(`corpus/places/${key}`, { from: 'corpus_places', key }, [batch.type.shape[0]!], 'int32');
  return {
    rows,
    score,
    items: score.item,
    ownOf: (values) => builder.gather(values, column),
    toColumns: (values) => builder.segmentSum(values, column, score.item.type.shape[0]!),
    replaceOwn: (matrix) => matrix,
  };
}

/** The weight of each row, 0 for an event whose item the corpus does not have: such a row has no column of its own. float32 [batch] */
export function withinCorpus({ builder, input, key, weight }: LossContext, batch: Ref): Ref {
  const isInCorpus = input(`corpus/has/${key}`, { from: 'in_corpus', key }, [batch.type.shape[0]!]);
  return weight === undefined ? isInCorpus : builder.mul(weight, isInCorpus);
}

/** A column an item: an item that several rows have goes through its tower once, and is one column. */
export function distinctColumns(context: LossContext, batch: Ref): BatchColumns & { readonly score: VectorScore } {
  const { builder, key } = context;
  const rows: RowsOf = { kind: 'distinct' };
  const score = context.scoreOf(rows);
  const [size] = batch.type.shape;
  const [columns] = score.item.type.shape;
  const keyPlaces = context.input(`places/${key}`, { from: 'places', key }, [size!, 2], 'int32');
  const column = builder.reshape(builder.slice(keyPlaces, [0, 1], [-1, 1]), [size!]);
  return {
    rows,
    score,
    items: score.item,
    ownOf: (values) => builder.gather(values, column),
    toColumns: (values) => builder.segmentSum(values, column, columns!),
    counts: context.input(`counts/${key}`, { from: 'counts', key }, [columns!]),
    replaceOwn: (matrix, values) => builder.scatterUpdate(matrix, keyPlaces, values),
  };
}
