/** A model with several vectors a user, normalised batches and weighed fields: trained, ranked by the union, exported, read out. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRecommender } from '../../../src/serving/live/recommender.ts';
import { type LoadedModel, load } from '../../../src/training/artifact/load.ts';
import { exportModel } from '../../../src/training/export/export_towers.ts';
import { makeRetrieval, type Retrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { type Attention, readAttention } from '../../../src/training/scoring/scorer.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import { expectClose, planOf } from '../../compiler/library/support.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset } from '../trained.ts';

const plan = planOf(`
  model interests
  features {
    user_id  : id(dim: 8)
    history  : list(movie_id, max: 5, pool: none)
    movie_id : id(dim: 8)
    genres   : list(category(dim: 4), max: 4)
    year     : number(standardize)
  }
  group about = movie_id, genres, year
  tower user(user_id, history) keyed by user_id {
    wants = history -> multi_interest(3)
    channel main = concat(wants, user_id) -> dense(6)
    channel base = user_id -> dense(4)
  }
  tower item(about) keyed by movie_id {
    weighed = about -> senet(reduction: 2) -> flatten -> batch_norm
    channel main = weighed -> dense(6)
    channel base = weighed -> dense(4)
  }
  task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
  train { batch = 32, epochs = 2, dense = adam(rate: 0.01), embeddings = adagrad }
`);
const { corpus, parts } = dataset;
const root = temporaryFolder();
let trained: LoadedModel;
let retrieval: Retrieval;

beforeAll(async () => {
  const folder = `${root}/run`;
  const origin = { sources: [{ name: 'interests.tower', text: '' }] };
  await trainModel({ plan, dataset, engine: plainEngine, folder, origin, tower: '0.0.0' });
  trained = await load(folder);
  const { tables, parameters } = trained;
  retrieval = await makeRetrieval({ plan: trained.plan, engine: plainEngine, tables, corpus, parameters });
});

describe('retrieval of several interests', () => {
  it('scores each item by the interest that it agrees with most', async () => {
    const queries = await retrieval.queries(parts.test.features, Int32Array.of(0, 3, 5));
    expect(queries).toMatchObject({ rows: 3, width: 10, interests: 3 });
    expect(queries.data.length).toBe(3 * 3 * 10);
    const items = retrieval.items();
    const expected: number[] = [];
    let best = new Set<number>();
    for (let row = 0; row < 3; row++) {
      for (let item = 0; item < corpus.rows; item++) {
        const each = [0, 1, 2].map((interest) => {
          let sum = 0;
          for (let i = 0; i < 10; i++) sum += queries.data[(row * 3 + interest) * 10 + i]! * items.data[item * 10 + i]!;
          return sum;
        });
        expected.push(Math.max(...each));
        best = best.add(each.indexOf(Math.max(...each)));
      }
    }
    expectClose(await retrieval.scores(queries), expected, 1e-5);
    expect(best.size, 'more than one interest answers').toBeGreaterThan(1);
    // A cosine a channel, two of them.
    expect(expected.every((score) => Math.abs(score) <= 2.0001)).toBe(true);
  });

  it('answers a user with the best of the union', async () => {
    const recommender = await makeRecommender(trained, dataset, plainEngine);
    const { items } = await recommender.ask({ key: dataset.users.keys.at(0)! }, { k: 5, removeSeen: false });
    await recommender.close();
    const scores = await retrieval.scores(await retrieval.queries(dataset.users.features, Int32Array.of(0)));
    const sorted = [...scores.subarray(0, corpus.rows)].sort((a, b) => b - a);
    expectClose(
      items.map(({ score }) => score),
      sorted.slice(0, 5),
    );
  });

  it('says in serving.json how many vectors to search with', async () => {
    const { serving } = await exportModel(trained, { folder: `${root}/exported`, tower: '0.0.0' });
    expect(serving.retrieval).toMatchObject({ width: 10, interests: 3, score: 'largest inner product' });
    expect(serving.towers.user!.outputs[0]!.shape).toEqual(['batch', 3, 10]);
    expect(serving.towers.item!.outputs[0]!.shape).toEqual(['batch', 10]);
  });
});

describe('batch_norm in a trained model', () => {
  it('kept running means that followed the batches, and serves with them', () => {
    const { graph } = trained.plan.towers[1].embedded;
    const name = 'item/weighed/batch_norm/running_variance';
    expect(graph.parameters.map((parameter) => parameter.name)).toContain(name);
    expect(graph.updates).toEqual([]);
    expect([...trained.parameters[name]!.data].every((value) => value !== 1 && value > 0)).toBe(true);
  });
});

describe('attention', () => {
  let found: readonly Attention[];
  beforeAll(async () => {
    found = await readAttention(trained, dataset, plainEngine);
  });

  it('is one number for each field of each senet, within the reach of a sigmoid', () => {
    expect(found.map(({ tower, block, over }) => [tower, block, over])).toEqual([
      ['item', 'item/weighed/senet', `${corpus.rows} items of the corpus`],
    ]);
    const [{ fields }] = found as [Attention];
    expect(fields.map(({ name }) => name)).toEqual(['movie_id', 'genres', 'year']);
    for (const { mean, deviation } of fields) {
      expect(mean > 0 && mean < 1).toBe(true);
      expect(deviation >= 0 && deviation < 0.5).toBe(true);
    }
  });

  it('is what squeeze and excitation give for each item', async () => {
    const reduce = trained.parameters['item/weighed/senet/reduce']!.data;
    const expand = trained.parameters['item/weighed/senet/expand']!.data;
    // Three fields, one hidden unit.
    const table = trained.tables.get('movie_id')!;
    const genreTable = trained.tables.get('genres')!;
    const average = (values: ArrayLike<number>): number =>
      Array.from(values).reduce((a, b) => a + b, 0) / values.length;
    const column = (name: string) => corpus.features.get(name)!;
    const sums = [0, 0, 0];
    for (let item = 0; item < corpus.rows; item++) {
      const at = (name: string): number => column(name).index?.[item] ?? item;
      const movie = column('movie_id').column;
      const genres = column('genres').column;
      const year = column('year').column;
      if (movie.kind !== 'codes' || genres.kind !== 'bags' || year.kind !== 'numbers') expect.fail('other columns');
      const code = movie.values[at('movie_id')]!;
      const bag = genres.values.subarray(genres.starts[at('genres')]!, genres.ends[at('genres')]!);
      const pooled = [0, 1, 2, 3].map(
        (i) => bag.reduce((sum, genre) => sum + genreTable.values()[genre * 4 + i]!, 0) / Math.max(1, bag.length),
      );
      const squeezed = [
        average(table.values().subarray(code * 8, code * 8 + 8)),
        average(pooled),
        year.values[at('year')]!,
      ];
      const hidden = Math.max(
        0,
        squeezed.reduce((sum, value, i) => sum + value * reduce[i]!, 0),
      );
      for (let i = 0; i < 3; i++) sums[i]! += 1 / (1 + Math.exp(-hidden * expand[i]!));
    }
    expectClose(
      found[0]!.fields.map(({ mean }) => mean),
      sums.map((sum) => sum / corpus.rows),
      1e-5,
    );
  });
});
