/** An exported ONNX model is run by onnxruntime-node alone. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { servingOnnx } from '../../../src/engines/formats/onnx_file.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { expectClose } from '../../graph/support.ts';
import { exportedTower } from './tower.ts';

describe('an exported ONNX model', () => {
  it('has the names of the graph and gives its numbers', async () => {
    const { graph, inputs, parameters, expected } = exportedTower();
    const session = await InferenceSession.create(servingOnnx(graph, parameters));
    expect(session.inputNames).toEqual(['embedding:user_id', 'mask', 'codes']);
    expect(session.outputNames).toEqual(['vector', 'again', 'mask given']);
    const feeds = Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
      name,
      new Tensor(dtype, data as Float32Array, shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    for (const [name, { data, shape }] of Object.entries(expected)) {
      expect(results[name]!.dims).toEqual(shape);
      expectClose(results[name]!.data as Float32Array, data);
    }
  });

  it('names its symbolic axes', async () => {
    const { graph, parameters } = exportedTower();
    const session = await InferenceSession.create(servingOnnx(graph, parameters));
    expect(session.inputMetadata.map((each) => each.isTensor && each.shape)).toEqual([
      ['batch', 6],
      ['batch', 3],
      ['batch'],
    ]);
  });

  it('refuses an input and an output of one name, which no model can have', () => {
    const b = makeBuilder('echo');
    b.output('x', b.exp(b.input('x', [2])));
    const graph = b.finish();
    expect(() => servingOnnx(graph, {})).toThrow('called x');
  });
});
