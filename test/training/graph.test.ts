/** A run with a graph: it goes on after a stop, holds out what is held out, and leaves the rows that towers read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/base/storage/safetensors.ts';
import type { Dataset, Events } from '../../src/data/dataset.ts';
import { load } from '../../src/training/artifact/load.ts';
import { replayStep } from '../../src/training/replay.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { expectClose, planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 6, items: 12, eventsPerUser: 8, heldOut: 2 });
const plan = planOf(`
  model any
  features { user_id : id(dim: 4), movie_id : id(dim: 4) }
  tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }
  train { batch = 8, epochs = 3, embeddings = adam(rate: 0.05), graph = lightgcn(layers: 2) }`);

const runOf = (folder: string, other: Partial<Parameters<typeof trainModel>[0]> = {}) =>
  trainModel({
    plan,
    dataset,
    engine: plainEngine,
    folder: join(root, folder),
    origin: { sources: [] },
    tower: '0.0.0',
    ...other,
  });
const bytesOf = (folder: string, file: string): Buffer => readFileSync(join(root, folder, file));

beforeAll(async () => {
  await runOf('whole');
});

it('that was stopped goes on to the same bits', async () => {
  const controller = new AbortController();
  const engine = watched(plainEngine, (step) => {
    if (step === 7) controller.abort();
  });
  expect((await runOf('stopped', { engine, signal: controller.signal })).status).toBe('interrupted');
  expect((await runOf('stopped', { resume: true })).status).toBe('epochs');
  for (const file of ['steps.jsonl', 'weights.safetensors', 'checkpoint.safetensors']) {
    if (file !== 'checkpoint.safetensors')
      expect(bytesOf('stopped', file).equals(bytesOf('whole', file)), file).toBe(true);
  }
});

it('leaves rows as the towers read them; the checkpoint has those that are trained', async () => {
  const { tables, plan: stored } = await load(join(root, 'whole'));
  expect(stored.train.graph).toEqual({ layers: 2, tables: ['user_id', 'movie_id'] });
  const { tensors } = await readSafetensors(join(root, 'whole', 'checkpoint.safetensors'), { hasChecksum: true });
  const codes = (name: string): Int32Array => {
    const { column, index } = dataset.parts.train.features.get(name)!;
    if (column.kind !== 'codes') throw new Error(name);
    return Int32Array.from({ length: dataset.parts.train.rows }, (_, row) => column.values[index ? index[row]! : row]!);
  };
  const [users, items] = [codes('user_id'), codes('movie_id')];
  const edges = new Set(Array.from(users, (user, row) => `${user} ${items[row]}`));
  const degree = (at: 0 | 1, code: number): number =>
    [...edges].filter((edge) => Number(edge.split(' ')[at]) === code).length;
  type Rows = number[][];
  const rowsOf = (name: string): Rows => {
    const data = [...(tensors.get(`table/${name}`)!.data as Float32Array)];
    return Array.from({ length: data.length / 4 }, (_, row) => data.slice(4 * row, 4 * row + 4));
  };
  const layer = ([u, i]: readonly [Rows, Rows]): [Rows, Rows] => {
    const next: [Rows, Rows] = [u.map(() => [0, 0, 0, 0]), i.map(() => [0, 0, 0, 0])];
    for (const edge of edges) {
      const [user, item] = edge.split(' ').map(Number) as [number, number];
      const weight = 1 / Math.sqrt(degree(0, user) * degree(1, item));
      for (let d = 0; d < 4; d++) {
        next[0][user]![d]! += weight * i[item]![d]!;
        next[1][item]![d]! += weight * u[user]![d]!;
      }
    }
    return next;
  };
  const first: [Rows, Rows] = [rowsOf('user_id'), rowsOf('movie_id')];
  const [second, third] = [layer(first), layer(layer(first))];
  ['user_id', 'movie_id'].forEach((name, side) => {
    const at = side as 0 | 1;
    const expected = first[at].flatMap((row, code) =>
      row.map((each, d) => (each + second[at][code]![d]! + third[at][code]![d]!) / 3),
    );
    expectClose(tables.get(name)!.values(), expected, 1e-5);
  });
});

it('takes a step again as it was', async () => {
  const trained = await load(join(root, 'whole'));
  const { taken } = await replayStep({
    trained,
    dataset,
    engine: plainEngine,
    step: 9,
    out: undefined,
    force: false,
  } as never);
  expect(taken!.agrees).toBe(true);
});

describe('what is held out', () => {
  /** The same part with other items. */
  const others = (events: Events): Events => {
    const shift = (codes: Int32Array): Int32Array => codes.map((each) => (each <= 0 ? each : 1 + (each % 11)));
    const features = new Map(events.features);
    const { column, index } = events.features.get('movie_id')!;
    if (column.kind !== 'codes') throw new Error('movie_id');
    const values = index ? index.map((row) => column.values[row]!) : column.values;
    features.set('movie_id', { column: { kind: 'codes', values: shift(values) } });
    return { ...events, features, item: events.item.map((each) => (each < 0 ? each : (each + 5) % 12)) };
  };

  it('changes no weight: neither of the other parts is in the graph', async () => {
    const { parts } = dataset;
    const changed: Dataset = {
      ...dataset,
      parts: { ...parts, validation: others(parts.validation), test: others(parts.test) },
    };
    expect([...changed.parts.test.item]).not.toEqual([...parts.test.item]);
    await runOf('others', { dataset: changed });
    expect(bytesOf('others', 'weights.safetensors').equals(bytesOf('whole', 'weights.safetensors'))).toBe(true);
    await runOf('training', { dataset: { ...dataset, parts: { ...parts, train: others(parts.train) } } });
    expect(bytesOf('training', 'weights.safetensors').equals(bytesOf('whole', 'weights.safetensors'))).toBe(false);
  });
});
