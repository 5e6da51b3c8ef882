/**
 * The current items of a model: a snapshot of the data, with later writes and deletions. `apply` returns a new snapshot; older ones are immutable. An
 * item that is written again moves to the end, so ties are ordered as in a file with the written lines at the end.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { yieldToEventLoop } from '../../base/util/objects.ts';
import { Bits } from '../../retrieval/scan/bits.ts';
import type { Snapshot, TopAnswer, TopItem, TopRequest } from '../../retrieval/snapshot.ts';
import { userRowOf } from '../../retrieval/top_request.ts';
import { type DirectionsState, type ItemSegment, makeSegment, type SegmentView, type WrittenItem } from './segment.ts';

export type ItemChange = { readonly put: WrittenItem } | { readonly delete: string };

export interface LiveItems {
  readonly snapshot: Snapshot;
  /** All writes become visible together, in their order. */
  apply(changes: readonly ItemChange[]): void;
  /** Drops the slots of items that were written again or deleted, if there are many. Between slices, requests are answered and changes applied. */
  tidy(): Promise<void>;
}

export function makeLiveItems(base: Snapshot): LiveItems {
  let snapshot = base;
  let keptRows = Bits.all(base.rows);
  let hiddenCount = 0;
  let writtenItems: ReturnType<typeof makeWrittenItems> | undefined;

  const updateSnapshot = (): void => {
    if (writtenItems) snapshot = liveSnapshot({ base, segments: writtenItems.view(), keptRows, hiddenCount });
  };

  return {
    get snapshot() {
      return snapshot;
    },
    apply(changes) {
      if (changes.length === 0) return;
      writtenItems ??= makeWrittenItems(base);
      /** Items whose codes are written together. */
      const pendingItems = new Map<string, WrittenItem>();
      const flush = (): void => {
        writtenItems!.add([...pendingItems.values()]);
        pendingItems.clear();
      };
      let nextKept: Bits | undefined;
      for (const change of changes) {
        const key = 'put' in change ? change.put.key : change.delete;
        const row = base.itemRow(key);
        if (row >= 0 && (nextKept ?? keptRows).has(row)) {
          nextKept ??= keptRows.copy();
          nextKept.delete(row);
          hiddenCount++;
        }
        if (pendingItems.has(key)) flush();
        writtenItems.endItem(key);
        if ('put' in change) pendingItems.set(key, change.put);
      }
      flush();
      keptRows = nextKept ?? keptRows;
      updateSnapshot();
    },
    async tidy() {
      if (await writtenItems?.compact()) updateSnapshot();
    },
  };
}

/** Number of slots of the first segment, and of the largest. Segments of wide vectors have fewer slots, to limit their numbers. */
const minSegmentSlots = 16_384;
const maxSegmentSlots = 2 ** 18;
const maxSegmentNumbers = 2 ** 25;
const minEndedSlots = 4096;
/** Number of slots that are copied before requests get a turn. */
const slotsPerSlice = 256;

/**
 * Items that were written after a snapshot was made, in segments of growing size. A write only touches the last segment, so the others keep their caches for
 * filters and cosines. If most slots have ended, the current items move into fewer segments, in slices, while requests are answered and other items are
 * written.
 * @param base has the width, objectives, and the names and kinds of the columns
 */
function makeWrittenItems(base: Snapshot) {
  const directionsState: DirectionsState = { isAsked: false };
  let segments: ItemSegment[] = [];
  /** During a compaction: keys of items that were replaced or deleted since it began. */
  let endedSince: string[] | undefined;

  const sum = (countIn: (segment: ItemSegment) => number): number =>
    segments.reduce((total, segment) => total + countIn(segment), 0);
  const slotCount = (): number => sum((segment) => segment.slotCount);
  const alive = (): number => sum((segment) => segment.alive);
  const maxSlots = Math.max(
    slotsPerSlice,
    Math.min(maxSegmentSlots, Math.floor(maxSegmentNumbers / base.width / (base.sets?.perItem ?? 1))),
  );
  const slotsFor = (count: number): number => Math.min(maxSlots, Math.max(minSegmentSlots, count));

  /** @param expected number of slots of a new segment, if there is no room */
  const addTo = (to: ItemSegment[], items: readonly WrittenItem[], expected: number): void => {
    for (let from = 0; from < items.length; ) {
      let lastSegment = to.at(-1);
      if (lastSegment === undefined || lastSegment.slotCount === lastSegment.room) {
        lastSegment = makeSegment(base, slotsFor(expected), directionsState);
        to.push(lastSegment);
      }
      const fittingItems = items.slice(from, from + lastSegment.room - lastSegment.slotCount);
      lastSegment.add(fittingItems);
      from += fittingItems.length;
    }
  };

  return {
    /** Adds items with distinct keys. A new segment doubles the number of slots, so there are few segments. */
    add: (items: readonly WrittenItem[]): void => addTo(segments, items, slotCount()),
    endItem(key: string): void {
      // The latest write of most items is in one of the last segments.
      for (let index = segments.length - 1; index >= 0; index--) if (segments[index]!.endItem(key)) break;
      endedSince?.push(key);
    },
    /** Returns the segments in the order of the writes. */
    view: () => segments.filter((segment) => segment.slotCount > 0).map((segment) => segment.view()),
    /** Moves the items out of segments whose slots have mostly ended, if there are many, while items may be written. Returns true if it moved any. */
    async compact(): Promise<boolean> {
      if (endedSince || slotCount() - alive() < minEndedSlots + alive()) return false;
      endedSince = [];
      const movingSegments = segments;
      const aliveBefore = alive();
      // Writes during the compaction go into a new segment.
      segments = [...movingSegments, makeSegment(base, slotsFor(aliveBefore), directionsState)];
      const moved: ItemSegment[] = [];
      for (const segment of movingSegments) {
        for (let from = 0; from < segment.slotCount; from += slotsPerSlice) {
          const items = segment.items(from, Math.min(from + slotsPerSlice, segment.slotCount));
          if (items.length > 0) addTo(moved, items, aliveBefore);
          await yieldToEventLoop();
        }
      }
      for (const key of endedSince) for (const segment of moved) if (segment.endItem(key)) break;
      segments = [...moved, ...segments.slice(movingSegments.length)];
      endedSince = undefined;
      return true;
    },
  };
}

/**
 * The parts of a snapshot with written items: the items of the data that were not replaced, followed by the written ones. The best `k` of all parts contain the
 * best `k` of all, so the answer has the same bits as from a snapshot of all these items.
 */
interface LiveParts {
  readonly base: Snapshot;
  readonly segments: readonly SegmentView[];
  /** Items of the data that are neither replaced nor deleted. `hidden`: number of the other ones. */
  readonly keptRows: Bits;
  readonly hiddenCount: number;
}

interface SnapshotPart {
  readonly snapshot: Snapshot;
  readonly firstRow: number;
  readonly alive?: Bits;
}

interface SplitRequest {
  readonly sharedFields: Omit<TopRequest, 'exclude' | 'excludeRows' | 'seenBy' | 'within'>;
  /** Rows to exclude, of all parts. */
  readonly excludedRows: readonly number[];
  readonly unknownKeys: readonly string[];
}

/** Rows of the data come first, then those of the segments. The function is long because each method of a snapshot selects the part that answers. */
function liveSnapshot({ base, segments, keptRows, hiddenCount }: LiveParts): Snapshot {
  const { rows: baseRows, version, width, columns, objectives } = base;
  const snapshotParts: SnapshotPart[] = [{ snapshot: base, firstRow: 0, ...(hiddenCount > 0 && { alive: keptRows }) }];
  let rowCount = baseRows;
  let count = baseRows - hiddenCount;
  for (const { snapshot, alive, count: aliveCount } of segments) {
    snapshotParts.push({ snapshot, firstRow: rowCount, ...(aliveCount < snapshot.rows && { alive }) });
    rowCount += snapshot.rows;
    count += aliveCount;
  }
  const itemRow = (key: string): number => {
    for (let index = segments.length - 1; index >= 0; index--) {
      const slot = segments[index]!.slotOf(key);
      if (slot >= 0) return snapshotParts[index + 1]!.firstRow + slot;
    }
    const row = base.itemRow(key);
    return row >= 0 && keptRows.has(row) ? row : -1;
  };
  const readFromPart = <T>(row: number, readRow: (part: Snapshot, ownRow: number) => T): T => {
    const part = snapshotParts.findLast(({ firstRow }) => firstRow <= row)!;
    return readRow(part.snapshot, row - part.firstRow);
  };
  const seenBy = (user: number): number[] =>
    base.seenBy(user).flatMap((row) => {
      if (keptRows.has(row)) return [row];
      // An item that was written again keeps its identity; a deleted one has none.
      const currentRow = itemRow(base.keyAt(row));
      return currentRow < 0 ? [] : [currentRow];
    });
  let directions: Snapshot | undefined;

  const top = (requests: readonly TopRequest[]): TopAnswer[] => {
    const splitRequests = requests.map((request) => {
      const { exclude = [], excludeRows = [], seenBy: user, within: rowSet, ...sharedFields } = request;
      invariant(rowSet === undefined, 'rows of two parts are not given as one set');
      const excludedRows = [...excludeRows];
      const unknownKeys: string[] = [];
      for (const key of exclude) {
        const row = itemRow(key);
        if (row < 0) unknownKeys.push(key);
        else excludedRows.push(row);
      }
      if (user !== undefined) for (const seenRow of seenBy(userRowOf(user, base.userRow))) excludedRows.push(seenRow);
      return { sharedFields, excludedRows, unknownKeys };
    });
    const requestInPart = (
      { firstRow, alive, snapshot }: SnapshotPart,
      { sharedFields, excludedRows }: SplitRequest,
    ) => ({
      ...sharedFields,
      within: alive,
      excludeRows: excludedRows.map((row) => row - firstRow).filter((row) => row >= 0 && row < snapshot.rows),
    });
    const partAnswers = snapshotParts.map((part) =>
      part.snapshot.top(splitRequests.map((splitRequest) => requestInPart(part, splitRequest))),
    );
    /** Asks the part that has the place among the allowed items of all parts. */
    const drawItem = (split: SplitRequest, counts: readonly number[], draw: number): readonly TopItem[] => {
      let drawIndex = Math.floor(draw * counts.reduce((sum, count) => sum + count, 0));
      for (const [index, count] of counts.entries()) {
        const part = snapshotParts[index]!;
        if (drawIndex < count) {
          const [drawnAnswer] = part.snapshot.top([{ ...requestInPart(part, split), draw: (drawIndex + 0.5) / count }]);
          return drawnAnswer!.items.map((item) => ({ ...item, row: part.firstRow + item.row }));
        }
        drawIndex -= count;
      }
      return [];
    };
    const bestItemsOf = (i: number): readonly TopItem[] =>
      snapshotParts.reduce<readonly TopItem[]>(
        (best, part, index) => mergeByScore(best, partAnswers[index]![i]!.items, requests[i]!.k, part.firstRow),
        [],
      );
    return splitRequests.map((split, i) => {
      const counts = partAnswers.map((answers) => answers[i]!.candidates);
      const { draw } = split.sharedFields;
      return {
        version,
        items: draw === undefined ? bestItemsOf(i) : drawItem(split, counts, draw),
        candidates: counts.reduce((sum, count) => sum + count, 0),
        unknown: split.unknownKeys,
        exact: partAnswers[0]![i]!.exact,
      };
    });
  };

  return {
    version,
    rows: rowCount,
    count,
    width,
    columns,
    objectives,
    recall: base.recall,
    top,
    itemRow,
    corpusRow: (key) => (itemRow(key) < 0 ? -1 : base.corpusRow(key)),
    keyAt: (row) => readFromPart(row, (part, ownRow) => part.keyAt(ownRow)),
    titleAt: (row) => readFromPart(row, (part, ownRow) => part.titleAt(ownRow)),
    valuesOf: (row, names) => readFromPart(row, (part, ownRow) => part.valuesOf(ownRow, names)),
    userRow: base.userRow,
    itemVector: (row) => readFromPart(row, (part, ownRow) => part.itemVector(ownRow)),
    sets: base.sets && {
      ...base.sets,
      queryOf: (row) => readFromPart(row, (part, ownRow) => part.sets!.queryOf(ownRow)),
    },
    score: (vectors, row) => readFromPart(row, (part, ownRow) => part.score(vectors, ownRow)),
    seenBy,
    written: segments.map(({ segment: of, snapshot }, index) => ({
      of,
      first: snapshotParts[index + 1]!.firstRow,
      rows: snapshot.rows,
    })),
    users: base.users,
    usersWith: base.usersWith,
    withIndex: (makeIndex) => liveSnapshot({ base: base.withIndex(makeIndex), segments, keptRows, hiddenCount }),
    orderDirections: () =>
      (directions ??= liveSnapshot({
        base: base.orderDirections(),
        segments: segments.map((part) => ({ ...part, snapshot: part.snapshot.orderDirections() })),
        keptRows,
        hiddenCount,
      })),
  };
}

function mergeByScore(
  before: readonly TopItem[],
  added: readonly TopItem[],
  k: number,
  first: number,
): readonly TopItem[] {
  if (added.length === 0) return before;
  const mergedItems: TopItem[] = [];
  let [a, b] = [0, 0];
  while (mergedItems.length < k && (a < before.length || b < added.length)) {
    const takesBefore = b === added.length || (a < before.length && before[a]!.score >= added[b]!.score);
    mergedItems.push(takesBefore ? before[a++]! : { ...added[b]!, row: first + added[b++]!.row });
  }
  return mergedItems;
}
