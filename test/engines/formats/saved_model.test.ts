/** An exported SavedModel is run by tfjs-node alone: the whole package, through tf.node.loadSavedModel. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import util from 'node:util';
import { describe, expect, it } from 'vitest';
import { servingSavedModel, trainingSavedModel } from '../../../src/engines/formats/saved_model.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { addonIn, packageFolders } from '../../../src/plugins/tensorflow/tensorflow.ts';
import { expectClose } from '../../graph/support.ts';
import { exportedTower } from './tower.ts';

const folder = packageFolders().find((each) => existsSync(addonIn(each)));
if (!folder) console.warn('skipped: tfjs-node is not here to load SavedModels; `npm run setup:tensorflow` builds it');

interface TfjsNode {
  tensor(data: ArrayLike<number>, shape: number[], dtype: string): unknown;
  readonly node: {
    loadSavedModel(
      path: string,
      tags: string[],
      signature: string,
    ): Promise<{
      predict(inputs: object): Record<string, { shape: number[]; dataSync(): Float32Array }>;
      dispose(): void;
    }>;
    getMetaGraphsFromSavedModel(path: string): Promise<{ tags: string[]; signatureDefs: Record<string, object> }[]>;
  };
}

function loadTfjsNode(): TfjsNode {
  // tfjs-node calls it, and Node 23 took it away.
  (util as { isNullOrUndefined?: unknown }).isNullOrUndefined ??= (value: unknown) => value == null;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  return createRequire(import.meta.url)(folder!);
}

async function inFolder(files: Readonly<Record<string, Uint8Array>>, body: (path: string) => Promise<void>) {
  const path = mkdtempSync(join(tmpdir(), 'tower-test-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(path, name), bytes);
    await body(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

describe.skipIf(!folder)('an exported SavedModel', () => {
  it('has the names of the graph in serving_default and gives its numbers', async () => {
    const tf = loadTfjsNode();
    const { graph, inputs, parameters, expected } = exportedTower();
    await inFolder(servingSavedModel(graph, parameters), async (path) => {
      const model = await tf.node.loadSavedModel(path, ['serve'], 'serving_default');
      const feeds = Object.entries(inputs).map(([name, { data, shape, dtype }]) => [
        name,
        tf.tensor(data, [...shape], dtype),
      ]);
      const results = model.predict(Object.fromEntries(feeds));
      expect(Object.keys(results).sort()).toEqual(['again', 'mask given', 'vector']);
      for (const [name, { data, shape }] of Object.entries(expected)) {
        expect(results[name]!.shape).toEqual(shape);
        expectClose(results[name]!.dataSync(), data);
      }
      model.dispose();
    });
  });
});

describe('a SavedModel', () => {
  it('gives names of its own to inputs whose names TensorFlow does not take', () => {
    const float = { dtype: 'float32', shape: [] } as const;
    const input = (name: string) =>
      ({ op: 'Input', inputs: [], attributes: { name }, type: float, label: '' }) as const;
    const graph: Graph = {
      name: 'names',
      nodes: [input('a b'), input('a:b'), input('_c')],
      inputs: [
        { name: 'a b', node: 0 },
        { name: 'a:b', node: 1 },
        { name: '_c', node: 2 },
      ],
      parameters: [],
      outputs: [],
      updates: [],
    };
    expect(trainingSavedModel(graph).names.inputs).toEqual({ 'a b': 'a_b', 'a:b': 'a_b_1', _c: 'x_c' });
  });
});
