/** An exported graph model is read from its files and run by TensorFlow.js alone. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { servingTfjs } from '../../../src/engines/formats/tfjs_model.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { expectClose } from '../../graph/support.ts';
import { loadFetched } from './fetched_tfjs.ts';
import { exportedTower } from './tower.ts';

const feed = ({ dtype, data, shape }: Tensor): tf.Tensor => tf.tensor(data, [...shape], dtype);

describe('an exported graph model', () => {
  beforeAll(async () => {
    tf.enableProdMode();
    await tf.setBackend('cpu');
  });

  it('has the names of the graph and gives its numbers', async () => {
    const { graph, inputs, parameters, expected } = exportedTower();
    const model = await loadFetched(servingTfjs(graph, parameters));
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, feed(value)]));
    const results = model.predict(feeds) as Record<string, tf.Tensor>;
    expect(Object.keys(results).sort()).toEqual(['again', 'mask given', 'vector']);
    for (const [name, { data, shape }] of Object.entries(expected)) {
      expect(results[name]!.shape).toEqual(shape);
      expectClose(results[name]!.dataSync(), data);
    }
  });

  it('splits its weights into shards of 4 MB', async () => {
    const b = makeBuilder('large');
    const table = b.parameter('table', [1500, 1000], { kind: 'zeros' });
    b.output('rows', b.gather(table, b.input('codes', [{ symbol: 'batch', times: 1 }], 'int32')));
    const data = Float32Array.from({ length: 1_500_000 }, (_, i) => i % 1009);
    const files = servingTfjs(b.finish(), { table: { dtype: 'float32', shape: [1500, 1000], data } });
    expect(Object.keys(files)).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin']);
    const model = await loadFetched(files);
    const rows = model.predict({ codes: tf.tensor1d([1499, 0], 'int32') }) as Record<string, tf.Tensor>;
    expect(rows.rows!.dataSync()).toEqual(Float32Array.from([...data.subarray(1_499_000), ...data.subarray(0, 1000)]));
  });
});
