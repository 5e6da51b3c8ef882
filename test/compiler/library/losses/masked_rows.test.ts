/** What holds of every loss: rows of weight 0 have no part, whatever they hold, a batch without any weight loses nothing, and large scores overflow nowhere. */
import { describe, expect, test } from 'vitest';
import { losses } from '../../../../src/compiler/library/losses/table.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { rowsOf } from '../support.ts';
import { inputsOf, lossGraph } from './support.ts';

const width = 3;

// A contrast takes all rows alike.
describe.each(Object.keys(losses).filter((kind) => kind !== 'contrast'))('%s', (kind) => {
  const label = losses[kind]!.label !== 'none';
  const { graph } = lossGraph({ kind, width, weighted: true, label });

  test('of rows that all weigh 0 is 0, and its gradients are', () => {
    const { outputs } = evaluateGraph(graph, inputsOf(graph, [0, 0, 0, 0]), {});
    for (const [name, { data }] of Object.entries(outputs)) {
      expect(
        data.every((value) => value === 0),
        name,
      ).toBe(true);
    }
  });

  test('gives a row of weight 0 no gradient by its query, and divides by the sum of the weights', () => {
    const of = (weight: readonly number[]) => evaluateGraph(graph, inputsOf(graph, weight), {}).outputs;
    const outputs = of([2, 0, 1, 0]);
    const gradient = rowsOf(outputs['gradient:query']!);
    expect(gradient[1]!.every((value) => value === 0) && gradient[3]!.every((value) => value === 0)).toBe(true);
    const [first, second, both] = [of([1, 0, 0, 0]), of([0, 0, 1, 0]), outputs].map(({ loss }) => loss!.data[0]!);
    // Targets of a list, and pairs of rows, are others with each weight.
    if (kind !== 'listwise' && kind !== 'directau') expect(both).toBeCloseTo((2 * first! + second!) / 3, 5);
  });

  test('is finite, and its gradients are, of scores in the hundreds, which a score without a bound may give', () => {
    const inputs = Object.entries(inputsOf(graph, [1, 1, 1, 1])).map(([name, tensor]) => {
      const isVector = name === 'query' || name.endsWith('item');
      return [name, isVector ? { ...tensor, data: tensor.data.map((value) => 30 * value) } : tensor];
    });
    const { outputs } = evaluateGraph(graph, Object.fromEntries(inputs), {});
    for (const [name, { data }] of Object.entries(outputs)) expect(data.every(Number.isFinite), name).toBe(true);
  });
});
