/** `bce` and `gbce` against drawn items. PyTorch's numbers are in `test/fixtures/losses`. */
import { describe, expect, it, test } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { expectClose, floats, integers, planOf, random, smallModel } from '../support.ts';
import { lossGraph, lossOfExample } from './support.ts';

const width = 3;
const negatives = { kind: 'sampled', arguments: { n: 5, by: 'uniform' } };
const inputs = {
  query: random([4, width], 1),
  item: random([4, width], 2),
  'sampled_5_uniform/item': random([20, width], 3),
  'hits/sampled_5_uniform/video_id': integers([2, 2], [0, 1, 3, 4]),
  'draw_pool/uniform/video_id': floats([], [6]),
};
const lossOf = (kind: string, args: object) =>
  evaluateGraph(lossGraph({ kind, width, arguments: { negatives, ...args } }).graph, inputs, {}).outputs;

test('gbce is more than the mean of the scores', () => {
  const { loss, meanScore } = lossOfExample('gbce');
  expect(loss).not.toBeCloseTo(meanScore, 5);
});

test('gbce without calibration, or with every other item drawn, is bce', () => {
  const plain = lossOf('bce', {});
  for (const calibration of [0, 1]) {
    const outputs = lossOf('gbce', { calibration });
    for (const name of ['loss', 'gradient:query', 'gradient:item']) expectClose(outputs[name]!.data, plain[name]!.data);
  }
});

const found = (task: string, more = 'labels { clicked: binary }') =>
  checkSource(makeSource('test.tower', smallModel({ task, labels: more }))).diagnostics.map(({ code }) => code);

describe('what `bce` needs follows from its arguments', () => {
  it('a label without negatives, and none with them', () => {
    expect(found('loss = bce(scale: 10), label = clicked')).toEqual([]);
    expect(found('loss = bce(scale: 10)')).toContain('label-needed');
    expect(found('loss = bce(negatives: sampled(4), scale: 10)', '')).toEqual([]);
    expect(found('loss = bce(negatives: sampled(4), scale: 10), label = clicked')).toEqual(['label-not-read']);
    expect(found('loss = bce(negatives: sampled(4), scale: 10), only = clicked')).toEqual([]);
  });

  it('a key of the item tower with negatives', () => {
    const text = smallModel({ task: 'loss = bce(negatives: sampled(4), scale: 10)' });
    const keyless = text.replace('(video) keyed by video_id', '(video)');
    const codes = checkSource(makeSource('test.tower', keyless)).diagnostics.map(({ code }) => code);
    expect(codes).toContain('item-key-needed');
  });

  it('negatives for a mask', () => {
    expect(found('loss = bce(scale: 10, mask: tried), label = clicked')).toContain('arguments-conflict');
  });

  it('draws alike for a calibration', () => {
    expect(found('loss = gbce(negatives: sampled(4, by: frequency), scale: 10)', '')).toEqual(['arguments-conflict']);
    expect(found('loss = gbce(negatives: sampled(4, by: corpus), scale: 10)', '')).toEqual([]);
    expect(found('loss = gbce(scale: 10)', '')).toEqual(['missing-argument']);
  });
});

test('the host says how many items a draw chooses from', () => {
  const sources = (by: string) =>
    planOf(smallModel({ task: `loss = gbce(negatives: sampled(4, by: ${by}), scale: 10)` }))
      .step.inputs.map(({ source }) => source)
      .filter(({ from }) => from === 'draw_pool');
  expect(sources('uniform')).toEqual([{ from: 'draw_pool', key: 'video_id', by: 'uniform' }]);
  expect(sources('corpus')).toEqual([{ from: 'draw_pool', key: 'video_id', by: 'corpus' }]);
});
