/** Each event with a list is in one window, at the place where its list ends. */

import { describe, expect, it } from 'vitest';
import type { BagColumn, IndexedColumn } from '../../../src/data/dataset.ts';
import { makeTimeline, windowsBefore } from '../../../src/data/rows/past_events.ts';
import { type Windows, windowsOf } from '../../../src/data/rows/windows.ts';
import fc from '../../fast_check.ts';

const bagsOf = (...windows: readonly (readonly [number, number])[]): BagColumn => ({
  kind: 'bags',
  starts: Int32Array.from(windows, ([start]) => start),
  ends: Int32Array.from(windows, ([, end]) => end),
  values: Int32Array.from({ length: 1 + Math.max(0, ...windows.map(([, end]) => end)) }, (_, at) => at),
});

const plain = ({ targets, ...arrays }: Windows) => ({
  targets,
  ...Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, [...array]])),
});

describe('windows', () => {
  it('of one user who fits are one, the list of the newest event', () => {
    const column = bagsOf([0, 0], [0, 1], [0, 2], [0, 3]);
    expect(plain(windowsOf({ column }, 4))).toEqual({
      targets: 3,
      rows: [3],
      windowOf: [-1, 0, 0, 0],
      placeOf: [-1, 0, 1, 2],
      starts: [0, 3],
      members: [1, 2, 3],
    });
  });

  it('put events of one time at one place', () => {
    const { windowOf, placeOf } = windowsOf({ column: bagsOf([0, 1], [0, 1], [0, 3], [0, 3]) }, 4);
    expect([[...windowOf], [...placeOf]]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 2, 2],
    ]);
  });

  it('of a long list go back from its end, and the oldest is as long as what is left', () => {
    const lists = [1, 2, 3, 4, 5, 6, 7].map((end) => [Math.max(0, end - 3), end] as const);
    const { rows, windowOf, placeOf } = windowsOf({ column: bagsOf(...lists) }, 7);
    expect([...rows]).toEqual([6, 3, 0]);
    expect([...windowOf]).toEqual([2, 1, 1, 1, 0, 0, 0]);
    expect([...placeOf]).toEqual([0, 0, 1, 2, 0, 1, 2]);
  });

  it('never give an event elements that its own list does not have', () => {
    const { rows, windowOf, placeOf } = windowsOf({ column: bagsOf([0, 6], [2, 4], [3, 4], [0, 3]) }, 4);
    expect([...rows]).toEqual([0, 1, 2]);
    expect([...windowOf]).toEqual([0, 1, 2, 0]);
    expect([...placeOf]).toEqual([5, 1, 0, 2]);
  });

  it('of a list that events share through an index are one place', () => {
    const list: IndexedColumn = { column: bagsOf([0, 2], [2, 5]), index: Int32Array.of(1, 0, 1) };
    const { rows, placeOf } = windowsOf(list, 3);
    expect([[...rows], [...placeOf]]).toEqual([
      [0, 1],
      [2, 1, 2],
    ]);
  });

  it('of events without lists are none', () => {
    expect(plain(windowsOf({ column: bagsOf([0, 0]) }, 1))).toMatchObject({ targets: 0, rows: [], windowOf: [-1] });
  });
});

/** Events in time, some at one time, of few users, some of nobody. */
const streams = fc.record({
  user: fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 60 }),
  gaps: fc.array(fc.nat({ max: 1 }), { minLength: 60, maxLength: 60 }),
  forgotten: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
  max: fc.integer({ min: 1, max: 9 }),
});

it('of any histories hold each event once, with a beginning of its window that its own list ends with', () => {
  fc.assert(
    fc.property(streams, ({ user: drawn, gaps, forgotten, max }) => {
      const user = Int32Array.from(drawn);
      let time = 0;
      const times = gaps.map((gap) => {
        time += gap;
        return time;
      });
      const stream = { user, users: 4, times };
      const marks = Uint8Array.from(drawn, (_, at) => (forgotten[at] ? 0 : 1));
      const timeline = makeTimeline(stream, marks);
      const { starts, ends } = windowsBefore(stream, marks, timeline, Int32Array.from(user.keys()), max);
      const column: BagColumn = { kind: 'bags', starts, ends, values: timeline.order };
      const windows = windowsOf({ column }, user.length);

      expect([...windows.members].sort((a, b) => a - b)).toEqual(
        [...user.keys()].filter((row) => ends[row]! > starts[row]!),
      );
      expect(windows.members.length).toBe(windows.targets);
      const lengths = new Map<number, number>();
      for (const row of windows.members) {
        const window = windows.rows[windows.windowOf[row]!]!;
        const own = timeline.order.subarray(starts[row]!, ends[row]!);
        const seen = timeline.order.subarray(starts[window]!, starts[window]! + windows.placeOf[row]! + 1);
        expect([...own].slice(-seen.length)).toEqual([...seen]);
        // A list that was not cut is seen whole.
        if (ends[window]! - timeline.starts[user[row]!]! <= max) expect(seen.length).toBe(own.length);
        expect(user[window]).toBe(user[row]);
        lengths.set(window, Math.max(lengths.get(window) ?? 0, seen.length));
      }
      // No fewer windows would do: all but a user's oldest are full.
      for (const [row, length] of lengths) {
        expect(length).toBe(ends[row]! - starts[row]!);
        if (starts[row]! > timeline.starts[user[row]!]!) expect(length).toBe(max);
      }
    }),
  );
});
