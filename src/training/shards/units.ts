/** The units of an epoch that reads shards: rows, lists with their targets, or users with their events. No step divides a unit. */

import type { Random } from '../../base/random/random.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { Events } from '../../data/dataset.ts';
import { lastRowsOfUsers } from '../../data/rows/gather_rows.ts';
import { makeTimeline } from '../../data/rows/past_events.ts';
import { type Windows, windowsOf } from '../../data/rows/windows.ts';
import { hasRowPerUser, type Plan, sequenceFeature } from '../../graph/plan/plan.ts';
import { type EventOrder, firstWindow, joinRows, orderOf, stepsOfEpoch } from '../feed/order.ts';

/** The units of some events. Those whose rows come first have the lowest numbers. */
interface UnitRows {
  /** Returns the rows of a batch that has these units. */
  batch(units: Int32Array): Int32Array;
  /** Returns all rows that a step with these units reads, so that they can go to other events. Those of each unit are together. */
  readRows(units: Int32Array): UnitsToKeep;
}

export interface UnitsToKeep {
  readonly rows: Int32Array;
  readonly events: Events;
}

/** Defines how an epoch takes units, which are never divided: rows, windows with their targets, or users with their events. */
export interface EpochUnits {
  readonly counts: Omit<EventOrder, 'epoch'>;
  /** Returns the index of the first unit of a step. */
  startOf(step: number): number;
  /** Returns the step that has the unit with this index. */
  stepOf(unit: number): number;
  rowsIn(events: Events): UnitRows;
  /** Returns the rows of new units of a shard, and of so many earlier ones that are drawn, ascending. */
  drawRows(events: Events, earlier: number, random: Random): Int32Array;
}

/** Draws `count` of the numbers below `limit`. */
function makeNumberDraw(limit: number, count: number, random: Random): (number: number) => boolean {
  const isDrawn = new Uint8Array(limit);
  for (const number of random.permutation(limit).subarray(0, count)) isDrawn[number] = 1;
  return (number) => isDrawn[number] === 1;
}

/** Returns units that are single rows, in batches of `size`. */
export function rowUnits(count: number, size: number): EpochUnits {
  const steps = stepsOfEpoch(count, size);
  return {
    counts: { rows: count, steps, leftOut: Math.max(0, count - steps * size), withoutList: 0 },
    startOf: (step) => Math.min(count, step * size),
    stepOf: (unit) => Math.floor(unit / size),
    rowsIn: (events) => ({ batch: (units) => units.sort(), readRows: (rows) => ({ rows, events }) }),
    drawRows({ rows, marks }, earlier, random) {
      const isDrawn = makeNumberDraw(rows - sumOf(marks!), earlier, random);
      let number = 0;
      return listRowIndexes(rows).filter((row) => marks![row] === 1 || isDrawn(number++));
    },
  };
}

const sumOf = (numbers: Int32Array): number => numbers.reduce((sum, number) => sum + number, 0);

/** Returns units that are users, each of which the last of its events stands for. */
const userUnits = (count: number, size: number): EpochUnits => ({
  ...rowUnits(count, size),
  rowsIn(events) {
    const { user } = events;
    const lastRows = lastRowsOfUsers({ user });
    const unitOfUser = new Map(Array.from(lastRows, (row, unit) => [user[row]!, unit]));
    const unitOfRow = user.map((userId) => unitOfUser.get(userId) ?? -1);
    const stream = { user: unitOfRow, users: lastRows.length };
    const { starts, order } = makeTimeline(stream, new Uint8Array(user.length).fill(1));
    return {
      batch: (units) => units.map((unit) => lastRows[unit]!).sort(),
      readRows: (units) => ({
        events,
        rows: joinRows(units, (unit) => order.subarray(starts[unit]!, starts[unit + 1]!)),
      }),
    };
  },
  drawRows({ user, marks }, earlier, random) {
    const lastRows = lastRowsOfUsers({ user });
    // The last event of a user who has new ones is new.
    const earlierRows = lastRows.filter((row) => marks![row] === 0);
    const isDrawn = makeNumberDraw(earlierRows.length, earlier, random);
    const keptRows = [
      ...lastRows.filter((row) => marks![row] === 1),
      ...earlierRows.filter((_, number) => isDrawn(number)),
    ];
    const users = new Set(keptRows.map((row) => user[row]!));
    return listRowIndexes(user.length).filter((row) => users.has(user[row]!));
  },
});

/** Returns units that are windows. @param list the feature whose windows they are */
const windowUnits = (list: string, counts: Omit<EventOrder, 'epoch'>, count: number): EpochUnits => ({
  counts,
  startOf: (step) => firstWindow(step, count, counts.steps),
  stepOf: (unit) => Math.ceil(((unit + 1) * counts.steps) / count) - 1,
  rowsIn(events) {
    const windows = windowsOf(events.features.get(list)!, events.rows);
    if (events.marks) return markedWindows(events, windows, events.marks);
    const { windowOf, rows, starts, members } = windows;
    const orderedRows = members.length === 0 ? rows : rows.map((_, window) => members[starts[window]!]!).sort();
    const readRows = (units: Int32Array): Int32Array =>
      joinRows(units, (unit) => {
        const window = windowOf[orderedRows[unit]!]!;
        return members.subarray(starts[window]!, starts[window + 1]!);
      });
    return { batch: (units) => readRows(units).sort(), readRows: (units) => ({ events, rows: readRows(units) }) };
  },
  drawRows({ features, rows, marks }, earlier, random) {
    const earlierUnits = membersWith(windowsOf(features.get(list)!, rows), marks!, 0);
    const isDrawn = makeNumberDraw(earlierUnits.length, earlier, random);
    const isKept = marks!.slice();
    for (const [number, { members }] of earlierUnits.entries()) {
      if (isDrawn(number)) for (const row of members) isKept[row] = 1;
    }
    return listRowIndexes(rows).filter((row) => isKept[row] === 1);
  },
});

interface MarkedWindow {
  /** The targets of the unit. */
  readonly members: Int32Array;
  /** The event whose list the window is. */
  readonly row: number;
}

/** Returns the windows that have targets with a mark, with these targets alone. */
function membersWith({ rows, starts, members }: Windows, marks: Int32Array, wantedMark: number): MarkedWindow[] {
  return Array.from(rows, (row, window): MarkedWindow => {
    const windowMembers = members.subarray(starts[window]!, starts[window + 1]!);
    return { row, members: windowMembers.filter((member) => marks[member] === wantedMark) };
  }).filter(({ members: windowMembers }) => windowMembers.length > 0);
}

/** Returns the units of windows whose new targets are a unit, and whose earlier ones are another. */
function markedWindows(events: Events, windows: Windows, marks: Int32Array): UnitRows {
  const units = [...membersWith(windows, marks, 1), ...membersWith(windows, marks, 0)];
  units.sort((a, b) => a.members[0]! - b.members[0]!);
  const targetsOf = (unitIndexes: Int32Array): Int32Array => joinRows(unitIndexes, (unit) => units[unit]!.members);
  return {
    batch: (unitIndexes) => targetsOf(unitIndexes).sort(),
    readRows(unitIndexes) {
      const targets = targetsOf(unitIndexes);
      const ownTargets = new Set(targets);
      // The list of a window is that of its newest event, which may be the target of another unit.
      const earlierRows = Int32Array.from(
        new Set(Array.from(unitIndexes, (unit) => units[unit]!.row).filter((row) => !ownTargets.has(row))),
      );
      const marksWithExtra = marks.slice();
      for (const row of earlierRows) marksWithExtra[row] = 2;
      const rows = new Int32Array(targets.length + earlierRows.length);
      rows.set(targets);
      rows.set(earlierRows, targets.length);
      return { rows, events: { ...events, marks: marksWithExtra } };
    },
  };
}

/** Returns the units of a plan's epochs over the training rows of a data set in shards. */
export function epochUnits(plan: Plan, events: Events): EpochUnits {
  const { epoch: _, ...counts } = orderOf(plan, events);
  const { batch } = plan.train;
  const list = sequenceFeature(plan.step);
  if (list !== undefined) return windowUnits(list, counts, events.units!.count);
  return (hasRowPerUser(plan.step) ? userUnits : rowUnits)(events.units?.count ?? events.rows, batch);
}
