/**
 * The current items of a model: a snapshot of the data, with later writes and deletions. `apply` returns a new snapshot; older ones are immutable. An
 * item that is written again moves to the end, so ties are ordered as in a file with the written lines at the end.
 */
import { invariant } from '../../base/diagnostics/failure.ts';
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

  const show = (): void => {
    if (writtenItems)
      snapshot = liveSnapshot({ base, written: writtenItems.view(), kept: keptRows, hidden: hiddenCount });
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
        writtenItems.end(key);
        if ('put' in change) pendingItems.set(key, change.put);
      }
      flush();
      keptRows = nextKept ?? keptRows;
      show();
    },
    async tidy() {
      if (await writtenItems?.compact()) show();
    },
  };
}

/** Number of slots of the first segment, and of the largest. Segments of wide vectors have fewer slots, to limit their numbers. */
const firstRoom = 16_384;
const mostRoom = 2 ** 18;
const mostNumbers = 2 ** 25;
const fewEnded = 4096;
/** Number of slots that are copied before requests get a turn. */
const slice = 256;

/**
 * Items that were written after a snapshot was made, in segments of growing size. A write only touches the last segment, so the others keep their caches for
 * filters and cosines. If most slots have ended, the current items move into fewer segments, in slices, while requests are answered and other items are
 * written.
 * @param base has the width, objectives, and the names and kinds of the columns
 */
function makeWrittenItems(base: Snapshot) {
  const turning: DirectionsState = { isAsked: false };
  let segments: ItemSegment[] = [];
  /** During a compaction: keys of items that were replaced or deleted since it began. */
  let endedSince: string[] | undefined;

  const sum = (of: (segment: ItemSegment) => number): number => segments.reduce((all, segment) => all + of(segment), 0);
  const slots = (): number => sum((segment) => segment.slots);
  const alive = (): number => sum((segment) => segment.alive);
  const maxRoom = Math.max(slice, Math.min(mostRoom, Math.floor(mostNumbers / base.width)));
  const roomFor = (count: number): number => Math.min(maxRoom, Math.max(firstRoom, count));

  /** @param expected number of slots of a new segment, if there is no room */
  const addTo = (to: ItemSegment[], items: readonly WrittenItem[], expected: number): void => {
    for (let from = 0; from < items.length; ) {
      let lastSegment = to.at(-1);
      if (lastSegment === undefined || lastSegment.slots === lastSegment.room) {
        lastSegment = makeSegment(base, roomFor(expected), turning);
        to.push(lastSegment);
      }
      const fittingItems = items.slice(from, from + lastSegment.room - lastSegment.slots);
      lastSegment.add(fittingItems);
      from += fittingItems.length;
    }
  };

  return {
    /** Adds items with distinct keys. A new segment doubles the number of slots, so there are few segments. */
    add: (items: readonly WrittenItem[]): void => addTo(segments, items, slots()),
    end(key: string): void {
      // The latest write of most items is in one of the last segments.
      for (let index = segments.length - 1; index >= 0; index--) if (segments[index]!.end(key)) break;
      endedSince?.push(key);
    },
    /** Returns the segments in the order of the writes. */
    view: () => segments.filter((segment) => segment.slots > 0).map((segment) => segment.view()),
    /** Moves the items out of segments whose slots have mostly ended, if there are many, while items may be written. Returns true if it moved any. */
    async compact(): Promise<boolean> {
      if (endedSince || slots() - alive() < fewEnded + alive()) return false;
      endedSince = [];
      const movingSegments = segments;
      const aliveBefore = alive();
      // Writes during the compaction go into a new segment.
      segments = [...movingSegments, makeSegment(base, roomFor(aliveBefore), turning)];
      const moved: ItemSegment[] = [];
      for (const segment of movingSegments) {
        for (let from = 0; from < segment.slots; from += slice) {
          const items = segment.items(from, Math.min(from + slice, segment.slots));
          if (items.length > 0) addTo(moved, items, aliveBefore);
          await yieldToEventLoop();
        }
      }
      for (const key of endedSince) for (const segment of moved) if (segment.end(key)) break;
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
  readonly written: readonly SegmentView[];
  /** Items of the data that are neither replaced nor deleted. `hidden`: number of the other ones. */
  readonly kept: Bits;
  readonly hidden: number;
}

interface SnapshotPart {
  readonly snapshot: Snapshot;
  readonly first: number;
  readonly alive?: Bits;
}

interface SplitRequest {
  readonly both: Omit<TopRequest, 'exclude' | 'excludeRows' | 'seenBy' | 'within'>;
  /** Rows to exclude, of all parts. */
  readonly without: readonly number[];
  readonly unknown: readonly string[];
}

/** Rows of the data come first, then those of the segments. The function is long because each method of a snapshot selects the part that answers. */
function liveSnapshot({ base, written, kept, hidden }: LiveParts): Snapshot {
  const { rows: first, version, width, columns, objectives } = base;
  const snapshotParts: SnapshotPart[] = [{ snapshot: base, first: 0, ...(hidden > 0 && { alive: kept }) }];
  let rowCount = first;
  let count = first - hidden;
  for (const { snapshot, alive, count: own } of written) {
    snapshotParts.push({ snapshot, first: rowCount, ...(own < snapshot.rows && { alive }) });
    rowCount += snapshot.rows;
    count += own;
  }
  const itemRow = (key: string): number => {
    for (let index = written.length - 1; index >= 0; index--) {
      const slot = written[index]!.slotOf(key);
      if (slot >= 0) return snapshotParts[index + 1]!.first + slot;
    }
    const row = base.itemRow(key);
    return row >= 0 && kept.has(row) ? row : -1;
  };
  const fromPart = <T>(row: number, read: (part: Snapshot, ownRow: number) => T): T => {
    const part = snapshotParts.findLast(({ first: from }) => from <= row)!;
    return read(part.snapshot, row - part.first);
  };
  const seenBy = (user: number): number[] =>
    base.seenBy(user).flatMap((row) => {
      if (kept.has(row)) return [row];
      // An item that was written again keeps its identity; a deleted one has none.
      const currentRow = itemRow(base.keyAt(row));
      return currentRow < 0 ? [] : [currentRow];
    });
  let directions: Snapshot | undefined;

  const top = (requests: readonly TopRequest[]): TopAnswer[] => {
    const splitRequests = requests.map((request) => {
      const { exclude = [], excludeRows = [], seenBy: user, within: only, ...both } = request;
      invariant(only === undefined, 'rows of two parts are not given as one set');
      const excludedRows = [...excludeRows];
      const unknownKeys: string[] = [];
      for (const key of exclude) {
        const row = itemRow(key);
        if (row < 0) unknownKeys.push(key);
        else excludedRows.push(row);
      }
      if (user !== undefined) for (const each of seenBy(userRowOf(user, base.userRow))) excludedRows.push(each);
      return { both, without: excludedRows, unknown: unknownKeys };
    });
    const inPart = ({ first: from, alive: within, snapshot }: SnapshotPart, { both, without }: SplitRequest) => ({
      ...both,
      within,
      excludeRows: without.flatMap((row) => (row >= from && row < from + snapshot.rows ? [row - from] : [])),
    });
    const partAnswers = snapshotParts.map((part) => part.snapshot.top(splitRequests.map((each) => inPart(part, each))));
    /** Asks the part that has the place among the allowed items of all parts. */
    const drawnItem = (split: SplitRequest, counts: readonly number[], draw: number): readonly TopItem[] => {
      let place = Math.floor(draw * counts.reduce((sum, count) => sum + count, 0));
      for (const [index, count] of counts.entries()) {
        const part = snapshotParts[index]!;
        if (place < count) {
          const [found] = part.snapshot.top([{ ...inPart(part, split), draw: (place + 0.5) / count }]);
          return found!.items.map((item) => ({ ...item, row: part.first + item.row }));
        }
        place -= count;
      }
      return [];
    };
    const bestOf = (i: number): readonly TopItem[] =>
      snapshotParts.reduce<readonly TopItem[]>(
        (best, part, index) => merged(best, partAnswers[index]![i]!.items, requests[i]!.k, part.first),
        [],
      );
    return splitRequests.map((split, i) => {
      const counts = partAnswers.map((answers) => answers[i]!.candidates);
      const { draw } = split.both;
      return {
        version,
        items: draw === undefined ? bestOf(i) : drawnItem(split, counts, draw),
        candidates: counts.reduce((sum, count) => sum + count, 0),
        unknown: split.unknown,
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
    keyAt: (row) => fromPart(row, (part, ownRow) => part.keyAt(ownRow)),
    titleAt: (row) => fromPart(row, (part, ownRow) => part.titleAt(ownRow)),
    valuesOf: (row, names) => fromPart(row, (part, ownRow) => part.valuesOf(ownRow, names)),
    userRow: base.userRow,
    itemVector: (row) => fromPart(row, (part, ownRow) => part.itemVector(ownRow)),
    score: (vectors, row) => fromPart(row, (part, ownRow) => part.score(vectors, ownRow)),
    seenBy,
    written: written.map(({ of, snapshot }, index) => ({
      of,
      first: snapshotParts[index + 1]!.first,
      rows: snapshot.rows,
    })),
    users: base.users,
    usersWith: base.usersWith,
    withIndex: (makeIndex) => liveSnapshot({ base: base.withIndex(makeIndex), written, kept, hidden }),
    directions: () =>
      (directions ??= liveSnapshot({
        base: base.directions(),
        written: written.map((part) => ({ ...part, snapshot: part.snapshot.directions() })),
        kept,
        hidden,
      })),
  };
}

function merged(before: readonly TopItem[], added: readonly TopItem[], k: number, first: number): readonly TopItem[] {
  if (added.length === 0) return before;
  const mergedItems: TopItem[] = [];
  let [a, b] = [0, 0];
  while (mergedItems.length < k && (a < before.length || b < added.length)) {
    const takesBefore = b === added.length || (a < before.length && before[a]!.score >= added[b]!.score);
    mergedItems.push(takesBefore ? before[a++]! : { ...added[b]!, row: first + added[b++]!.row });
  }
  return mergedItems;
}
