import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { reuseFloats, reuseIntegers } from '../../../base/util/objects.ts';
import type { Events } from '../../../data/dataset.ts';
import { gatherCodes } from '../../../data/rows/gather_rows.ts';
import { makeTimeline } from '../../../data/rows/past_events.ts';
import { tensorOf } from '../../../graph/graph.ts';
import { type BagPool, type RowsOf, tableOfSource } from '../../../graph/plan/plan.ts';
import { makePairs } from '../batch_lists.ts';
import { countInner, pickCodes, pickShares } from '../copy_columns.ts';
import { paddedLength } from '../distinct_items.ts';
import { makeIdDrop } from '../draws.ts';
import { type Batch, columnOf, type FeedContext, listLength, type MakeSource, trainingOf } from '../input_source.ts';
import { poolSize } from '../item_sampler.ts';

/** int32 [codes]. Rows are numbered in `reserve`, so that `table_seen` counts all of them when it is filled. */
export const tablePlaces: MakeSource<'table_places'> = (source, context) => {
  const { feature, column, rowsOf } = columnOf(context, source.feature, source.rows, 'codes', 'bags');
  const table = tableOfSource(source, feature);
  invariant(table !== undefined, 'places are of rows of a table');
  const rowNumbers = trainingOf(context).rowNumbers(table);
  const drop = makeIdDrop(feature, source.rows, context.seed);
  let places = new Int32Array(0);
  let count = 0;
  const makeRoomFor = (length: number): void => {
    if (places.length >= length) return;
    const largerPlaces = new Int32Array(2 * length);
    largerPlaces.set(places);
    places = largerPlaces;
  };
  const numberRows = (batch: Batch): void => {
    rowNumbers.begin(batch.whole ?? batch);
    const rows = rowsOf(batch);
    if (column.kind === 'codes') {
      count = rows.length;
      makeRoomFor(count);
      pickCodes(column.values, rows, places);
      drop?.apply(places, count, batch.step, batch.indexInBatch?.(source.rows));
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
  return { number: numberRows, reserve: numberRows, fill: () => tensorOf(places.subarray(0, count)) };
};

/** float32 [seen] */
export const tableSeen: MakeSource<'table_seen'> = ({ table }, context) => {
  const rowNumbers = trainingOf(context).rowNumbers(table);
  const floats = reuseFloats();
  return {
    reserve: (batch) => rowNumbers.begin(batch.whole ?? batch),
    fill: () => tensorOf(floats(paddedLength(rowNumbers.count)).fill(0).fill(1, 0, rowNumbers.count)),
  };
};

/** int32 [codes] */
export const elementRows: MakeSource<'element_rows'> = (source, context) => {
  const elementWalk = makeElementWalk(context, source.feature, source.rows);
  const integers = reuseIntegers();
  return {
    fill(batch) {
      const data = integers(elementWalk.length(batch)).fill(0);
      elementWalk.forEachElement(batch, (index, row, place) => {
        data[index] = source.pool === 'sequence' ? row * elementWalk.maxElements + place : row;
      });
      return tensorOf(data);
    },
  };
};

/** float32 [codes] */
export const elementWeights: MakeSource<'element_weights'> = (source, context) => {
  const elementWalk = makeElementWalk(context, source.feature, source.rows);
  const floats = reuseFloats();
  return {
    fill(batch) {
      const data = floats(elementWalk.length(batch)).fill(0);
      if (elementWalk.writeWeights(batch, source.pool, data)) return tensorOf(data);
      elementWalk.forEachElement(batch, (index, _, __, elements) => {
        data[index] = (elementWalk.pool ?? source.pool) === 'mean' ? 1 / elements : 1;
      });
      return tensorOf(data);
    },
  };
};

/** Walks the elements of a batch's bags, in the order of `table_places`. */
function makeElementWalk(context: FeedContext, name: string, rowsKind: RowsOf) {
  const { feature, column, rowsOf } = columnOf(context, name, rowsKind, 'bags');
  const maxElements = listLength(feature, rowsKind);
  const countOf = (row: number): number => Math.min(maxElements, column.ends[row]! - column.starts[row]!);
  const { inner } = column;
  return {
    maxElements: maxElements,
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
    forEachElement(batch: Batch, visit: (index: number, row: number, place: number, elements: number) => void): void {
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
  const { item } = trainingOf(context).events;
  const integers = reuseIntegers();
  return {
    fill({ rows }) {
      const data = integers(rows.length);
      for (let i = 0; i < rows.length; i++) data[i] = Math.max(0, item[rows[i]!]!);
      return tensorOf(data);
    },
  };
};

/** float32 [batch]: 1, or 0 for an item that is not in the corpus */
export const inCorpus: MakeSource<'in_corpus'> = (_source, context) => {
  const { item } = trainingOf(context).events;
  const floats = reuseFloats();
  return {
    fill({ rows }) {
      const data = floats(rows.length);
      for (let i = 0; i < rows.length; i++) data[i] = item[rows[i]!]! < 0 ? 0 : 1;
      return tensorOf(data);
    },
  };
};

/** int32 [items, 2] of (row, corpus row), ordered by row: the items of all training events of the row's user, each once */
export const userItems: MakeSource<'user_items'> = (_source, context) => {
  const { events, corpus } = trainingOf(context);
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
export const itemCounts: MakeSource<'item_counts'> = ({ rows: countedRows = { kind: 'events' } }, context) => {
  const { events } = trainingOf(context);
  const counts = countsByUser(events);
  return {
    fill: ({ rowsOf }) => tensorOf(Float32Array.from(rowsOf(countedRows), (row) => counts[events.user[row]!] ?? 0)),
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
export const hasItems: MakeSource<'has_items'> = (_source, context) => {
  const { user, item } = trainingOf(context).events;
  const usersWithItems = new Set(user.filter((_, row) => item[row]! >= 0));
  return { fill: ({ rows }) => tensorOf(Float32Array.from(rows, (row) => (usersWithItems.has(user[row]!) ? 1 : 0))) };
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
export const drawPool: MakeSource<'draw_pool'> = ({ by }, context) => {
  const data = Float32Array.of(poolSize(trainingOf(context).corpus, by));
  return { fill: () => ({ dtype: 'float32', shape: [], data }) };
};

/** int32 [rows, places] in sequence, else int32 [codes]; 0 for padding */
export const elementPlaces: MakeSource<'element_places'> = (source, context) => {
  const { feature, column, rowsOf } = columnOf(context, source.feature, source.rows, 'bags');
  const listedItems = context.training?.elements;
  const { starts, ends, items } = column;
  invariant(listedItems && items, `list ${source.feature} goes through the item tower in a step of training`);
  const maxElements = listLength(feature, source.rows);
  const isSequence = source.pool === 'sequence';
  const integers = reuseIntegers();
  const countOf = (row: number): number => Math.min(maxElements, ends[row]! - starts[row]!);
  const countElements = (rows: Int32Array): number => rows.reduce((sum, row) => sum + countOf(row), 0);
  return {
    fill(batch) {
      listedItems.itemsOf(batch.whole ?? batch);
      const rows = rowsOf(batch);
      const placeCount = isSequence ? rows.length * maxElements : paddedLength(countElements(rows));
      const data = integers(placeCount).fill(0);
      let nextElement = 0;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const count = countOf(row);
        if (isSequence) nextElement = i * maxElements;
        for (let index = 0; index < count; index++)
          data[nextElement++] = listedItems.place(items[starts[row]! + index]!);
      }
      return isSequence ? tensorOf(data, rows.length, maxElements) : tensorOf(data);
    },
  };
};
