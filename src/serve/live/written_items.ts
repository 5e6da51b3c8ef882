/**
 * Items that were written after a snapshot was made, in segments of growing size: a write touches the last one, and the others keep what they have made for filters and
 * cosines. If most slots have ended, the items that are there move into fewer segments, in slices, while requests are answered and others are written.
 */
import type { Snapshot } from '../snapshot.ts';
import { makeSegment, type Segment, type SegmentView, type Turning, type WrittenItem } from './segment.ts';

export interface WrittenItems {
  readonly slots: number;
  /** Slots whose item is there now. */
  readonly alive: number;
  /** Each key is there once. */
  add(items: readonly WrittenItem[]): void;
  /** Ends the slot of an item, if there is one. */
  end(key: string): void;
  /** In the order of the writes. */
  view(): readonly SegmentView[];
  /** Moves the items out of segments of mostly ended slots, if there are many. Items may be written meanwhile. Gives whether it did. */
  compact(): Promise<boolean>;
}

/** Slots of the first segment, and of the largest; of wide vectors fewer, so that a segment has at most so many numbers. */
const firstRoom = 16_384;
const mostRoom = 2 ** 18;
const mostNumbers = 2 ** 25;
/** Ended slots that are left alone. */
const fewEnded = 4096;
/** Slots that are copied before requests get their turn. */
const slice = 256;

/** @param base gives width, objectives, and the names and kinds of the columns */
export function makeWrittenItems(base: Snapshot): WrittenItems {
  const turning: Turning = { isAsked: false };
  let segments: Segment[] = [];
  /** While items move: the keys of those that have ended since. */
  let endedSince: string[] | undefined;

  const sum = (of: (segment: Segment) => number): number => segments.reduce((all, segment) => all + of(segment), 0);
  const slots = (): number => sum((segment) => segment.slots);
  const alive = (): number => sum((segment) => segment.alive);
  const limit = Math.max(slice, Math.min(mostRoom, Math.floor(mostNumbers / base.width)));
  const roomFor = (count: number): number => Math.min(limit, Math.max(firstRoom, count));

  /** @param expected slots that more room is asked for, if there is none */
  const addTo = (to: Segment[], items: readonly WrittenItem[], expected: number): void => {
    for (let from = 0; from < items.length; ) {
      let last = to.at(-1);
      if (last === undefined || last.slots === last.room) {
        last = makeSegment(base, roomFor(expected), turning);
        to.push(last);
      }
      const some = items.slice(from, from + last.room - last.slots);
      last.add(some);
      from += some.length;
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
      const moving = segments;
      const expected = alive();
      // What is written from now on goes into a segment of its own.
      segments = [...moving, makeSegment(base, roomFor(expected), turning)];
      const moved: Segment[] = [];
      for (const segment of moving) {
        for (let from = 0; from < segment.slots; from += slice) {
          const items = segment.items(from, Math.min(from + slice, segment.slots));
          if (items.length > 0) addTo(moved, items, expected);
          await turn();
        }
      }
      for (const key of endedSince) for (const segment of moved) if (segment.end(key)) break;
      segments = [...moved, ...segments.slice(moving.length)];
      endedSince = undefined;
      return true;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
