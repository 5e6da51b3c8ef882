import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { differences, expectClose, floats, random } from '../support.ts';
import { lossGraph } from './support.ts';

const query = floats([2, 2], [1, 2, 0.5, -1]);
const item = floats([2, 2], [3, -1, 2, 2]);
// Scores: 1 and −1.
const label = floats([2], [1, 0]);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('bce', () => {
  test('is −log σ(score) of a positive and −log(1 − σ(score)) of a negative, averaged', () => {
    const { graph } = lossGraph({ kind: 'bce', width: 2, label: true });
    const expected = -(Math.log(sigmoid(1)) + Math.log(1 - sigmoid(-1))) / 2;
    expectClose(evaluateGraph(graph, { query, item, label }, {}).outputs.loss!.data, [expected], 1e-6);
  });

  test('multiplies the score by its scale and weighs rows', () => {
    const { graph } = lossGraph({ kind: 'bce', width: 2, label: true, weighted: true, arguments: { scale: 10 } });
    const weight = floats([2], [3, 1]);
    const expected = (-3 * Math.log(sigmoid(10)) - Math.log(1 - sigmoid(-10))) / 4;
    expectClose(evaluateGraph(graph, { query, item, label, weight }, {}).outputs.loss!.data, [expected], 1e-6);
  });

  test('of an extreme score is finite, and its gradient is σ − label', () => {
    const { graph } = lossGraph({ kind: 'bce', width: 1, label: true });
    const inputs = { query: floats([2, 1], [1000, -1000]), item: floats([2, 1], [1, 1]), label: floats([2], [0, 1]) };
    const { outputs } = evaluateGraph(graph, inputs, {});
    expectClose(outputs.loss!.data, [1000]);
    expectClose(outputs['gradient:query']!.data, [0.5, -0.5]);
  });
});

describe('mse', () => {
  test('is the weighted mean of (score − label)²', () => {
    const { graph } = lossGraph({ kind: 'mse', width: 2, label: true, weighted: true });
    const inputs = { query, item, label: floats([2], [3, 0.5]), weight: floats([2], [1, 3]) };
    expectClose(evaluateGraph(graph, inputs, {}).outputs.loss!.data, [(4 + 3 * 2.25) / 4], 1e-6);
  });
});

test.each(['bce', 'mse'])('%s has the gradients of its value', (kind) => {
  const { graph } = lossGraph({ kind, width: 3, label: true, weighted: true });
  const inputs = {
    query: random([4, 3], 1),
    item: random([4, 3], 2),
    label: floats([4], [1, 0, 0, 1]),
    weight: random([4], 3, 0.5, 2),
  };
  const { outputs } = evaluateGraph(graph, inputs, {});
  for (const [name, slopes] of differences(graph, inputs, {}, ['query', 'item'])) {
    expectClose(outputs[`gradient:${name}`]!.data, slopes, 1e-6);
  }
  expect(outputs.loss!.shape).toEqual([]);
});
