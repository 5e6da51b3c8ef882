import { expect, it } from 'vitest';
import { dot, mean, type Row } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

/** Row and drawn item, as a place among the row's own. */
const hits = [
  [1, 3],
  [4, 0],
] as const;
const ran = runModel(planOfModel('cml'), { hits });
const drawnPerRow = 10;

/** A point of the ball: a longer vector is cut to length 1. */
const within = (x: Row): Row => {
  const length = Math.hypot(...x);
  return length > 1 ? x.map((value) => value / length) : x;
};
const squared = (x: Row, y: Row): number => x.reduce((sum, value, at) => sum + (value - y[at]!) ** 2, 0);
const points = (name: string): readonly Row[] => ran.input(name).map(within);
const [users, items] = [points('user_id'), points('movie_id')];

it('scores by minus the squared distance within the ball, as an inner product of what is served', () => {
  for (const row of everyRow) {
    for (const item of everyRow) {
      expect(dot(ran.vectors[0][row]!, ran.vectors[1][item]!)).toBeCloseTo(-squared(users[row]!, items[item]!), 5);
    }
  }
});

it('loses by the nearest of the drawn items, times the log of the rank that they estimate', () => {
  const drawn = points('sampled_10_uniform/movie_id');
  const losses = everyRow.map((row) => {
    const others = drawn
      .slice(row * drawnPerRow, (row + 1) * drawnPerRow)
      .filter((_, at) => !hits.some(([r, c]) => r === row && c === at));
    const own = squared(users[row]!, items[row]!);
    const excess = others.map((other) => 0.3 + own - squared(users[row]!, other));
    const itemsInPool = 10;
    const rank = itemsInPool * mean(excess.map((value) => (value > 0 ? 1 : 0)));
    return Math.log(rank + 1) * Math.max(0, ...excess);
  });
  expect(Math.min(...losses)).toBeGreaterThanOrEqual(0);
  expect(ran.losses.loss).toBeCloseTo(mean(losses), 5);
});
