import { expect, it } from 'vitest';
import { makePace, type Pace } from '../../src/server/pace.ts';

/** Bodies that begin in `turns` turns of `milliseconds` each, in which more come than may. The clock goes on. */
function begun(pace: Pace, clock: { time: number }, turns: number, milliseconds: number): number {
  let count = 0;
  for (let turn = 0; turn < turns; turn++) {
    while (pace.allows(clock.time)) {
      pace.took();
      count++;
    }
    clock.time += milliseconds;
    pace.turned(milliseconds, clock.time);
  }
  return count;
}

it('begins with what was answered before', () => {
  const [pace, clock] = [makePace(), { time: 1000 }];
  pace.begin(2, clock.time);
  // 2 a millisecond: 20 in 10 turns of 1 ms, and what so short a time adds.
  expect(begun(pace, clock, 10, 1)).toBeGreaterThanOrEqual(18);
  expect(clock.time).toBe(1010);
});

it('falls while turns are long, never below three tenths of what was answered', () => {
  const [pace, clock] = [makePace(), { time: 0 }];
  pace.begin(2, 0);
  begun(pace, clock, 200, 20);
  // 4 s of long turns. Room is kept for one turn alone, 5 ms at this pace of 0.6 a millisecond: 3 bodies.
  expect(begun(pace, clock, 100, 20)).toBe(300);
});

it('falls once for turns that follow each other closely', () => {
  const [pace, clock] = [makePace(), { time: 0 }];
  pace.begin(10, 0);
  clock.time = 100;
  begun(pace, clock, 8, 6);
  const before = begun(pace, clock, 1, 1);
  // 0.85 × 10 a millisecond for 5 ms, and not 0.85⁸ of it.
  expect(before).toBeGreaterThanOrEqual(40);
});

it('rises while turns are short and it holds somebody back', () => {
  const [pace, clock] = [makePace(), { time: 0 }];
  pace.begin(1, 0);
  begun(pace, clock, 2000, 1);
  // e² ÷ 1 after 2 s.
  const count = begun(pace, clock, 10, 1);
  expect(count).toBeGreaterThan(60);
  expect(count).toBeLessThan(90);
});

it('does not rise where nobody meets it', () => {
  const [pace, clock] = [makePace(), { time: 0 }];
  pace.begin(1, 0);
  for (let turn = 0; turn < 5000; turn++) {
    if (turn % 10 === 0 && pace.allows(clock.time)) pace.took();
    clock.time += 1;
    pace.turned(1, clock.time);
  }
  expect(begun(pace, clock, 100, 1)).toBeLessThan(130);
});
