/** `directau` by itself. PyTorch's numbers are in `test/fixtures/losses/directau.json`. */
import { expect, test } from 'vitest';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { differences, expectClose, floats, random } from '../support.ts';
import { lossGraph, lossOfExample } from './support.ts';

test('directau is more than the mean of the scores', () => {
  const { loss, meanScore } = lossOfExample('directau');
  expect(loss).not.toBeCloseTo(meanScore, 5);
});

test('its gradient is that of small differences', () => {
  const { raw } = lossGraph({ kind: 'directau', width: 3, weighted: true, arguments: { gamma: 0.5 } });
  const inputs = { query: random([4, 3], 1), item: random([4, 3], 2), weight: floats([4], [1, 0.5, 0, 2]) };
  const { outputs } = evaluateGraph(raw, inputs, {});
  for (const [name, slopes] of differences(raw, inputs, {}, ['query', 'item'])) {
    expectClose(outputs[`gradient:${name}`]!.data, slopes, 1e-4);
  }
});

// Of vectors whose squares round, and of weights that do.
test.each([
  [
    [1, 0],
    [3, 0, 1, 1],
  ],
  [
    [0.3, 0],
    [3, 0, 1, 1],
  ],
  [
    [0.7, 0],
    [0.1, 0.7, 1, 1],
  ],
  [
    [1, 0],
    [0.31, 0.77, 1, 1],
  ],
  [
    [1.1, 0],
    [-0.2, 0.9, 1, 1],
  ],
])('a lone row has alignment alone: weights %s, queries %s', (weight, query) => {
  const { graph } = lossGraph({ kind: 'directau', width: 2, weighted: true });
  const inputs = { query: floats([2, 2], query), item: floats([2, 2], [0, 2, 1, 1]), weight: floats([2], weight) };
  const { outputs } = evaluateGraph(graph, inputs, {});
  const [x, y] = query as [number, number];
  expectClose(outputs.loss!.data, [2 - (2 * y) / Math.hypot(x, y)]);
  for (const { data } of Object.values(outputs)) expect(data.every(Number.isFinite)).toBe(true);
});
