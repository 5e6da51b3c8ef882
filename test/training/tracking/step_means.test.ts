import { expect, it } from 'vitest';
import { maxPoints, stepMeans } from '../../../src/training/tracking/step_means.ts';

function run(steps: number, from = 1): [number, number][] {
  const given: [number, number][] = [];
  const means = stepMeans(['loss'], steps, (step, { loss }) => given.push([step, loss!]));
  for (let step = from; step <= steps; step++) means.add(step, [step]);
  means.end();
  means.end();
  return given;
}

it('a short run has every step', () => {
  expect(run(3)).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

it('a long run has means over windows, the last of which may be short', () => {
  const points = run(2.5 * maxPoints + 1);
  expect(points.slice(0, 2)).toEqual([
    [3, 2],
    [6, 5],
  ]);
  expect(points.length).toBeLessThanOrEqual(maxPoints);
  expect(points.at(-1)).toEqual([2.5 * maxPoints + 1, 2.5 * maxPoints]);
});

it('a run that goes on has its points at the same steps', () => {
  const whole = run(3 * maxPoints);
  const rest = run(3 * maxPoints, 301);
  expect(rest).toEqual(whole.slice(100));
});
