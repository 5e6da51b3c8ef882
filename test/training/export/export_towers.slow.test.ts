/** Each export is loaded by its runtime alone, without a line of ours, and must agree with our own vectors. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Onnx from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { addonIn, packageFolders } from '../../../src/plugins/tensorflow/tensorflow.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { schemaError } from '../../../src/training/artifact/validate.ts';
import { exportModel, type ServingDescription } from '../../../src/training/export/export_towers.ts';
import { writeExport } from '../../../src/training/export/page_folder.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';
import { loadExported } from './exported_tfjs.ts';

const root = temporaryFolder();
const folder = join(root, 'exported');
let trained: LoadedModel;
let files: readonly string[];

/** What serving.json says, and nothing else, turned into inputs: a codes, bags and numbers of the first users or items. */
type Inputs = Record<string, { dtype: 'int32' | 'float32'; shape: number[]; data: number[] }>;
const rows = 4;
const inputs: Record<string, Inputs> = {};
const expected: Record<string, Float32Array> = {};
const serving = (): ServingDescription =>
  JSON.parse(readFileSync(join(folder, 'serving.json'), 'utf8')) as ServingDescription;

beforeAll(async () => {
  trained = await trainSmall(root);
  ({ files } = await exportModel(trained, { folder, tower: '0.0.0' }));
  const { plan, tables, parameters } = trained;
  const { corpus, users } = dataset;
  const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
  const first = Int32Array.from({ length: rows }, (_, row) => row);
  expected.user = (await retrieval.queries(users.features, first)).data;
  expected.item = retrieval.items().data.slice(0, rows * 8);
  for (const [name, { inputs: described }] of Object.entries(serving().towers)) {
    const columns = name === 'user' ? users.features : corpus.features;
    inputs[name] = Object.fromEntries(
      described.map(({ name: input, dtype, shape }) => {
        const { column } = columns.get(input)!;
        const width = (shape[1] as number | undefined) ?? 1;
        const data = Array.from({ length: rows * width }, (_, i) => {
          const [row, at] = [Math.floor(i / width), i % width];
          if (column.kind !== 'bags') return column.values[i]!;
          const from = column.starts[row]! + at;
          return from < column.ends[row]! ? column.values[from]! : -1;
        });
        return [input, { dtype: dtype as 'int32' | 'float32', shape: [rows, ...(shape.slice(1) as number[])], data }];
      }),
    );
  }
}, 60_000);

const compare = (name: string, vector: ArrayLike<number>): void => {
  const ours = expected[name]!;
  expect(vector.length).toBe(ours.length);
  for (let i = 0; i < ours.length; i++) expect(Math.abs(vector[i]! - ours[i]!)).toBeLessThan(1e-5);
};

describe('the folder', () => {
  it('has three forms of each tower, the encodings, and what says how they are used', async () => {
    expect(files).toEqual([
      'encodings/genres.json',
      'encodings/movie_id.json',
      'encodings/user_id.json',
      'encodings/year.json',
      'item/model.onnx',
      'item/saved_model/saved_model.pb',
      'item/tfjs/group1-shard1of1.bin',
      'item/tfjs/model.json',
      'serving.json',
      'user/model.onnx',
      'user/saved_model/saved_model.pb',
      'user/tfjs/group1-shard1of1.bin',
      'user/tfjs/model.json',
    ]);
    expect(await schemaError('serving', serving())).toBeUndefined();
    expect(await schemaError('serving', { ...serving(), format: 'other' })).toBeTypeOf('string');
    expect(serving()).toMatchObject({
      model: 'fixture',
      retrieval: { query: 'user', item: 'item', width: 8, score: 'inner product' },
      towers: {
        user: {
          key: 'user_id',
          inputs: [
            { name: 'user_id', dtype: 'int32', shape: ['batch'], gives: 'code', encoding: 'encodings/user_id.json' },
            {
              name: 'history',
              dtype: 'int32',
              shape: ['batch', 5],
              gives: 'bag',
              encoding: 'encodings/movie_id.json',
              padding: -1,
              keeps: 'latest',
            },
          ],
          outputs: [{ name: 'vector', dtype: 'float32', shape: ['batch', 8] }],
        },
        item: {
          inputs: [{ name: 'movie_id' }, { name: 'genres', keeps: 'first' }, { name: 'year', shape: ['batch', 1] }],
        },
      },
    });
  });

  it('that is killed leaves the export that was there, and the next one needs no force', async () => {
    const [earlier, first] = ['earlier', 'first'].map((name) => join(root, name)) as [string, string];
    await exportModel(trained, { folder: earlier, tower: '0.0.0' });
    const whole = readdirSync(earlier, { recursive: true, encoding: 'utf8' }).sort();
    for (const target of [earlier, first]) {
      const names = target === earlier ? whole : [];
      const left = `${target} after a kill`;
      const killed = writeExport(target, 'serving.json', true, async (partial) => {
        mkdirSync(join(partial, 'user'));
        for (const name of ['user/model.onnx', 'serving.json']) writeFileSync(join(partial, name), 'half');
        // What a kill at this moment leaves: the lock is then that of a process that is gone.
        cpSync(target, left, { recursive: true, filter: (path) => !path.endsWith('.lock') });
        throw new Error('killed');
      });
      await expect(killed).rejects.toThrow('killed');
      const visible = readdirSync(left, { recursive: true, encoding: 'utf8' });
      expect(visible.filter((path) => !path.startsWith('.partial')).sort()).toEqual(names);
      for (const name of ['user/model.onnx', 'serving.json'].filter((name) => names.includes(name)))
        expect(readFileSync(join(left, name))).toEqual(readFileSync(join(folder, name)));
      expect(existsSync(target) ? readdirSync(target, { recursive: true }).sort() : []).toEqual(names);
      await exportModel(trained, { folder: left, tower: '0.0.0', force: names.length > 0 });
      expect(readdirSync(left, { recursive: true }).sort()).toEqual(whole);
    }
  });

  it('is not written over other files unless forced, and then keeps what is not its own', async () => {
    const full = join(root, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'notes.txt'), 'kept');
    await expect(exportModel(trained, { folder: full, tower: '0.0.0' })).rejects.toThrow(
      'already contains other files',
    );
    expect(readdirSync(full)).toEqual(['notes.txt']);
    await exportModel(trained, { folder: full, tower: '0.0.0', force: true });
    await exportModel(trained, { folder: full, tower: '0.0.0', force: true });
    expect(readdirSync(full).sort()).toEqual(['encodings', 'item', 'notes.txt', 'serving.json', 'user']);
  });
});

describe.each(['user', 'item'])('the %s tower', (name) => {
  it('runs in TensorFlow.js', async () => {
    const { tf, vector: vectorOf } = await loadExported(join(folder, serving().towers[name]!.files.tfjs));
    const feeds = Object.fromEntries(
      Object.entries(inputs[name]!).map(([input, { data, shape, dtype }]) => [input, tf.tensor(data, shape, dtype)]),
    );
    const vector = vectorOf(feeds);
    expect(vector.shape).toEqual([rows, 8]);
    compare(name, await vector.data());
  });

  it('runs in ONNX Runtime', async () => {
    const onnx = (await import('onnxruntime-node')) as unknown as typeof Onnx;
    const session = await onnx.InferenceSession.create(join(folder, serving().towers[name]!.files.onnx));
    const feeds = Object.fromEntries(
      Object.entries(inputs[name]!).map(([input, { data, shape, dtype }]) => [
        input,
        dtype === 'int32'
          ? new onnx.Tensor('int32', Int32Array.from(data), shape)
          : new onnx.Tensor('float32', Float32Array.from(data), shape),
      ]),
    );
    const { vector } = await session.run(feeds);
    expect(vector!.dims).toEqual([rows, 8]);
    compare(name, vector!.data as Float32Array);
  });

  it('runs in TensorFlow as a SavedModel (skipped where tfjs-node does not load)', ({ skip }) => {
    const at = packageFolders().find((each) => existsSync(addonIn(each)));
    if (at === undefined) return skip('tfjs-node has no native library here');
    // In a process of its own: two copies of TensorFlow.js in one share their global registries.
    const script = `
      const tf = require(process.argv[1]);
      const { folder, inputs } = JSON.parse(process.argv[2]);
      tf.node.loadSavedModel(folder).then(async (model) => {
        const feeds = Object.fromEntries(
          Object.entries(inputs).map(([name, { data, shape, dtype }]) => [name, tf.tensor(data, shape, dtype)]));
        console.log('vector ' + JSON.stringify(Array.from(await model.predict(feeds).vector.data())));
      });`;
    const what = JSON.stringify({
      folder: join(folder, serving().towers[name]!.files.savedModel),
      inputs: inputs[name],
    });
    const run = spawnSync(process.execPath, ['-e', script, at, what], {
      encoding: 'utf8',
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    const line = run.stdout.split('\n').find((each) => each.startsWith('vector '));
    expect(line, run.stderr).toBeDefined();
    compare(name, JSON.parse(line!.slice('vector '.length)));
  });
});
