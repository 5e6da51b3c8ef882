/** Vectors of rows whose lists are cut by length: those of the whole, however many are asked for. */
import { describe, expect, it, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { Corpus, Events } from '../../../src/data/dataset.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { Plan, TowerPlan } from '../../../src/graph/plan/plan.ts';
import { makeTable } from '../../../src/training/embedding/table.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { modelScorer } from '../../../src/training/scoring/scorer.ts';
import { type IndexedFeatures, TowerVectors } from '../../../src/training/scoring/tower_vectors.ts';
import { expectClose, planOf } from '../../compiler/library/support.ts';
import { engineOrSkip, names } from '../../engines/support.ts';
import { bags } from '../feed/fixtures.ts';
import { plainEngine } from '../plain_engine.ts';

const items = 7;
const lists = [[], [3], [1, 2, 3, 4, 5, 6, 7, 1], [2, 2, 3, 1, 5, 6, 7, 1, 4], ramp(14), ramp(15), ramp(24)];

function ramp(length: number): number[] {
  return Array.from({ length }, (_, at) => 1 + ((at * 5) % items));
}

const text = (flow: string, inputs = 'history, liked, user_id'): string => `
  model toy
  features {
    user_id : id(dim: 3)
    history : list(movie_id, max: 24, pool: none)
    stars : along(history, category(dim: 4))
    liked : list(movie_id, max: 3, pool: mean)
    movie_id : id(dim: 4)
  }
  tower user(${inputs}, stars) keyed by user_id {
    taste = ${flow}
    channel main = concat(taste, user_id, liked) -> dense(4)
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task watch { score = dot(user, item) + user.bias, loss = softmax(in_batch) }
`;

const columns: IndexedFeatures = new Map([
  ['user_id', { column: { kind: 'codes', values: Int32Array.from(lists, (_, at) => at + 1) } }],
  ['history', { column: bags(...lists) }],
  ['stars', { column: bags(...lists.map((list) => list.map((code) => code % 3))) }],
  ['liked', { column: bags(...lists.map((list) => list.slice(0, 3))) }],
]);

function optionsOf(plan: Plan) {
  const tables = new Map(
    plan.tables.map(({ name, dim }, at) => {
      const rows = 1 + lists.length;
      const table = makeTable({ name, rows, dim, optimizer: plan.train.embeddings });
      const first = new Float32Array(rows * dim);
      makeRandom(4, at).fill(first, -1, 1);
      table.load(first);
      return [name, table];
    }),
  );
  const graphs = plan.towers.map(({ embedded }) => initialValues(embedded.graph, 3));
  return { plan, engine: plainEngine, tables, parameters: Object.assign({}, ...graphs) };
}

const wholeOf = ({ parts: _, ...tower }: TowerPlan): TowerPlan => tower;

describe('a list that is cut gives the vectors of the whole', () => {
  test.each([
    'history -> gru(3)',
    'history -> positions -> transformer(layers: 1, heads: 2) -> last',
    'history -> hstu(layers: 1, heads: 2) -> last',
    'history -> flatten -> dense(3)',
    'history -> batch_norm -> mean',
    'concat(history, stars) -> bsarec(layers: 1, heads: 2) -> last',
    'attention(history, user_id)',
  ])('%s', async (flow) => {
    const plan = planOf(text(flow));
    const [tower] = plan.towers;
    expect(tower.parts?.map(({ length }) => length)).toEqual([8, 14]);
    const options = optionsOf(plan);
    const [cut, whole] = [new TowerVectors(tower, options), new TowerVectors(wholeOf(tower), options)];
    const rows = Int32Array.of(6, 0, 3, 5, 4, 2, 1, 3);
    const expected = await whole.vectorsOf(columns, rows);
    expectClose((await cut.vectorsOf(columns, rows)).data, expected.data);
    // A row by itself has the same vector: the same graph computes it.
    const alone = await cut.vectorsOf(columns, Int32Array.of(5));
    expectClose(alone.data, expected.data.subarray(3 * expected.width, 4 * expected.width));
    await cut.write(initialValues(tower.embedded.graph, 9));
    await whole.write(initialValues(tower.embedded.graph, 9));
    const later = await cut.vectorsOf(columns, rows);
    expectClose(later.data, (await whole.vectorsOf(columns, rows)).data);
    expect([...later.data]).not.toEqual([...expected.data]);
    await cut.close();
    await whole.close();
  });
});

it('does not cut a tower without a list in sequence', () => {
  const { towers } = planOf(text('liked -> flatten', 'liked, user_id').replace(', stars)', ')'));
  expect(towers.map(({ parts }) => parts)).toEqual([undefined, undefined]);
});

it('prepares the graphs that rows ask for alone', async () => {
  const plan = planOf(text('history -> mean'));
  const prepared: string[] = [];
  const engine = {
    ...plainEngine,
    prepare(...[graph, parameters]: Parameters<typeof plainEngine.prepare>) {
      prepared.push(graph.name);
      return plainEngine.prepare(graph, parameters);
    },
  };
  const vectors = new TowerVectors(plan.towers[0], { ...optionsOf(plan), engine });
  await vectors.vectorsOf(columns, Int32Array.of(1, 0));
  expect(prepared).toEqual(['toy_part_8_user']);
  await vectors.vectorsOf(columns, Int32Array.of(4, 6, 1));
  expect(prepared).toEqual(['toy_part_8_user', 'toy_part_14_user', 'toy_user']);
});

it('a model scores rows alike, expected or not', async () => {
  const plan = planOf(text('history -> gru(3)'));
  const movies = { kind: 'codes', values: Int32Array.from({ length: items }, (_, at) => at + 1) } as const;
  const corpus: Corpus = {
    rows: items,
    features: new Map([['movie_id', { column: movies }]]),
    keys: Array.from(movies.values, String),
    trainingCounts: new Int32Array(items).fill(1),
  };
  const events = { rows: lists.length, features: columns, labels: new Map() } as unknown as Events;
  const retrieval = await makeRetrieval({ ...optionsOf(plan), corpus });
  let asked = 0;
  const counting: typeof retrieval = {
    ...retrieval,
    queries(...given) {
      asked++;
      return retrieval.queries(...given);
    },
  };
  const scorer = modelScorer(counting, { plan, events, corpus });
  const [some, others] = [Int32Array.of(5, 1), Int32Array.of(6, 3)];
  const [first, second] = [await scorer.score(some), await scorer.score(others)];
  await scorer.expect!(Int32Array.of(5, 1, 6, 3));
  expect(asked).toBe(3);
  expectClose(await scorer.score(some), first);
  expectClose(await scorer.score(others), second);
  expect(asked).toBe(3);
  await scorer.score(Int32Array.of(0));
  expect(asked).toBe(4);
  await retrieval.close();
});

describe('a vector does not depend on the rows that are asked with it', () => {
  const wide = (flow: string, width: number): string => `
    model wide
    features { user_id : id(dim: 32), history : list(movie_id, max: 24, pool: none), movie_id : id(dim: 32) }
    tower user(user_id, history) keyed by user_id {
      taste = history -> mean
      asked = ${flow}
      channel main = concat(asked, taste) -> dense(${width})
    }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(${width}) }
    task watch { score = cosine(user, item), loss = softmax(in_batch) }
  `;
  /** Columns of these rows, one after the other. */
  const asked = (rows: readonly number[]): IndexedFeatures =>
    new Map([
      ['user_id', { column: { kind: 'codes', values: Int32Array.from(rows, (row) => 1 + (row % lists.length)) } }],
      ['history', { column: bags(...rows.map((row) => ramp(1 + ((7 * row) % 24)))) }],
    ]);
  const all = Array.from({ length: 64 }, (_, row) => row);

  const flows = [
    ['concat(user_id, taste) -> mlp(128, 64)', 64],
    // Neighbours begin at other places of a register.
    ['concat(user_id, taste) -> mlp(64, 64)', 50],
    ['concat(user_id, taste) -> mlp(64, 9)', 5],
    ['history -> bsarec(layers: 1, heads: 2) -> last', 64],
    ['history -> positions -> transformer(layers: 1, heads: 2) -> last', 64],
  ] as const;

  for (const name of names) {
    // Each run of `torch` is a message to another process.
    test.each(name === 'torch' ? flows.slice(0, 2) : flows)(`${name}: %s, %s wide`, async (flow, width) => {
      const engine = await engineOrSkip(name);
      if (!engine) return;
      const tower = new TowerVectors(planOf(wide(flow, width)).towers[0], {
        ...optionsOf(planOf(wide(flow, width))),
        engine,
      });
      const known = new Map<number, Float32Array>();
      for (const count of [1, 3, 7, 12, 17, 31, 50, 64]) {
        for (const first of [0, 63]) {
          const rows = all.slice(0, count).map((row) => (row + first) % 64);
          const { data } = await tower.once(asked(rows), count);
          rows.forEach((row, at) => {
            const vector = data.slice(at * width, (at + 1) * width);
            expect(vector, `row ${row} at place ${at} of ${count}`).toEqual(known.get(row) ?? vector);
            known.set(row, vector);
          });
        }
      }
      await tower.close();
    });
  }
});
