/** Lists with weights and lists of lists, exported and run by their runtimes alone, against pools of plain arrays. */
import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { it } from 'vitest';
import { servingOnnx } from '../../../src/engines/formats/onnx_file.ts';
import { servingTfjs } from '../../../src/engines/formats/tfjs_model.ts';
import { makeServingGraph } from '../../../src/graph/plan/serving_graph.ts';
import { planOf } from '../../compiler/library/support.ts';
import { expectClose } from '../../graph/support.ts';
import { loadFetched } from './fetched_tfjs.ts';

const codes = [1, 2, -1, 3, 0, 1, 2, 2, 1, -1, -1, -1];
const weights = [1, 3, 0, 2, 7, 0.5, 0, 0, 0, 0, 0, 0];
const table = [9, 9, 9, 1, 10, 100, 2, 20, 200, 4, 40, 400];

/** What each list of three pools to. Code 0 is what the vocabulary does not have. */
function pooled(pool: string, weightOf: (at: number) => number): number[] {
  return [0, 1, 2, 3].flatMap((row) => {
    const at = [0, 1, 2].map((i) => row * 3 + i).filter((i) => codes[i]! > 0);
    const total = at.reduce((sum, i) => sum + weightOf(i), 0);
    const share = pool === 'sum' ? 1 : total === 0 ? 0 : 1 / total;
    return [0, 1, 2].map((d) => at.reduce((sum, i) => sum + share * weightOf(i) * table[codes[i]! * 3 + d]!, 0));
  });
}

const features = {
  weights: (pool: string) => `tags : list(category(dim: 3), max: 3, pool: ${pool}, weights: scores)`,
  inner: (pool: string) => `
    seen : list(item_id, max: 1, pool: none)
    tags : along(seen, list(category(dim: 3), max: 3, pool: ${pool}))`,
};
const flow = { weights: 'sum(user_id, tags)', inner: 'sum(seen, tags) -> sum' };

const cases = (['weights', 'inner'] as const).flatMap((kind) => ['mean', 'sum'].map((pool) => [kind, pool] as const));

it.each(cases)('%s, pool: %s', async (kind, pool) => {
  const { towers, ...rest } = planOf(`
    model listed
    features {
      user_id : id(dim: 3)
      ${features[kind](pool)}
      item_id : id(dim: 3)
    }
    tower user(${kind === 'weights' ? 'user_id' : 'seen'}, tags) keyed by user_id { channel main = ${flow[kind]} }
    tower item(item_id) keyed by item_id { channel main = item_id }
    task watch { score = dot(user, item), loss = softmax }
  `);
  const zeros = kind === 'weights' ? 'user_id' : 'item_id';
  const graph = makeServingGraph({ towers, ...rest }, towers[0], new Map([[zeros, 2]]).set('tags', 4));
  const parameters = {
    [`table:${zeros}`]: { dtype: 'float32' as const, shape: [2, 3], data: new Float32Array(6) },
    'table:tags': { dtype: 'float32' as const, shape: [4, 3], data: Float32Array.from(table) },
  };
  const integer = (shape: number[], data: number[]) => ({
    dtype: 'int32' as const,
    shape,
    data: Int32Array.from(data),
  });
  const inputs = {
    weights: {
      user_id: integer([4], [0, 0, 0, 0]),
      tags: integer([4, 3], codes),
      'tags/weights': { dtype: 'float32' as const, shape: [4, 3], data: Float32Array.from(weights) },
    },
    inner: { seen: integer([4, 1], [0, 1, 1, 0]), tags: integer([4, 1, 3], codes) },
  }[kind];
  const expected = pooled(pool, (at) => (kind === 'weights' ? weights[at]! : 1));

  const session = await InferenceSession.create(servingOnnx(graph, parameters));
  const feeds = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
    name,
    new Tensor(dtype, data as Float32Array, shape),
  ]);
  expectClose((await session.run(Object.fromEntries(feeds))).vector!.data as Float32Array, expected);

  await tf.setBackend('cpu');
  const model = await loadFetched(servingTfjs(graph, parameters));
  const given = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [name, tf.tensor(data, shape, dtype)]);
  const result = model.predict(Object.fromEntries(given)) as tf.NamedTensorMap | tf.Tensor;
  expectClose(('vector' in result ? result.vector! : (result as tf.Tensor)).dataSync(), expected);
});
