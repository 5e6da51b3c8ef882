/**
 * The items of a model as they are now: a snapshot of the data, and what was written and deleted since. `apply` gives a new snapshot, and older ones stay as they
 * are. An item that is written again moves to the end, so the order of equal scores is that of a file whose written lines come last.
 */
import { Bits } from '../../../engines/scan/bits.ts';
import type { Snapshot } from '../snapshot.ts';
import { liveSnapshot } from './live_snapshot.ts';
import { type DirectionsState, type ItemSegment, makeSegment, type SegmentView, type WrittenItem } from './segment.ts';

export type ItemChange = { readonly put: WrittenItem } | { readonly delete: string };

export interface LiveItems {
  readonly snapshot: Snapshot;
  /** Items that were written, and items of the data that are deleted or replaced. */
  readonly written: number;
  readonly hidden: number;
  /** All of them become visible together, in their order. */
  apply(changes: readonly ItemChange[]): void;
  /** Drops the slots of items that were written again or deleted, if there are many: in slices, between which requests are answered and changes applied. */
  tidy(): Promise<void>;
}

export function makeLiveItems(base: Snapshot): LiveItems {
  let snapshot = base;
  let keptRows = Bits.all(base.rows);
  let hiddenCount = 0;
  let writtenItems: WrittenItems | undefined;

  const show = (): void => {
    if (writtenItems)
      snapshot = liveSnapshot({ base, written: writtenItems.view(), kept: keptRows, hidden: hiddenCount });
  };

  return {
    get snapshot() {
      return snapshot;
    },
    get written() {
      return writtenItems?.alive ?? 0;
    },
    get hidden() {
      return hiddenCount;
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

/**
 * Items that were written after a snapshot was made, in segments of growing size: a write touches the last one, and the others keep what they have made for filters and
 * cosines. If most slots have ended, the items that are there move into fewer segments, in slices, while requests are answered and others are written.
 */
interface WrittenItems {
  readonly slots: number;
  readonly alive: number;
  /** Each key is there once. */
  add(items: readonly WrittenItem[]): void;
  end(key: string): void;
  /** In the order of the writes. */
  view(): readonly SegmentView[];
  /** Moves the items out of segments of mostly ended slots, if there are many. Items may be written meanwhile. Returns true if it moved any. */
  compact(): Promise<boolean>;
}

/** Slots of the first segment, and of the largest; of wide vectors fewer, so that a segment has at most so many numbers. */
const firstRoom = 16_384;
const mostRoom = 2 ** 18;
const mostNumbers = 2 ** 25;
const fewEnded = 4096;
/** Slots that are copied before requests get their turn. */
const slice = 256;

/** @param base gives width, objectives, and the names and kinds of the columns */
function makeWrittenItems(base: Snapshot): WrittenItems {
  const turning: DirectionsState = { isAsked: false };
  let segments: ItemSegment[] = [];
  /** While items move: the keys of those that have ended since. */
  let endedSince: string[] | undefined;

  const sum = (of: (segment: ItemSegment) => number): number => segments.reduce((all, segment) => all + of(segment), 0);
  const slots = (): number => sum((segment) => segment.slots);
  const alive = (): number => sum((segment) => segment.alive);
  const maxRoom = Math.max(slice, Math.min(mostRoom, Math.floor(mostNumbers / base.width)));
  const roomFor = (count: number): number => Math.min(maxRoom, Math.max(firstRoom, count));

  /** @param expected slots of a new segment, if there is no room */
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
    get slots() {
      return slots();
    },
    get alive() {
      return alive();
    },
    // As many slots again: so segments are few.
    add: (items) => addTo(segments, items, slots()),
    end(key) {
      // The latest write of most items is in a late segment.
      for (let at = segments.length - 1; at >= 0; at--) if (segments[at]!.end(key)) break;
      endedSince?.push(key);
    },
    view: () => segments.filter((segment) => segment.slots > 0).map((segment) => segment.view()),
    async compact() {
      if (endedSince || slots() - alive() < fewEnded + alive()) return false;
      endedSince = [];
      const movingSegments = segments;
      const aliveBefore = alive();
      // What is written from now on goes into a segment of its own.
      segments = [...movingSegments, makeSegment(base, roomFor(aliveBefore), turning)];
      const moved: ItemSegment[] = [];
      for (const segment of movingSegments) {
        for (let from = 0; from < segment.slots; from += slice) {
          const items = segment.items(from, Math.min(from + slice, segment.slots));
          if (items.length > 0) addTo(moved, items, aliveBefore);
          await turn();
        }
      }
      for (const key of endedSince) for (const segment of moved) if (segment.end(key)) break;
      segments = [...moved, ...segments.slice(movingSegments.length)];
      endedSince = undefined;
      return true;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
