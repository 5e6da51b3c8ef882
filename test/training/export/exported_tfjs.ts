/** A graph model of TensorFlow.js that an export wrote, read from its files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';

/** @param path of its model.json */
export async function loadExported(path: string) {
  const tf = (await import('@tensorflow/tfjs')) as typeof tfjs;
  await tf.setBackend('cpu');
  const model = await tf.loadGraphModel({
    async load() {
      const json = JSON.parse(readFileSync(path, 'utf8'));
      const parts = json.weightsManifest[0].paths.map((part: string) => readFileSync(join(path, '..', part)));
      const bytes = Buffer.concat(parts);
      return {
        modelTopology: json.modelTopology,
        signature: json.signature,
        userDefinedMetadata: json.userDefinedMetadata,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
      };
    },
  });
  return {
    tf,
    /** The tensor `vector` of these inputs. */
    vector(feeds: tfjs.NamedTensorMap): tfjs.Tensor {
      const result = model.predict(feeds) as tfjs.NamedTensorMap | tfjs.Tensor;
      return 'vector' in result ? result.vector! : (result as tfjs.Tensor);
    },
  };
}
