/**
 * Groups lists that begin alike into windows: each event with a list that is not empty has one window, which contains its list, and the position in it at which
 * its list ends. Histories are windows on one timeline per user, so a user's events share few of them.
 */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { BagColumn, IndexedColumn } from '../dataset.ts';

export interface Windows {
  readonly targets: number;
  /** For each window, the event whose list it is. */
  readonly rows: Int32Array;
  /** For each event, its window; −1 if its list is empty. */
  readonly windowOf: Int32Array;
  /** For each event, the index in its window of the last element of its list, from 0. */
  readonly placeOf: Int32Array;
  /** Window w has the events `members[starts[w] … starts[w + 1])`, ascending. */
  readonly starts: Int32Array;
  readonly members: Int32Array;
}

/** Cached, because the order of steps and the feed both read them. */
const windowsCache = new WeakMap<IndexedColumn, Windows>();

/**
 * Cuts lists into windows, from each user's newest event backwards. The newest window is that event's own list, so it has the maximum length of a list; the
 * window before ends where it begins. So an event whose list was cut at its `max` may see fewer elements in its window than in its own list, but never others.
 * @param rows number of events
 */
export function windowsOf(list: IndexedColumn, rows: number): Windows {
  const cachedWindows = windowsCache.get(list);
  if (cachedWindows) return cachedWindows;
  const { column, index } = list;
  invariant(column.kind === 'bags', 'windows are of lists');
  const windows = makeWindows(column, rows, index);
  windowsCache.set(list, windows);
  return windows;
}

function makeWindows({ starts, ends }: BagColumn, rows: number, index: Int32Array | undefined): Windows {
  const bagOf = (row: number): number => (index ? index[row]! : row);
  const windowOf = new Int32Array(rows).fill(-1);
  const placeOf = new Int32Array(rows).fill(-1);
  const windowRows: number[] = [];
  let openRows = byEnd(rows, bagOf, starts, ends);
  const targets = openRows.length;
  // Histories need only one round. A list that overlaps a window but begins after it waits for the next round.
  while (openRows.length > 0) {
    let waitingCount = 0;
    let firstStart = Number.POSITIVE_INFINITY;
    for (const row of openRows) {
      const [start, end] = [starts[bagOf(row)]!, ends[bagOf(row)]!];
      if (end <= firstStart) {
        firstStart = start;
        windowRows.push(row);
      } else if (start > firstStart) {
        openRows[waitingCount++] = row;
        continue;
      }
      windowOf[row] = windowRows.length - 1;
      placeOf[row] = end - 1 - firstStart;
    }
    openRows = openRows.subarray(0, waitingCount);
  }
  return {
    targets,
    rows: Int32Array.from(windowRows),
    windowOf,
    placeOf,
    ...membersOf(windowOf, windowRows.length, targets),
  };
}

/**
 * Sorts events with a list that is not empty: those whose lists end last come first, the longest first among equal ends. It counts instead of comparing,
 * because there may be many millions.
 */
function byEnd(rows: number, bagOf: (row: number) => number, starts: Int32Array, ends: Int32Array): Int32Array {
  let latestEnd = 0;
  for (const end of ends) if (end > latestEnd) latestEnd = end;
  const isEmpty = (bag: number): boolean => ends[bag]! <= starts[bag]!;
  // The next slot for the events with each end, from the last end to the first.
  const nextSlot = new Int32Array(latestEnd + 2);
  for (let row = 0; row < rows; row++) if (!isEmpty(bagOf(row))) nextSlot[latestEnd - ends[bagOf(row)]! + 1]!++;
  for (let index = 0; index <= latestEnd; index++) nextSlot[index + 1]! += nextSlot[index]!;
  const rowOrder = new Int32Array(nextSlot[latestEnd + 1]!);
  for (let row = 0; row < rows; row++) {
    const bag = bagOf(row);
    if (!isEmpty(bag)) rowOrder[nextSlot[latestEnd - ends[bag]!]!++] = row;
  }
  const startAt = (index: number): number => starts[bagOf(rowOrder[index]!)]!;
  const endAt = (index: number): number => ends[bagOf(rowOrder[index]!)]!;
  for (let from = 0, to = 0; from < rowOrder.length; from = to) {
    let areEqual = true;
    for (to = from + 1; to < rowOrder.length && endAt(to) === endAt(from); to++)
      areEqual &&= startAt(to) === startAt(from);
    if (!areEqual) rowOrder.subarray(from, to).sort((a, b) => starts[bagOf(a)]! - starts[bagOf(b)]! || a - b);
  }
  return rowOrder;
}

function membersOf(windowOf: Int32Array, windows: number, targets: number): Pick<Windows, 'starts' | 'members'> {
  const starts = new Int32Array(windows + 1);
  for (const window of windowOf) if (window >= 0) starts[window + 1]!++;
  for (let w = 0; w < windows; w++) starts[w + 1]! += starts[w]!;
  const members = new Int32Array(targets);
  const nextSlot = starts.slice();
  windowOf.forEach((window, row) => {
    if (window >= 0) members[nextSlot[window]!++] = row;
  });
  return { starts, members };
}
