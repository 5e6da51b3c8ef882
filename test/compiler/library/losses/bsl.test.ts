/** `bsl` by itself. PyTorch's numbers are in `test/fixtures/losses/bsl.json`. */
import { describe, expect, test } from 'vitest';
import { lower } from '../../../../src/compiler/lower/lower.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { differences, expectClose, floats, integers, modelOf, random, smallModel } from '../support.ts';
import { lossGraph, lossOfExample } from './support.ts';

const width = 3;
const sampled = (args: object) => ({ kind: 'sampled', arguments: { n: 5, by: 'uniform', ...args } });

test('bsl is more than the mean of the scores', () => {
  const { loss, meanScore } = lossOfExample('bsl');
  expect(loss).not.toBeCloseTo(meanScore, 5);
});

describe('the gradient is that of small differences', () => {
  const inputs = {
    query: random([4, width], 1),
    item: random([4, width], 2),
    weight: floats([4], [1, 0.5, 2, 0]),
    'sampled_5_uniform/item': random([20, width], 3),
    'shared_5_uniform/item': random([5, width], 4),
    'hits/sampled_5_uniform/video_id': integers([2, 2], [0, 1, 3, 4]),
    'hits/shared_5_uniform/video_id': integers([2, 2], [0, 1, 3, 4]),
    'hits/shared_5_uniform/video_id/own': integers([2, 2], [0, 1, 3, 4]),
    'hits/video_id/own': integers([5, 2], [0, 0, 1, 1, 2, 2, 3, 3, 0, 2]),
    'positives/user_id': integers([6, 2], [0, 0, 0, 2, 1, 1, 2, 0, 2, 2, 3, 3]),
  };
  test.each([
    ['in batch', {}],
    ['sampled', { negatives: sampled({}) }],
    ['shared', { negatives: sampled({ shared: true }) }],
    ['in batch and shared', { in_batch: true, negatives: sampled({ shared: true }) }],
  ])('%s', (_, args) => {
    const { raw } = lossGraph({
      kind: 'bsl',
      width,
      weighted: true,
      arguments: { positive_temperature: 0.3, ...args },
    });
    const given = Object.fromEntries(raw.inputs.map(({ name }) => [name, inputs[name as keyof typeof inputs]]));
    const by = raw.inputs.map(({ name }) => name).filter((name) => name === 'query' || name.endsWith('item'));
    const { outputs } = evaluateGraph(raw, given, {});
    for (const [name, slopes] of differences(raw, given, {}, by)) {
      expectClose(outputs[`gradient:${name}`]!.data, slopes, 1e-4);
    }
  });
});

test('a row without a negative has the part of its positive alone', () => {
  const { graph } = lossGraph({ kind: 'bsl', width: 1, arguments: { temperature: 0.5, positives: 'row' } });
  const all = integers([4, 2], [0, 0, 0, 1, 1, 0, 1, 1]);
  const inputs = { query: floats([2, 1], [1, 1]), item: floats([2, 1], [0.5, 0.25]), 'hits/video_id/own': all };
  const { outputs } = evaluateGraph(graph, inputs, {});
  expectClose(outputs.loss!.data, [-(0.5 + 0.25) / 0.5 / 2]);
  expectClose(outputs['gradient:item']!.data, [-1, -1]);
});

test('positives far apart do not leave float32', () => {
  const { graph } = lossGraph({ kind: 'bsl', width: 1, arguments: { temperature: 0.01, negatives: sampled({}) } });
  const inputs = {
    query: floats([2, 1], [1, 1]),
    item: floats([2, 1], [-1, 1]),
    'sampled_5_uniform/item': floats([10, 1], new Array(10).fill(0)),
    'hits/sampled_5_uniform/video_id': integers([0, 2], []),
    'positives/user_id': integers([4, 2], [0, 0, 0, 1, 1, 0, 1, 1]),
  };
  const { outputs } = evaluateGraph(graph, inputs, {});
  for (const { data } of Object.values(outputs)) expect(data.every(Number.isFinite)).toBe(true);
  // n = log 5 and p = 100 + log ½ for both rows; the positive at −100 has no part in p.
  expectClose(outputs.loss!.data, [Math.log(5) - (100 - Math.LN2)], 1e-4);
  expectClose(outputs['gradient:item']!.data, [0, -100], 1e-4);
});

test('of positives far apart those of weight 0 do not count', () => {
  const { graph } = lossGraph({
    kind: 'bsl',
    width: 1,
    weighted: true,
    arguments: { temperature: 1, negatives: sampled({}) },
  });
  const pairs = [0, 1, 2].flatMap((row) => [0, 1, 2].flatMap((other) => [row, other]));
  const inputs = {
    query: floats([4, 1], [1, 1, 1, 1]),
    item: floats([4, 1], [-200, 1, 300, 5]),
    weight: floats([4], [1, 3, 0, 0]),
    'sampled_5_uniform/item': floats([20, 1], new Array(20).fill(0)),
    'hits/sampled_5_uniform/video_id': integers([0, 2], []),
    'positives/user_id': integers([10, 2], [...pairs, 3, 3]),
  };
  const { outputs } = evaluateGraph(graph, inputs, {});
  expectClose(outputs.loss!.data, [Math.log(5) - (1 + Math.log(0.75))], 1e-4);
  expectClose(outputs['gradient:item']!.data, [0, -1, 0, 0], 1e-5);
});

test('without a key of the query tower each row needs its own positive', () => {
  const reasons = (positives: string) =>
    lower(
      modelOf(
        smallModel({ task: `loss = bsl(negatives: sampled(4)${positives})` }).replace(
          '(profile) keyed by user_id',
          '(profile)',
        ),
      ),
    ).diagnostics.map(({ message }) => message);
  expect(reasons('')[0]).toContain('needs a key of the query tower');
  expect(reasons(', positives: row')).toEqual([]);
});
