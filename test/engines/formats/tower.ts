/** A small tower with fixed weights, as it would be exported, and what it gives for an input in plain arrays. */
import { makeBuilder } from '../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { batch, randomTensor } from '../../graph/support.ts';

export function exportedTower() {
  const b = makeBuilder('user');
  const profile = b.input('embedding:user_id', [batch, 6]);
  const mask = b.input('mask', [batch, 3]);
  const codes = b.input('codes', [batch], 'int32');
  const weights = b.parameter('user/main/mlp/weights_0', [6, 4], { kind: 'glorot', fans: [6, 4] });
  const bias = b.parameter('user/main/mlp/bias_0', [4], { kind: 'zeros' });
  const table = b.parameter('user/table', [5, 4], { kind: 'zeros' });
  const hidden = b.relu(b.add(b.matMul(profile, weights), bias));
  const pooled = b.matMul(mask, b.slice(table, [1, 0], [3, 4]));
  const sum = b.add(b.add(hidden, pooled), b.gather(table, codes));
  const shared = b.matMul(hidden, weights, { transposeB: true });
  b.output('vector', b.mul(sum, b.rsqrt(b.maximum(b.sum(b.square(sum), [1], true), 1e-12))));
  b.output('again', b.reshape(shared, [batch, 2, 3]));
  b.output('mask given', mask);
  const graph = b.finish();

  const inputs: Record<string, Tensor> = {
    'embedding:user_id': randomTensor([4, 6], 1),
    mask: randomTensor([4, 3], 2),
    codes: { dtype: 'int32', shape: [4], data: Int32Array.of(0, 4, 2, 2) },
  };
  const parameters: Record<string, Tensor> = {
    'user/main/mlp/weights_0': randomTensor([6, 4], 3),
    'user/main/mlp/bias_0': randomTensor([4], 4),
    'user/table': randomTensor([5, 4], 5),
  };
  return { graph, inputs, parameters, expected: evaluateGraph(graph, inputs, parameters).outputs };
}
