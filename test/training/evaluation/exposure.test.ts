import { expect, it } from 'vitest';
import { exposedList, exposureOf, exposureOfHeld } from '../../../src/training/evaluation/exposure.ts';
import type { ScoringTask } from '../../../src/training/scoring/scorer.ts';

const int = (...values: number[]): Int32Array => Int32Array.from(values);
/** Item 0 has 80 of 100 training events, so it is the head. */
const task = {
  events: { rows: 2, item: int(0, 3), user: int(0, 1), features: new Map(), labels: new Map() },
  corpus: { rows: 5, trainingCounts: int(80, 10, 6, 4, 0), features: new Map(), keys: ['a', 'b', 'c', 'd', 'e'] },
  users: {
    rows: 2,
    features: new Map(),
    keys: ['x', 'y'],
    seen: { kind: 'bags', starts: int(0, 0), ends: int(0, 0), values: int() },
  },
} as unknown as ScoringTask;
const list = (...items: number[]): number[] => [
  ...items,
  ...Array.from({ length: exposedList - items.length }, () => -1),
];

it('counts the shown items, the places outside the head, and their training events', () => {
  const lists = { k: exposedList, items: int(...list(0, 1), ...list(0, 2)) };
  const ranks = { better: int(0, 0), equal: int(0, 0), corpus: int(5, 5), lists };
  const { coverage, tail, popularity } = exposureOf(task, ranks);
  expect(coverage).toBeCloseTo(3 / 5, 12);
  expect(tail).toBeCloseTo(1 / 2, 12);
  expect(popularity).toBeCloseTo(((80 + 10) / 2 + (80 + 6) / 2) / 2, 12);
});

it('of what users took, one item of two is outside the head', () => {
  expect(exposureOfHeld(task)).toEqual({ coverage: 2 / 5, tail: 1 / 2, popularity: (80 + 4) / 2 });
});
