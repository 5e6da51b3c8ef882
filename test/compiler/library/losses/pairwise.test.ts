/** Negatives that all rows share, against the same drawn for each row. */
import { expect, test } from 'vitest';
import { evaluateGraph, type NamedTensors } from '../../../../src/graph/evaluate.ts';
import { expectClose, integers, random, rowsOf } from '../support.ts';
import { lossGraph } from './support.ts';

const rows = 4;
const width = 3;
const drawn = random([5, width], 7);
const repeated = Float32Array.from(Array.from({ length: rows }, () => rowsOf(drawn).flat()).flat());
const hits = integers([3, 2], [0, 1, 2, 0, 3, 4]);
const inputs: NamedTensors = {
  query: random([rows, width], 1),
  item: random([rows, width], 2),
  'shared_5_uniform/item': drawn,
  'sampled_5_uniform/item': { dtype: 'float32', shape: [rows * 5, width], data: repeated },
  'hits/shared_5_uniform/video_id': hits,
  'hits/sampled_5_uniform/video_id': hits,
};

const outputsOf = (kind: string, negatives: 'sampled' | 'shared') =>
  evaluateGraph(
    lossGraph({
      kind,
      width,
      arguments: { negatives: { kind: 'sampled', arguments: { n: 5, shared: negatives === 'shared', by: 'uniform' } } },
    }).graph,
    inputs,
    {},
  ).outputs;

test.each(['bpr', 'hinge'])('%s of shared items is that of the same items drawn for each row', (kind) => {
  const [each, all] = [outputsOf(kind, 'sampled'), outputsOf(kind, 'shared')];
  for (const name of ['loss', 'gradient:query', 'gradient:item']) expectClose(all[name]!.data, each[name]!.data, 1e-6);
  const summed = new Float64Array(5 * width);
  each['gradient:sampled_5_uniform/item']!.data.forEach((value, at) => {
    summed[at % summed.length]! += value;
  });
  expectClose(all['gradient:shared_5_uniform/item']!.data, summed, 1e-6);
  expect(summed.some((value) => value !== 0)).toBe(true);
});
