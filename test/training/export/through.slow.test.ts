/** Lists that go through the item tower, from files to an export: what is trained, measured, asked and exported agrees. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Onnx from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource, compileSource } from '../../../src/compiler/pipeline.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { servedComplaint } from '../../../src/retrieval/check_servable.ts';
import { makeRecommender, openRecommender } from '../../../src/serving/live/recommender.ts';
import { load } from '../../../src/training/artifact/load.ts';
import { schemaError } from '../../../src/training/artifact/validate.ts';
import { exportModel, type ServingDescription } from '../../../src/training/export/export_towers.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import { folderWith, valueAt } from '../../data/fixture.ts';
import { expectParity } from '../../models/parity.ts';
import { plainEngine } from '../plain_engine.ts';
import { loadExported } from './exported_tfjs.ts';

const model = (unseen = 'skip'): string => `
model watching
features {
  user_id  : id(dim: 4)
  history  : list(movie_id, max: 4, pool: none, unseen: ${unseen}, through: item)
  shelf    : list(movie_id, max: 2, unseen: ${unseen}, through: item)
  movie_id : id(dim: 4, drop: 20%)
  title    : text(hash: 50, dim: 4)
  genre    : category(dim: 3)
}
group movie = movie_id, title, genre
tower user(user_id, history, shelf) keyed by user_id {
  seen = history -> gru(4)
  channel main = concat(user_id, seen, shelf) -> dense(4)
}
tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dense(4, tanh) -> dropout(0.1) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }
train { batch = 32, epochs = 2 }
`;

const data = `
data watching {
  events = "events.csv"
  items = "items.csv" by movie_id
  time = "seen_at"
  columns { shelf = "string_split(shelf, '|')" }
  history = past(movie_id, 9)
  split = by_time(test: 20%)
}
`;

/** The films m12 and m13 come up in the last fifth alone; shelves have films that nobody knows. */
function files(): Record<string, string> {
  const random = makeRandom(5, 2);
  const film = (at: number): string => `m${at >= 160 ? random.integer(14) : random.integer(12)}`;
  const shelf = (): string => Array.from({ length: random.integer(4) }, () => `m${random.integer(16)}`).join('|');
  const events = Array.from({ length: 200 }, (_, at) =>
    [`u${random.integer(9)}`, film(at), 1e9 + at * 5000, shelf()].join(),
  );
  const words = ['red', 'night', 'sea', 'return', 'dog'];
  const items = Array.from(
    { length: 14 },
    (_, at) => `m${at},${words[at % 5]} ${words[(at * 3 + 1) % 5]},${['a', 'b', ''][at % 3]}`,
  );
  return {
    'events.csv': `${['user_id,movie_id,seen_at,shelf', ...events].join('\n')}\n`,
    'items.csv': `${['movie_id,title,genre', ...items].join('\n')}\n`,
  };
}

it.each(['skip', 'keep'])('a request has the columns and scores of the event, unseen: %s', async (unseen) => {
  const { events } = await expectParity(model(unseen), data, folderWith(files()));
  expect(events).toBe(40);
});

const read = async (folder: string, unseen: string) => {
  const { plan } = compileSource(makeSource('model.tower', model(unseen))).lowered!;
  const [description] = checkSource(makeSource('data.tower', data), { folder }).dataDescriptions;
  return { plan, dataset: await readDataset(description!, plan) };
};

it('keeps the films that the corpus has, those without a training event with `unseen: keep`', async () => {
  const folder = folderWith(files());
  const [skip, keep] = [await read(folder, 'skip'), await read(folder, 'keep')];
  const itemsOf = ({ dataset: { parts, corpus } }: typeof skip, feature: string): Set<string> => {
    const { column } = parts.test.features.get(feature)!;
    if (column.kind !== 'bags') return expect.fail('a list has bags');
    const found = new Set<string>();
    column.starts.forEach((start, row) => {
      for (let at = start; at < column.ends[row]!; at++) {
        const key = corpus.keys.at(column.items![at]!);
        // Codes and rows are of the same film.
        const code = valueAt(corpus.features.get('movie_id')!, column.items![at]!);
        expect(column.values[at]).toBe(code);
        found.add(`${key}`);
      }
    });
    return found;
  };
  for (const feature of ['history', 'shelf']) {
    const [without, all] = [itemsOf(skip, feature), itemsOf(keep, feature)];
    expect([...without]).not.toEqual(expect.arrayContaining(['m12']));
    expect([...all]).toEqual(expect.arrayContaining(['m12', 'm13']));
    expect([...all]).not.toEqual(expect.arrayContaining(['m14']));
  }
});

it.each(['skip', 'keep'])('an export scores as the run does, unseen: %s', async (unseen) => {
  const folder = folderWith(files());
  const { plan, dataset } = await read(folder, unseen);
  const run = join(folder, 'run');
  await trainModel({ plan, dataset, engine: plainEngine, folder: run, origin: { sources: [] }, tower: '0.0.0' });
  const trained = await load(run);
  const { tables, parameters } = trained;
  const { corpus, parts } = dataset;
  const retrieval = await makeRetrieval({ plan: trained.plan, engine: plainEngine, tables, corpus, parameters });
  const out = join(folder, 'out');
  const { serving } = await exportModel(trained, {
    folder: out,
    tower: '0.0.0',
    elements: { corpus, tables: retrieval.tables },
  });
  expect(await schemaError('serving', serving)).toBeUndefined();

  // What a service knows: texts of ids, in the order of time.
  const asked = { user_id: 'u3', history: ['m1', 'm12', 'm2', 'm99', 'm2', 'm5'], shelf: ['m14', 'm13', 'm3', 'm4'] };
  const recommender = await makeRecommender(trained, dataset, plainEngine);
  const served = structuredClone({ ...recommender.served(), notes: [] });
  expect(servedComplaint(served, trained)).toBeUndefined();
  const opened = await openRecommender(trained, { served, dataset: async () => dataset }, plainEngine);
  expect(await opened.ask({ values: asked }, { k: 5 })).toEqual(await recommender.ask({ values: asked }, { k: 5 }));
  await opened.close();
  const answer = await recommender.ask({ values: asked }, { k: corpus.rows, removeSeen: false });
  const scores = new Map(answer.items.map(({ key, score }) => [key, score]));
  expect(scores.size).toBe(14);

  const inputsOf = (tower: string, rows: readonly Readonly<Record<string, unknown>>[]) =>
    Object.fromEntries(
      serving.towers[tower]!.inputs.map((input) => {
        const encoding = JSON.parse(readFileSync(join(out, input.encoding!), 'utf8')) as Encoding;
        const width = (input.shape[1] as number | undefined) ?? 1;
        const data = rows.flatMap((row) => encoded(input, encoding, row[input.name], width));
        return [input.name, { shape: [rows.length, ...(input.shape.slice(1) as number[])], data }] as const;
      }),
    );
  const onnx = (await import('onnxruntime-node')) as unknown as typeof Onnx;
  const session = await onnx.InferenceSession.create(join(out, serving.towers.user!.files.onnx));
  const inputs = inputsOf('user', [asked]);
  const { vector } = await session.run(
    Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]) => [
        name,
        new onnx.Tensor('int32', Int32Array.from(data), shape),
      ]),
    ),
  );
  const items = retrieval.items();
  expect([...items.data].some((value) => value !== 0)).toBe(true);
  const scored = (query: ArrayLike<number>): number[] =>
    [...corpus.keys].map((_, row) =>
      Array.from({ length: 4 }, (__, i) => query[i]! * items.data[row * 4 + i]!).reduce((sum, x) => sum + x, 0),
    );
  const expectScores = (query: ArrayLike<number>): void => {
    for (const [row, score] of scored(query).entries()) {
      expect(score).toBeCloseTo(scores.get(corpus.keys.at(row)!)!, 5);
    }
  };
  expectScores(vector!.data as Float32Array);
  expectScores(await tfjsVector(join(out, serving.towers.user!.files.tfjs), inputs));
  expect(parts.test.rows).toBe(40);
  await recommender.close();
  await retrieval.close();
});

/** As serving.json says. */
function encoded(
  { gives, keeps, atMost, unseen }: ServingDescription['towers'][string]['inputs'][number],
  encoding: Encoding,
  value: unknown,
  width: number,
): number[] {
  if (encoding.kind !== 'vocabulary') return expect.fail('only ids are asked for');
  const code = (text: unknown): number => [...encoding.values].indexOf(String(text)) + 1;
  if (gives === 'code') return [code(value)];
  const codes = (value as unknown[]).map(code).filter((each) => unseen === 'keep' || each !== 0);
  const kept = keeps === 'latest' ? codes.slice(Math.max(0, codes.length - atMost!)) : codes.slice(0, atMost);
  return Array.from({ length: width }, (_, at) => kept[at] ?? -1);
}

async function tfjsVector(
  path: string,
  inputs: Readonly<Record<string, { readonly shape: readonly [number, ...number[]]; readonly data: number[] }>>,
): Promise<ArrayLike<number>> {
  const { tf, vector } = await loadExported(path);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape], 'int32')]),
  );
  return vector(feeds).data();
}
