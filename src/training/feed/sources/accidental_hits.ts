/** Finds columns of a row's scores that repeat the row's own positive, and so are not negatives of the row. */
import type { BagColumn } from '../../../data/dataset.ts';
import { tensorOf } from '../../../graph/graph.ts';
import { type EqualKeys, makeGroups, makePairs, type PairList } from '../batch_lists.ts';
import { makeIdentity } from '../distinct_items.ts';
import {
  areEvents,
  type Batch,
  columnOf,
  type FeedContext,
  type MakeSource,
  type SourceOf,
  trainingOf,
} from '../input_source.ts';

/** int32 [hits, 2] of (row, column), ordered by row, each pair once; without a history in ascending order. */
export const accidentalHits: MakeSource<'accidental_hits'> = (source, context, input) => {
  const { rows: rowsOf, key, own = false } = source;
  const { events, corpus, distinct } = trainingOf(context);
  const identity = makeIdentity(events, corpus, key);
  const hitPairs = makePairs();
  const history = source.history === undefined ? undefined : makeHistoryIndex(source, source.history, context);

  if (rowsOf.kind === 'distinct') {
    // An item has one column, that of its own rows; but if events have features of the item, each event has a column.
    if (!distinct?.byItem) return accidentalHits({ ...source, rows: { kind: 'events' } }, context, input);
    return { fill: () => hitPairs.tensor() };
  }
  if (rowsOf.kind === 'sampled' || rowsOf.kind === 'listed' || rowsOf.kind === 'mined') {
    return {
      fill(batch) {
        const drawnRows = batch.rowsOf(rowsOf);
        const knownFlags = rowsOf.kind === 'sampled' ? undefined : batch.known(rowsOf);
        hitPairs.clear();
        for (let i = 0, index = 0; i < batch.rows.length; i++) {
          const item = identity(batch.rows[i]!);
          history?.markCodes(batch.rows[i]!, i);
          for (let column = 0; column < rowsOf.perRow; column++, index++) {
            if (knownFlags?.[index] === 0 || drawnRows[index] === item || history?.isExcluded(drawnRows[index]!, i))
              hitPairs.add(i, column);
          }
        }
        return hitPairs.tensor();
      },
    };
  }

  const columns = makeGroups();
  const queryGroups = source.query === undefined ? undefined : makeQueries(events.user);
  return {
    fill(batch) {
      const { rows } = batch;
      const isOwn = rowsOf.kind === 'events';
      const columnRows = batch.rowsOf(rowsOf);
      columns.fill(
        columnRows.length,
        areEvents(rowsOf) ? (place) => identity(columnRows[place]!) : (place) => columnRows[place]!,
      );
      queryGroups?.fill(rows);
      const collector = makePairCollector(
        hitPairs,
        columnRows.length,
        history !== undefined || queryGroups !== undefined,
      );
      hitPairs.clear();
      history?.fill(batch);
      for (let i = 0; i < rows.length; i++) {
        // Marking the row's own column, and those of its query's other positives, as seen excludes them.
        if (isOwn) collector.markSeen(i, i);
        // A row whose item is not in the corpus counts nothing, but keeps the first column, because an empty sum has no logarithm.
        if (rowsOf.kind === 'corpus') collector.markSeen(i, Math.max(0, events.item[rows[i]!]!));
        if (isOwn && own) hitPairs.add(i, i);
        if (rowsOf.kind === 'corpus' && own) hitPairs.add(i, Math.max(0, events.item[rows[i]!]!));
        if (queryGroups) for (let j = queryGroups.first(i); j >= 0; j = queryGroups.next(j)) collector.markSeen(i, j);
        for (let j = queryGroups ? queryGroups.first(i) : i; j >= 0; j = queryGroups ? queryGroups.next(j) : -1) {
          const item = identity(rows[j]!);
          for (let column = columns.first(item); column >= 0; column = columns.next(column)) collector.add(i, column);
        }
        history?.forEachEqualColumn(rows[i]!, (column) => collector.add(i, column));
      }
      return hitPairs.tensor();
    },
  };
};

/** Adds each pair once. With a single source, a chain gives each column once, and only the row itself must be excluded. */
function makePairCollector(pairs: PairList, columns: number, hasSeveralSources: boolean) {
  const lastRow = hasSeveralSources ? new Int32Array(columns).fill(-1) : undefined;
  let ownColumn = -1;
  return {
    markSeen(row: number, column: number): void {
      if (lastRow) lastRow[column] = row;
      else ownColumn = column;
    },
    add(row: number, column: number): void {
      if (lastRow) {
        if (lastRow[column] === row) return;
        lastRow[column] = row;
      } else if (column === ownColumn) return;
      pairs.add(row, column);
    },
  };
}

/** Groups the rows of a batch by query; a row without a user is a group of its own. */
function makeQueries(user: Int32Array) {
  const userGroups = makeGroups();
  let rowsOfBatch: Int32Array = new Int32Array(0);
  return {
    fill(batchRows: Int32Array): void {
      rowsOfBatch = batchRows;
      userGroups.fill(rowsOfBatch.length, (place) => user[rowsOfBatch[place]!]!);
    },
    first: (row: number): number => (user[rowsOfBatch[row]!]! < 0 ? row : userGroups.first(user[rowsOfBatch[row]!]!)),
    next: (row: number): number => (user[rowsOfBatch[row]!]! < 0 ? -1 : userGroups.next(row)),
  };
}

/** Finds the columns whose item key is in a bag of the row. */
function makeHistoryIndex({ key, rows: rowsOf }: SourceOf<'accidental_hits'>, name: string, context: FeedContext) {
  const events = { kind: 'events' } as const;
  const { feature, column: bags, index } = columnOf(context, name, events, 'bags');
  const keyColumn = columnOf(context, key, rowsOf, 'codes');
  // All values outside the vocabulary share code 0.
  const minCode = feature.encoder.kind === 'vocabulary' ? 1 : 0;
  const corpusRows = rowsOf.kind === 'queue' ? trainingOf(context).corpus.rows : Number.POSITIVE_INFINITY;
  const codeOf = (row: number): number => {
    if (row < 0) return -1;
    // An item of a queue that the corpus lacks is numbered by its code.
    const code =
      row < corpusRows ? keyColumn.column.values[keyColumn.index ? keyColumn.index[row]! : row]! : row - corpusRows;
    return code < minCode ? -1 : code;
  };
  const bagOf = (row: number): number => (index ? index[row]! : row);
  const columnGroups: EqualKeys = makeGroups();
  const lastReaderOf = new Map<number, number>();
  return {
    fill(batch: Batch): void {
      const columnRows = batch.rowsOf(rowsOf);
      columnGroups.fill(columnRows.length, (place) => codeOf(columnRows[place]!));
    },
    forEachEqualColumn(row: number, visit: (column: number) => void): void {
      forEachCode(bags, bagOf(row), (code) => {
        if (code < minCode) return;
        for (let column = columnGroups.first(code); column >= 0; column = columnGroups.next(column)) visit(column);
      });
    },
    /** Marks the codes that a row may not draw, if each row has columns of its own. */
    markCodes(row: number, i: number): void {
      if (i === 0) lastReaderOf.clear();
      forEachCode(bags, bagOf(row), (code) => lastReaderOf.set(code, i));
    },
    isExcluded(item: number, batchIndex: number): boolean {
      const code = codeOf(item);
      return code >= 0 && lastReaderOf.get(code) === batchIndex;
    },
  };
}

function forEachCode({ starts, ends, values }: BagColumn, bag: number, visit: (code: number) => void): void {
  for (let index = starts[bag]!, end = ends[bag]!; index < end; index++) visit(values[index]!);
}

/** int32 [pieces, piece], padded with the index of the last row */
export const pieceRows: MakeSource<'piece_rows'> = ({ pieces }) => ({
  fill({ rows }) {
    const pieceSize = Math.ceil(rows.length / pieces);
    const data = Int32Array.from({ length: pieces * pieceSize }, (_, index) => Math.min(index, rows.length - 1));
    return tensorOf(data, pieces, pieceSize);
  },
});

/** float32 [pieces, piece] */
export const pieceKnown: MakeSource<'piece_known'> = ({ pieces }) => ({
  fill({ rows }) {
    const pieceSize = Math.ceil(rows.length / pieces);
    return tensorOf(new Float32Array(pieces * pieceSize).fill(1, 0, rows.length), pieces, pieceSize);
  },
});

/** int32 [batch] */
export const piecePlaces: MakeSource<'piece_places'> = () => ({
  fill: ({ rows }) => tensorOf(Int32Array.from(rows.keys())),
});

/** int32 [hits, 2] */
export const pieceHits: MakeSource<'piece_hits'> = ({ pieces, at: pieceIndex, of }, context, input) => {
  const hits = accidentalHits(of, context, input);
  return {
    fill(batch) {
      const pieceSize = Math.ceil(batch.rows.length / pieces);
      return hits.fill({ ...batch, rows: batch.rows.subarray(pieceIndex * pieceSize, (pieceIndex + 1) * pieceSize) });
    },
  };
};

/** int32 [positives, 2] of (row, column) in ascending order: rows of the batch with the same user; a row without a user has itself. */
export const positives: MakeSource<'positives'> = (_source, context) => {
  const { user } = trainingOf(context).events;
  const groups = makeGroups();
  const pairs = makePairs();
  return {
    fill({ rows }) {
      groups.fill(rows.length, (place) => user[rows[place]!]!);
      pairs.clear();
      for (let i = 0; i < rows.length; i++) {
        const query = user[rows[i]!]!;
        if (query < 0) pairs.add(i, i);
        else for (let column = groups.first(query); column >= 0; column = groups.next(column)) pairs.add(i, column);
      }
      return pairs.tensor();
    },
  };
};
