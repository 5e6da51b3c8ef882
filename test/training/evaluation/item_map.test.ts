import { expect, it } from 'vitest';
import type { Corpus, Encoding } from '../../../src/data/dataset.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { itemMapOf } from '../../../src/training/evaluation/item_map.ts';

const codes = (...values: number[]) => ({ column: { kind: 'codes' as const, values: Int32Array.from(values) } });
const plan = {
  towers: [{ features: [] }, { features: ['id', 'genre'] }],
  features: ['id', 'genre'].map((name) => ({ name, column: name, encoderOf: name })),
} as unknown as Plan;
const encodings = new Map<string, Encoding>([
  ['id', { kind: 'vocabulary', values: ['a', 'b', 'c', 'd'] as never }],
  ['genre', { kind: 'vocabulary', values: ['war', 'drama'] as never }],
]);
const corpus = {
  rows: 4,
  keys: ['a', 'b', 'c', 'd'],
  trainingCounts: Int32Array.of(1, 9, 3, 5),
  features: new Map([
    ['id', codes(1, 2, 3, 4)],
    ['genre', codes(2, 2, 1, 0)],
  ]),
} as unknown as Corpus;
/** Directions at these angles in a plane of a space of three dimensions; lengths do not count. */
const angles = [0, 0.5, 1, 1.5];
const data = Float32Array.from(angles.flatMap((angle, i) => [0, (i + 1) * Math.cos(angle), (i + 1) * Math.sin(angle)]));

it('keeps the distances of directions that lie in a plane, the items with the most events first', () => {
  const { points, share } = itemMapOf({ data, rows: 4, width: 3 }, corpus, plan, encodings)!;
  expect(points.map(({ title }) => title)).toEqual(['b', 'd', 'c', 'a']);
  expect(share).toBeCloseTo(1, 6);
  const angleOf = { a: 0, b: 0.5, c: 1, d: 1.5 } as Record<string, number>;
  for (const one of points) {
    for (const other of points) {
      // The chord of the angle between two vectors of length 1.
      const chord = 2 * Math.sin(Math.abs(angleOf[one.title]! - angleOf[other.title]!) / 2);
      expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeCloseTo(chord, 3);
    }
  }
});

it('colours by the feature whose values are of several items', () => {
  const { column, groups, points } = itemMapOf({ data, rows: 4, width: 3 }, corpus, plan, encodings)!;
  expect(column).toBe('genre');
  expect(groups).toEqual(['drama', 'war']);
  expect(Object.fromEntries(points.map(({ title, group }) => [title, group]))).toEqual({ a: 0, b: 0, c: 1, d: -1 });
  const none = itemMapOf({ data, rows: 4, width: 3 }, corpus, { ...plan, features: [] } as Plan, encodings)!;
  expect(none.column).toBeUndefined();
  expect(none.groups).toEqual(['9 to 5', '3 to 1']);
  expect(none.points.map(({ group }) => group)).toEqual([0, 0, 1, 1]);
});

it('maps neither vectors of one number nor several of an item', () => {
  expect(itemMapOf({ data, rows: 12, width: 1 }, corpus, plan, encodings)).toBeUndefined();
  expect(itemMapOf({ data, rows: 4, width: 3, interests: 1 }, corpus, plan, encodings)).toBeUndefined();
});
