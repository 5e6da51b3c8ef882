import { invariant } from '../../../base/diagnostics/failure.ts';
import type { Events } from '../../../data/dataset.ts';
import { gatherCodes } from '../../../data/rows/gather_rows.ts';
import { makeTimeline } from '../../../data/rows/past_events.ts';
import type { Tensor } from '../../../graph/graph.ts';
import { type BagPool, type RowsOf, tableOfSource } from '../../../graph/plan/plan.ts';
import { makePairs } from '../batch_lists.ts';
import { countInner, pickCodes, pickShares } from '../copy_columns.ts';
import { paddedLength, type RowNumbers } from '../distinct_items.ts';
import { makeIdDrop } from '../draws.ts';
import {
  type Batch,
  columnOf,
  enlargeBuffer,
  type FeedContext,
  listLength,
  type MakeSource,
  makeColumnRows,
  vector,
} from '../input_source.ts';
import { poolSize } from '../item_sampler.ts';

function rowNumbersOf({ training }: FeedContext, table: string | undefined): RowNumbers {
  invariant(training && table !== undefined, 'places are of rows of a table that is trained');
  return training.seen(table);
}

/** int32 [codes]. Rows are numbered in `reserve`, so that `table_seen` counts all of them when it is filled. */
export const tablePlaces: MakeSource<'table_places'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'codes', 'bags');
  const rowNumbers = rowNumbersOf(context, tableOfSource(source, feature));
  const columnRows = makeColumnRows(index);
  const drop = makeIdDrop(feature, source.rows, context.seed);
  let places = new Int32Array(0);
  let count = 0;
  const makeRoom = (length: number): void => {
    if (places.length < length) places = new Int32Array(length);
  };
  const numberRows = (batch: Batch): void => {
    rowNumbers.begin(batch.whole ?? batch);
    const rows = columnRows(batch.rowsOf(source.rows));
    if (column.kind === 'codes') {
      count = rows.length;
      makeRoom(count);
      pickCodes(column.values, rows, places);
      drop?.apply(places, count, batch.step, batch.listLength?.(source.rows));
      for (let i = 0; i < count; i++) places[i] = rowNumbers.place(places[i]!);
      return;
    }
    let numberedCount = 0;
    const maxElements = listLength(feature, source.rows);
    for (const row of rows) {
      const start = column.starts[row]!;
      const end = Math.min(column.ends[row]!, start + maxElements);
      makeRoomFor(numberedCount + end - start);
      const { inner } = column;
      for (let j = start; j < end; j++) {
        const value = column.values[j]!;
        if (!inner) places[numberedCount++] = rowNumbers.place(value);
        else {
          makeRoomFor(numberedCount + inner.ends[value]! - inner.starts[value]!);
          for (let k = inner.starts[value]!; k < inner.ends[value]!; k++)
            places[numberedCount++] = rowNumbers.place(inner.values[k]!);
        }
      }
    }
    count = paddedLength(numberedCount);
    makeRoomFor(count);
    places.fill(0, numberedCount, count);
  };
  return {
    number: numberRows,
    reserve: numberRows,
    fill: () => ({ dtype: 'int32', shape: [count], data: places.subarray(0, count) }),
  };

  function makeRoomFor(length: number): void {
    if (places.length >= length) return;
    const largerPlaces = new Int32Array(2 * length);
    largerPlaces.set(places);
    places = largerPlaces;
  }
};

/** float32 [seen] */
export const tableSeen: MakeSource<'table_seen'> = ({ table }, context) => {
  const rowNumbers = rowNumbersOf(context, table);
  let buffer = new Float32Array(0);
  return {
    reserve: (batch) => rowNumbers.begin(batch.whole ?? batch),
    fill() {
      const paddedCount = paddedLength(rowNumbers.count);
      buffer = enlargeBuffer(buffer, paddedCount);
      const data = buffer.subarray(0, paddedCount).fill(0).fill(1, 0, rowNumbers.count);
      return { dtype: 'float32', shape: [paddedCount], data };
    },
  };
};

/** int32 [codes] */
export const elementRows: MakeSource<'element_rows'> = (source, context) => {
  const elementWalk = makeElementWalk(context, source.feature, source.rows);
  let buffer = new Int32Array(0);
  return {
    fill(batch): Tensor {
      const length = elementWalk.length(batch);
      if (buffer.length < length) buffer = new Int32Array(length);
      const data = buffer.subarray(0, length).fill(0);
      elementWalk.forEachElement(batch, (at, row, place) => {
        data[at] = source.pool === 'sequence' ? row * elementWalk.most + place : row;
      });
      return { dtype: 'int32', shape: [length], data };
    },
  };
};

/** float32 [codes] */
export const elementWeights: MakeSource<'element_weights'> = (source, context) => {
  const elementWalk = makeElementWalk(context, source.feature, source.rows);
  let buffer = new Float32Array(0);
  return {
    fill(batch): Tensor {
      const length = elementWalk.length(batch);
      buffer = enlargeBuffer(buffer, length);
      const data = buffer.subarray(0, length).fill(0);
      if (elementWalk.writeWeights(batch, source.pool, data)) return { dtype: 'float32', shape: [length], data };
      elementWalk.forEachElement(batch, (at, _, __, elements) => {
        data[at] = (elementWalk.pool ?? source.pool) === 'mean' ? 1 / elements : 1;
      });
      return { dtype: 'float32', shape: [length], data };
    },
  };
};

/** Walks the elements of a batch's bags, in the order of `table_places`. */
function makeElementWalk(context: FeedContext, name: string, rowsKind: RowsOf) {
  const { feature, column, index } = columnOf(context, name, rowsKind, 'bags');
  const columnRows = makeColumnRows(index);
  const rowsOf = (batch: Batch): Int32Array => columnRows(batch.rowsOf(rowsKind));
  const maxElements = listLength(feature, rowsKind);
  const countOf = (row: number): number => Math.min(maxElements, column.ends[row]! - column.starts[row]!);
  const { inner } = column;
  return {
    most: maxElements,
    pool: feature.each?.pool,
    length(batch: Batch): number {
      const rows = rowsOf(batch);
      if (inner) return paddedLength(countInner(column, inner, rows, maxElements));
      let elementTotal = 0;
      for (const row of rows) elementTotal += countOf(row);
      return paddedLength(elementTotal);
    },
    /** Writes the shares of elements that have weights of their own. Returns false if they have none. */
    writeWeights(batch: Batch, pool: BagPool, into: Float32Array): boolean {
      if (!column.weights) return false;
      pickShares(column, rowsOf(batch), pool === 'mean', into);
      return true;
    },
    forEachElement(batch: Batch, visit: (at: number, row: number, place: number, elements: number) => void): void {
      let elementIndex = 0;
      rowsOf(batch).forEach((row, i) => {
        const elements = countOf(row);
        for (let place = 0; place < elements; place++) {
          const bag = column.values[column.starts[row]! + place]!;
          const valueCount = inner ? inner.ends[bag]! - inner.starts[bag]! : 1;
          for (let j = 0; j < valueCount; j++) visit(elementIndex++, i, place, inner ? valueCount : elements);
        }
      });
    },
  };
}

/** int32 [batch]; 0 for an item that is not in the corpus */
export const corpusPlaces: MakeSource<'corpus_places'> = (_source, context) => {
  const item = itemsOf(context);
  let buffer = new Int32Array(0);
  return {
    fill({ rows }) {
      if (buffer.length < rows.length) buffer = new Int32Array(rows.length);
      for (let i = 0; i < rows.length; i++) buffer[i] = Math.max(0, item[rows[i]!]!);
      return { dtype: 'int32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
  };
};

/** float32 [batch]: 1, or 0 for an item that is not in the corpus */
export const inCorpus: MakeSource<'in_corpus'> = (_source, context) => {
  const item = itemsOf(context);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = enlargeBuffer(buffer, rows.length);
      for (let i = 0; i < rows.length; i++) buffer[i] = item[rows[i]!]! < 0 ? 0 : 1;
      return { dtype: 'float32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
  };
};

/** int32 [items, 2] of (row, corpus row), ordered by row: the items of all training events of the row's user, each once */
export const userItems: MakeSource<'user_items'> = (_source, { training }) => {
  invariant(training, 'items of users are those of training events');
  const { events, corpus } = training;
  const { starts, items } = itemsByUser(events);
  const lastReadBy = new Int32Array(corpus.rows).fill(-1);
  const pairs = makePairs();
  return {
    fill({ rows }) {
      pairs.clear();
      lastReadBy.fill(-1);
      rows.forEach((row, i) => {
        const user = events.user[row]!;
        for (let index = starts[user]!; index < starts[user + 1]!; index++) {
          const item = items[index]!;
          if (lastReadBy[item] !== i) pairs.add(i, item);
          lastReadBy[item] = i;
        }
      });
      return pairs.tensor();
    },
  };
};

/** float32 [rows]: the number of these items */
export const itemCounts: MakeSource<'item_counts'> = ({ rows: countedRows = { kind: 'events' } }, { training }) => {
  invariant(training, 'items of users are those of training events');
  const { events } = training;
  const counts = countsByUser(events);
  return {
    fill: ({ rowsOf }) => vector(Float32Array.from(rowsOf(countedRows), (row) => counts[events.user[row]!] ?? 0)),
  };
};

/** The inputs of all parts of a batch read the same numbers. */
const countsCache = new WeakMap<Events, Float32Array>();

/** Returns the number of items of each user, each counted once. */
function countsByUser(events: Events): Float32Array {
  const cachedCounts = countsCache.get(events);
  if (cachedCounts) return cachedCounts;
  const { starts, items } = itemsByUser(events);
  const counts = Float32Array.from(
    { length: starts.length - 1 },
    (_, user) => new Set(items.subarray(starts[user]!, starts[user + 1]!)).size,
  );
  countsCache.set(events, counts);
  return counts;
}

/** float32 [batch]: 1, or 0 for a user of whose items the corpus has none */
export const hasItems: MakeSource<'has_items'> = (_source, { training }) => {
  invariant(training, 'items of users are those of training events');
  const { user, item } = training.events;
  const usersWithItems = new Set(user.filter((_, row) => item[row]! >= 0));
  return {
    fill: ({ rows }) => ({
      dtype: 'float32',
      shape: [rows.length],
      data: Float32Array.from(rows, (row) => (usersWithItems.has(user[row]!) ? 1 : 0)),
    }),
  };
};

/** Returns the corpus rows of each user's events: user u has `items[starts[u] … starts[u + 1])`. Items that the corpus lacks are left out. */
function itemsByUser({ user, item }: Pick<Events, 'user' | 'item'>) {
  const users = user.reduce((userCount, userId) => Math.max(userCount, userId + 1), 0);
  const { order, starts } = makeTimeline(
    { user, users },
    Uint8Array.from(item, (row) => (row < 0 ? 0 : 1)),
  );
  return { starts, items: gatherCodes(item, order) };
}

/** float32 []: the number of items that a draw may give */
export const drawPool: MakeSource<'draw_pool'> = ({ by }, { training }) => {
  invariant(training, 'items are drawn for training rows');
  const data = Float32Array.of(poolSize(training.corpus, by));
  return { fill: () => ({ dtype: 'float32', shape: [], data }) };
};

/** Returns the corpus row of each event's item; negative if it has none. */
function itemsOf({ training }: FeedContext): Int32Array {
  invariant(training, 'places in the corpus are of training rows');
  return training.events.item;
}

/** int32 [rows, places] in sequence, else int32 [codes]; 0 for padding */
export const elementPlaces: MakeSource<'element_places'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const listedItems = context.training?.elements;
  const { starts, ends, items } = column;
  invariant(listedItems && items, `list ${source.feature} goes through the item tower in a step of training`);
  const maxElements = listLength(feature, source.rows);
  const isSequence = source.pool === 'sequence';
  const columnRows = makeColumnRows(index);
  let buffer = new Int32Array(0);
  return {
    fill(batch) {
      listedItems.itemsOf(batch.whole ?? batch);
      const rows = columnRows(batch.rowsOf(source.rows));
      const countOf = (row: number): number => Math.min(maxElements, ends[row]! - starts[row]!);
      let placeCount = rows.length * maxElements;
      if (!isSequence) {
        placeCount = 0;
        for (const row of rows) placeCount += countOf(row);
        placeCount = paddedLength(placeCount);
      }
      if (buffer.length < placeCount) buffer = new Int32Array(placeCount);
      const data = buffer.subarray(0, placeCount).fill(0);
      let nextElement = 0;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const count = countOf(row);
        if (isSequence) nextElement = i * maxElements;
        for (let index = 0; index < count; index++)
          data[nextElement++] = listedItems.place(items[starts[row]! + index]!);
      }
      return { dtype: 'int32', shape: isSequence ? [rows.length, maxElements] : [placeCount], data };
    },
  };
};
