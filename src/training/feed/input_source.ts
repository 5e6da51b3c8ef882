import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { reuseIntegers } from '../../base/util/objects.ts';
import type { Column, Corpus, Events, IndexedColumn } from '../../data/dataset.ts';
import type { NamedTensors } from '../../graph/evaluate.ts';
import type { Tensor } from '../../graph/graph.ts';
import {
  type FeaturePlan,
  type InputPlan,
  type InputSource,
  type ListedRows,
  type MinedRows,
  type PartRows,
  type QueueRows,
  type RowsOf,
  shortenedLength,
  type ViewPart,
} from '../../graph/plan/plan.ts';
import type { Table } from '../embedding/table.ts';
import type { BatchPart, BatchSequences } from './batch_lists.ts';
import { pickCodes } from './copy_columns.ts';
import type { DistinctItems, DistinctRows, ListedItems, RowNumbers } from './distinct_items.ts';

export interface Batch {
  /** Rows of the events (or of the columns that a forward-only feed reads). */
  readonly rows: Int32Array;
  /** From 1. */
  readonly step: number;
  /** Rate of the dense optimizer, after its schedule. */
  readonly rate: number;
  /** Factor by which the schedule of the dense optimizer multiplies a rate in this step. */
  readonly factor: number;
  /** Returns the batch's own rows, or the corpus rows sampled for them: one draw per step, shared by all inputs with the same draw. */
  rowsOf(rows: RowsOf): Int32Array;
  /** Returns 1 for each row that has an item of this kind, 0 for padding. */
  known(rows: ListedRows | MinedRows): Uint8Array;
  /** Weights of the listed items, row-major; −1 where a row has none. */
  weights(rows: ListedRows): Float32Array;
  /** For one of several workers, the batch with the lists of all rows, by which rows of tables are numbered. */
  readonly whole?: Batch;
  /** For one of several workers, returns a function from its rows of this kind to their index in the whole batch. Absent: row i has index i. */
  indexInBatch?(rows: RowsOf): (row: number) => number;
  /** Each list once, as a sequence, if the graph reads sequences and has no parts. */
  readonly sequences?: BatchSequences;
  partOf(rows: PartRows | ViewPart): BatchPart;
  /** Each item once, if the graph reads distinct items. */
  readonly distinct?: DistinctRows;
}

export interface FeedContext {
  readonly seed: number;
  readonly features: ReadonlyMap<string, FeaturePlan>;
  readonly tables: ReadonlyMap<string, Table>;
  /** Returns the columns that these rows refer to. */
  columns(rows: RowsOf): ReadonlyMap<string, IndexedColumn>;
  /** Absent in a forward-only feed, whose inputs are only features. `trainingOf` returns it. */
  readonly training?: {
    readonly events: Events;
    readonly corpus: Corpus;
    readonly batch: number;
    readonly distinct?: DistinctItems;
    /** Items of the lists of a batch, if lists go through the item tower. */
    readonly elements?: ListedItems;
    /** Returns the numbering of the rows of a table that a batch looks up, the same for all inputs. */
    rowNumbers(table: string): RowNumbers;
    /** Returns the past batches of a task, the same for all inputs. */
    queue(rows: QueueRows): VectorQueue;
  };
}

/** True if `rows` are rows of the events; else they are rows of the corpus, or items of a queue. */
export const areEvents = ({ kind }: RowsOf): boolean =>
  kind === 'events' || kind === 'part' || kind === 'distinct' || kind === 'sequences' || kind === 'views';

/** Returns the length of a list in the tensors of these rows. A padding row of a part may have more elements, of which the first are read. */
export function listLength({ name, along, max }: FeaturePlan, rows: RowsOf): number {
  const places = shortenedLength(rows, along ?? name) ?? max;
  invariant(places !== undefined, `list ${name} has no length`);
  return places;
}

/** State of the feed outside the tables, which a checkpoint stores. */
export type FeedState = Readonly<Record<string, Float32Array | Int32Array>>;

export interface InputFeed {
  /** For one of several workers: numbers the rows that all rows of the batch read. Called for all inputs before `reserve`. */
  number?(batch: Batch): void;
  /** Makes room. Called for all inputs before any is filled, because making room for one may move the memory of another. */
  reserve?(batch: Batch): void;
  /** Returns a tensor, which may be a view that the next step reuses. */
  fill(batch: Batch): Tensor;
  /** Takes the outputs of the step for the batch that was last filled. */
  afterStep?(batch: Batch, outputs: NamedTensors): void;
  /** The table that gets the gradient of the input; `accumulate` takes d loss ÷ d (the last tensor filled). */
  readonly learns?: { readonly table: Table; accumulate(gradient: Float32Array): void };
  state?(): FeedState;
  close?(): void;
}

export type SourceOf<K extends InputSource['from']> = Extract<InputSource, { from: K }>;
export type MakeSource<K extends InputSource['from']> = (
  source: SourceOf<K>,
  context: FeedContext,
  input: InputPlan,
) => InputFeed;

/** Returns a feature's plan with its column, which must be of one of these kinds, and the rows of the column that a batch reads. */
export function columnOf<K extends Column['kind']>(
  context: FeedContext,
  name: string,
  rows: RowsOf,
  ...kinds: readonly K[]
) {
  const feature = context.features.get(name);
  const indexed = context.columns(rows).get(name);
  invariant(feature && indexed, `feature ${name} has no plan or no column`);
  const { column, index } = indexed;
  invariant((kinds as readonly string[]).includes(column.kind), `feature ${name} is fed by a column of ${column.kind}`);
  if (index) checkIndex(index, column, name);
  const columnRows = makeColumnRows(index);
  const rowsOf = (batch: Batch): Int32Array => columnRows(batch.rowsOf(rows));
  return { feature, column: column as Extract<Column, { kind: K }>, index, rowsOf };
}

/** Checked once for all steps, because a read past the end of a column would give 0, not an error. */
function checkIndex(index: Int32Array, column: Column, name: string): void {
  const rows =
    column.kind === 'bags'
      ? column.starts.length
      : column.values.length / (column.kind === 'numbers' ? column.width : 1);
  for (let i = 0; i < index.length; i++) {
    const row = index[i]!;
    if (row < 0 || row >= rows) invariant(false, `row ${i} of ${name} is row ${row} of a column of ${rows}`);
  }
}

/** Returns a function that maps the batch's rows to rows of a column, through its index if there is one. */
function makeColumnRows(index: Int32Array | undefined): (rows: Int32Array) => Int32Array {
  if (!index) return (rows) => rows;
  const integers = reuseIntegers();
  return (rows) => {
    const columnRows = integers(rows.length);
    pickCodes(index, rows, columnRows);
    return columnRows;
  };
}

/** Returns what a source needs of training rows. A forward-only feed has none. */
export function trainingOf({ training }: FeedContext): NonNullable<FeedContext['training']> {
  invariant(training, 'only a feed of training rows has this input');
  return training;
}

/** Stores the item vectors of past batches, and the numbers of their items, which do not depend on the events at hand. */
export type VectorQueue = ReturnType<typeof makeQueue>;

export function makeQueues(): (queueRows: QueueRows) => VectorQueue {
  const queueOfTask = new Map<string, VectorQueue>();
  return (queueRows) => {
    const queue = queueOfTask.get(queueRows.task) ?? makeQueue(queueRows);
    queueOfTask.set(queueRows.task, queue);
    return queue;
  };
}

const emptySlot = -2;

export function makeQueue({ count, width, after }: QueueRows) {
  const vectors = new Float32Array(count * width);
  const items = new Int32Array(count).fill(emptySlot);
  const nextSlot = new Int32Array(1);
  const emptyFlags = new Float32Array(count);
  return {
    /** float32 [count, width]; zeros in empty slots. */
    vectors,
    /** The item of each slot, as `makeIdentity` numbers it; below 0 for an unknown item and in empty slots. */
    items,
    /** Returns float32 [count]: 1 for a slot that is empty or does not count yet, else 0. */
    emptyFlagsAt(step: number): Float32Array {
      for (let index = 0; index < count; index++)
        emptyFlags[index] = step <= after || items[index]! === emptySlot ? 1 : 0;
      return emptyFlags;
    },
    /** Replaces the oldest vectors by those of a batch: float32 [rows, width]. */
    push(rows: Int32Array, itemOf: (row: number) => number, values: Float32Array): void {
      // If a batch is larger than the queue, only its end is stored.
      for (let i = Math.max(0, rows.length - count); i < rows.length; i++) {
        const slot = nextSlot[0]!;
        items[slot] = itemOf(rows[i]!);
        vectors.set(values.subarray(i * width, (i + 1) * width), slot * width);
        nextSlot[0] = (slot + 1) % count;
      }
    },
    state: (): FeedState => ({ vectors, items, next: nextSlot }),
  };
}
