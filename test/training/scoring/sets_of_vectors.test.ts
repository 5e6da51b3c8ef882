/** A model whose items have several vectors each: trained, ranked over the whole corpus, served with filters and written items, exported. */
import { beforeAll, describe, expect, it } from 'vitest';
import { indexItems } from '../../../src/app/api/index_items.ts';
import { open } from '../../../src/app/api/serve.ts';
import { servedComplaint } from '../../../src/retrieval/check_servable.ts';
import { makeSetScan } from '../../../src/retrieval/scan/set_scan.ts';
import { makeLiveItems } from '../../../src/serving/live/live_items.ts';
import { makeRecommender, openRecommender } from '../../../src/serving/live/recommender.ts';
import { type LoadedModel, load } from '../../../src/training/artifact/load.ts';
import { exportModel } from '../../../src/training/export/export_towers.ts';
import { makeRetrieval, type Retrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import { expectClose, planOf } from '../../compiler/library/support.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset } from '../trained.ts';

/** @param loss of items of the batch, or of drawn ones */
const planWith = (loss: string) =>
  planOf(`
  model sets
  features {
    user_id  : id(dim: 0)
    history  : list(movie_id, max: 5, pool: none)
    movie_id : id(dim: 8)
    genres   : list(category(dim: 8), max: 4, pool: none)
  }
  shared block encode = dense(6) -> normalize
  tower user(history) keyed by user_id { channel tokens = history -> encode }
  tower item(genres) keyed by movie_id { channel tokens = genres -> encode }
  task watch { score = max_sim(user, item), loss = ${loss} }
  train { batch = 32, epochs = 2, dense = adam(rate: 0.01) }
`);
const { corpus, parts } = dataset;
const root = temporaryFolder();
let trained: LoadedModel;
let retrieval: Retrieval;

async function train(name: string, loss: string): Promise<LoadedModel> {
  const folder = `${root}/${name}`;
  const origin = { sources: [{ name: 'sets.tower', text: '' }] };
  await trainModel({ plan: planWith(loss), dataset, engine: plainEngine, folder, origin, tower: '0.0.0' });
  return load(folder);
}

beforeAll(async () => {
  trained = await train('run', 'softmax(in_batch, temperature: 0.1)');
  const { tables, parameters, plan } = trained;
  retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
});

/** Σ over the vectors of the query of the largest inner product with a vector that the item has; 0 where it has none. */
function byHand(query: readonly ArrayLike<number>[], item: number): number {
  const { data, interests: perItem, width } = retrieval.items();
  let sum = 0;
  for (const vector of query) {
    const products = Array.from({ length: perItem! }, (_, index) => {
      const own = data.subarray((item * perItem! + index) * width, (item * perItem! + index + 1) * width);
      return own[width - 1] === 1 ? own.reduce((total, number, at) => total + number * vector[at]!, 0) : undefined;
    }).filter((product) => product !== undefined);
    if (products.length > 0) sum += Math.max(...products);
  }
  return sum;
}

describe('scores of sets', () => {
  it('train with drawn negatives too', async () => {
    const { manifest } = await train('drawn', 'softmax(negatives: sampled(4), temperature: 0.1)');
    expect(manifest.training).toMatchObject({ status: 'epochs', epochs: 2 });
  });

  it('are sums over the query of the best of each item', async () => {
    const queries = await retrieval.queries(parts.test.features, Int32Array.of(0, 3, 5));
    expect(queries).toMatchObject({ rows: 3, width: 7, interests: 5 });
    const items = retrieval.items();
    expect(items).toMatchObject({ width: 7, interests: 4 });
    const flags = Array.from({ length: items.rows * 4 }, (_, index) => items.data[index * 7 + 6]!);
    expect(new Set(flags), 'items have different numbers of vectors').toEqual(new Set([0, 1]));
    const vectors = (row: number) => [0, 1, 2, 3, 4].map((at) => queries.data.subarray((row * 5 + at) * 7).slice(0, 7));
    const expected = [0, 1, 2].flatMap((row) =>
      Array.from({ length: items.rows }, (_, item) => byHand(vectors(row), item)),
    );
    expectClose(await retrieval.scores(queries), expected, 1e-5);
    const between = await retrieval.scoresBetween(queries, 4, 9);
    expectClose(
      between,
      [0, 1, 2].flatMap((row) => expected.slice(row * items.rows + 4, row * items.rows + 9)),
      1e-5,
    );
  });

  it('answer from the snapshot, and again from its cache', async () => {
    const recommender = await makeRecommender(trained, dataset, plainEngine);
    const query = { key: dataset.users.keys.at(0)! };
    const { items } = await recommender.ask(query, { k: 5, removeSeen: false });
    const vectors = await recommender.vectors(query);
    const best = Array.from({ length: corpus.rows }, (_, item) => byHand(vectors, item)).sort((a, b) => b - a);
    expectClose(
      items.map(({ score }) => score),
      best.slice(0, 5),
      1e-6,
    );
    const served = recommender.served();
    // The vectors are checked first, and the data has a feature that the model lacks.
    expect(servedComplaint({ ...served, notes: [] }, trained)).toBe('feature "year" does not fit');
    const again = await openRecommender(trained, { served, dataset: async () => dataset }, plainEngine);
    expect((await again.ask(query, { k: 5, removeSeen: false })).items).toEqual(items);
    await expect(recommender.ask(query, { k: 5, diversity: 0.5 })).rejects.toThrow('by one vector');
    await expect(recommender.ask({ values: {} }, { k: 5, average: [] })).rejects.toThrow('one vector of each user');
    await again.close();
    await recommender.close();
  });

  it('say in serving.json how many vectors an item has', async () => {
    const { serving } = await exportModel(trained, { folder: `${root}/exported`, tower: '0.0.0' });
    const score = 'sum of largest inner products';
    expect(serving.retrieval).toMatchObject({ width: 7, interests: 5, itemVectors: 4, score });
    expect(serving.towers.item!.outputs[0]!.shape).toEqual(['batch', 4, 7]);
  });

  it('refuse an index', async () => {
    const reason = 'model `sets` has several vectors of an item';
    await expect(indexItems({ trained } as never)).rejects.toThrow(reason);
    await expect(open({ trained } as never, { index: `${root}/index` })).rejects.toThrow(reason);
  });
});

describe('written items', () => {
  const perItem = 2;
  const set = (...numbers: number[]) => Float32Array.from(numbers);
  // Two vectors; one; none.
  const data = set(1, 0, 1, 0, 1, 1, /* */ -1, -1, 1, 0, 0, 0, /* */ 0, 0, 0, 0, 0, 0);
  const scan = makeSetScan({ data, rows: 3, width: 3, perItem });
  const query = [Float64Array.of(1, 0, 0), Float64Array.of(0, 2, 0), Float64Array.of(0, 0, 0)];

  it('rank among the others, alike with and without vectors that a query lacks', async () => {
    expect([0, 1, 2].map((row) => scan.score(query, row))).toEqual([3, -3, 0]);
    const [ranked] = scan.top([{ vectors: query, k: 3 }]);
    expect([...ranked!.rows]).toEqual([0, 2, 1]);
    expect([...ranked!.scores]).toEqual([3, 0, -3]);
    const recommender = await makeRecommender(trained, dataset, plainEngine);
    const { snapshot } = recommender;
    const live = makeLiveItems(snapshot);
    const [first] = snapshot.sets!.queryOf(0);
    const vector = new Float32Array(28);
    vector.set([...first!.subarray(0, 6).map((number) => 2 * number), 1]);
    live.apply([{ put: { key: 'new', vector, values: new Map() } }, { delete: snapshot.keyAt(0) }]);
    const [answer] = live.snapshot.top([{ vectors: [first!], k: 2 }]);
    expect(answer!.items[0]).toMatchObject({ key: 'new' });
    expect(answer!.items[0]!.score).toBeCloseTo(2, 5);
    expect(answer!.candidates).toBe(corpus.rows);
    expect(live.snapshot.sets!.queryOf(live.snapshot.itemRow('new'))).toHaveLength(1);
    await recommender.close();
  });
});
