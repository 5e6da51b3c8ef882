/** Lists that go through the item tower, in a step of training: against PyTorch, against differences, against the shared table. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import type { Events, IndexedColumn } from '../../../src/data/dataset.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import type { NamedTensors } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { engineOrSkip, expectEngineToAgree, names } from '../../engines/support.ts';
import fc from '../../fast_check.ts';
import { bags } from '../../training/feed/fixtures.ts';
import { expectClose, floats, planOf } from '../library/support.ts';
import { type Given, makeRun, moved, type Numbers } from './tables_at_work.ts';

const codes = (values: Numbers): IndexedColumn => ({ column: { kind: 'codes', values: Int32Array.from(values) } });

/** Codes of items are one more than their rows of the corpus. */
function listed(lists: readonly Numbers[]): IndexedColumn {
  const column = bags(...lists);
  return { column: { ...column, items: column.values.map((code) => code - 1) } };
}

interface Toy {
  readonly movie_id: Numbers;
  readonly history: readonly Numbers[];
  readonly recent: readonly Numbers[];
  /** Of items. */
  readonly tags: readonly Numbers[];
  readonly click: Numbers;
}

function givenBy(toy: Toy, first: Given['first']): Given {
  const items: readonly (readonly [string, IndexedColumn])[] = [
    ['movie_id', codes(toy.tags.map((_, at) => at + 1))],
    ['tags', { column: bags(...toy.tags) }],
  ];
  const index = Int32Array.from(toy.movie_id, (code) => code - 1);
  const events: Events = {
    rows: toy.movie_id.length,
    features: new Map<string, IndexedColumn>([
      ['history', listed(toy.history)],
      ['recent', listed(toy.recent)],
      ...items.map(([name, { column }]): [string, IndexedColumn] => [name, { column, index }]),
    ]),
    labels: new Map([['click', Float32Array.from(toy.click)]]),
    item: index,
    user: new Int32Array(toy.movie_id.length),
  };
  const corpus = {
    rows: toy.tags.length,
    features: new Map(items),
    keys: toy.tags.map((_, at) => `m${at}`),
    trainingCounts: new Int32Array(toy.tags.length).fill(1),
  };
  return { events, corpus, first };
}

const rates = 'dense = sgd(rate: 1), embeddings = sgd(rate: 1)';

const rich = ({
  max = 5,
  batch = 8,
  item = 'film -> flatten -> dense(4, tanh)',
  user = '',
  more = '',
} = {}): string => `
  model rich
  features {
    history  : list(movie_id, max: ${max}, pool: none, through: item)
    recent   : list(movie_id, max: 4, pool: sum, through: item)
    movie_id : id(dim: 3)
    tags     : list(category(dim: 2), max: 3)
  }
  labels { click: binary }
  group film = movie_id, tags
  tower user(history, recent) {
    ${user || 'seen = history -> dense(3, tanh) -> mean'}
    channel main = concat(seen, recent) -> dense(4)
  }
  tower item(film) keyed by movie_id { channel main = ${item} }
  task click { score = dot(user, item), loss = bce, label = click }
  train { batch = ${batch}, ${rates} ${more} }
`;

describe('lists of items against PyTorch', () => {
  const fixture = JSON.parse(readFileSync('test/fixtures/through.json', 'utf8')) as Toy & {
    readonly first: Readonly<Record<string, number[] | number[][]>>;
    readonly gradients: Readonly<Record<string, number[] | number[][]>>;
    readonly loss: number;
  };
  const given = givenBy(fixture, (table) => fixture.first[table] as number[][]);
  const begin = (plan: Plan): NamedTensors => ({
    ...initialValues(plan.step.graph, 1),
    ...Object.fromEntries(
      Object.entries(fixture.first)
        .filter(([name]) => name.includes('/'))
        .map(([name, values]) => {
          const shape = Array.isArray(values[0]) ? [values.length, values[0].length] : [values.length];
          return [name, floats(shape, values.flat())];
        }),
    ),
  });

  // A list of 300 places is long enough for a batch to be cut by length.
  test.each([5, 300])('of up to %i elements', (max) => {
    const plan = planOf(rich({ max }));
    expect(plan.step.inputs.some(({ source }) => source.from === 'part_places')).toBe(max === 300);
    const { outputs, gradients } = moved(plan, given, begin(plan));
    expectClose(outputs.loss!.data, [fixture.loss], 1e-6);
    expect([...gradients.keys()].sort()).toEqual(Object.keys(fixture.gradients).sort());
    for (const [name, expected] of Object.entries(fixture.gradients)) {
      expectClose(gradients.get(name)!, expected.flat(), 2e-6);
    }
  });

  test('each item of the lists goes through the tower once', () => {
    const plan = planOf(rich());
    const run = makeRun(plan, given, begin(plan));
    const inputs = run.inputs(1);
    // Five items, and rows that fill up to 64.
    expect(inputs['elements/movie_id']!.shape).toEqual([64, 3]);
    expect(Math.max(...inputs['history/places']!.data)).toBe(4);
    expect(inputs['history/places']!.shape).toEqual([6, 5]);
  });
});

/** Few items, so that they come up again. */
function randomToy(seed: number): Given {
  const draw = makeRandom(seed, 7);
  const [items, rows] = [2 + draw.integer(5), 2 + draw.integer(9)];
  const some = (most: number, longest: number): number[] =>
    Array.from({ length: draw.integer(longest + 1) }, () => 1 + draw.integer(most));
  const each = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  const known = new Map<string, readonly Numbers[]>();
  return givenBy(
    {
      movie_id: each(rows, () => 1 + draw.integer(items)),
      history: each(rows, () => some(items, 5)),
      recent: each(rows, () => some(items, 4)),
      tags: each(items, () => some(3, 3)),
      click: each(rows, () => draw.integer(2)),
    },
    (table, dim) => {
      const length = 1 + (table === 'tags' ? 3 : items);
      const first = known.get(table) ?? each(length, () => each(dim, () => draw.next() - 0.5));
      known.set(table, first);
      return first;
    },
  );
}

describe('the gradient of a step', () => {
  const lossOf = (plan: Plan, given: Given, parameters: NamedTensors): number =>
    makeRun(plan, given, parameters).step(1).loss!.data[0]!;

  test.each([
    ['as it is', rich()],
    ['of lists that are cut by length', rich({ max: 300 })],
    ['with a norm', rich({ item: 'film -> flatten -> dense(4) -> layer_norm' })],
    [
      'with attention',
      rich({ user: 'seen = history -> positions -> transformer(layers: 1, heads: 2, activation: gelu) -> last' }),
    ],
  ])('is that of small differences: %s', (_, text) => {
    const plan = planOf(text);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const given = randomToy(seed);
        const parameters = initialValues(plan.step.graph, seed);
        const { gradients } = moved(plan, given, parameters);
        const step = 1 / 1024;
        const draw = makeRandom(seed, 8);
        for (const [name, gradient] of gradients) {
          const at = draw.integer(gradient.length);
          const shifted = (by: number): number => {
            if (name in parameters) {
              const { shape, data } = parameters[name]!;
              const values = [...data].map((value, i) => (i === at ? value + by : value));
              return lossOf(plan, given, { ...parameters, [name]: floats(shape, values) });
            }
            const first: Given['first'] = (table, dim) => {
              const rows = given.first(table, dim);
              if (table !== name) return rows;
              return rows.map((row, r) => row.map((value, i) => (r * dim + i === at ? value + by : value)));
            };
            return lossOf(plan, { ...given, first }, parameters);
          };
          const difference = (shifted(step) - shifted(-step)) / (2 * step);
          expect(Math.abs(difference - gradient[at]!), `${name}[${at}] of seed ${seed}`).toBeLessThan(4e-3);
        }
      }),
      { numRuns: 2 },
    );
  });
});

const plain = (
  through: string,
  more: Partial<Record<'pool' | 'user' | 'loss' | 'train' | 'id', string>> = {},
): string => `
  model plain
  features {
    history  : list(movie_id, max: 5, pool: ${more.pool ?? 'none'}${through})
    movie_id : id(dim: 4${more.id ?? ''})
  }
  labels { click: binary }
  tower user(history) { channel main = ${more.user ?? 'history -> dense(5, tanh) -> mean -> dense(4)'} }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task click { score = dot(user, item), loss = ${more.loss ?? 'bce, label = click'} }
  train { batch = 8, ${more.train ?? rates} }
`;

describe('a tower of the id alone trains as the shared table does', () => {
  test.each([
    ['a sequence', {}],
    ['a mean', { pool: 'mean', user: 'history -> flatten -> dense(4)' }],
    ['a sum', { pool: 'sum', user: 'history -> flatten -> dense(4)' }],
    ['a softmax over the batch', { loss: 'softmax(in_batch, temperature: 0.5)' }],
    ['a softmax over all items', { loss: 'softmax(all)' }],
    ['drawn negatives', { loss: 'softmax(sampled(5), temperature: 0.5)' }],
    ['hits of the history', { loss: 'softmax(in_batch, temperature: 0.5, mask: history)' }],
    ['adam', { train: 'dense = adam(rate: 0.05), embeddings = adam(rate: 0.05)' }],
    ['decay', { train: 'dense = adamw(rate: 0.05), embeddings = adamw(rate: 0.05, weight_decay: 0.1)' }],
    ['a cut of the gradient', { train: `${rates}, clip = 0.1` }],
  ])('%s', (_, more) => {
    for (const seed of [1, 2]) {
      const given = randomToy(seed);
      const [shared, through] = ['', ', through: item'].map((text) => {
        const plan = planOf(plain(text, more));
        const run = makeRun(plan, given, initialValues(plan.step.graph, 2));
        const losses = [1, 2, 3].map((step) => run.step(step).loss!.data[0]!);
        return { losses, values: run.values() };
      });
      expectClose(through!.losses, shared!.losses, 1e-5);
      for (const [name, values] of shared!.values) expectClose(through!.values.get(name)!, values, 2e-5);
    }
  });
});

describe('what the item tower has', () => {
  test('ids that are dropped are dropped for each item of the lists, apart from the candidates', () => {
    const plan = planOf(plain(', through: item', { id: ', drop: 50%' }));
    const given = randomToy(4);
    const run = makeRun(plan, given, initialValues(plan.step.graph, 2));
    const unknown = given.first('movie_id', 4)[0]!;
    const rows = (number: number): number[][] => {
      const { data } = run.inputs(number)['elements/movie_id']!;
      return Array.from({ length: data.length / 4 }, (_, at) => [...data.slice(4 * at, 4 * at + 4)]);
    };
    const dropped = (row: readonly number[]): boolean =>
      row.every((value, at) => Math.abs(value - unknown[at]!) < 1e-6);
    const share = [1, 2, 3].flatMap(rows).filter(dropped).length / (3 * 64);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
    expect(rows(2)).toEqual(rows(2));
    expect(rows(2)).not.toEqual(rows(3));
  });

  test('noise is drawn for each item of the lists, and for candidates by itself', () => {
    const { step, towers } = planOf(rich({ item: 'film -> flatten -> dropout(0.5) -> dense(4)' }));
    const noise = step.inputs.flatMap(({ name, source }) =>
      source.from === 'noise' ? [[name, source.rows?.kind]] : [],
    );
    expect(noise.map(([, kind]) => kind).sort()).toEqual(['elements', undefined].sort());
    expect(JSON.stringify(towers)).not.toContain('noise');
  });

  test('statistics of a batch are of as many rows as there are items in the lists', () => {
    const plan = planOf(rich({ item: 'film -> flatten -> dense(4) -> batch_norm' }));
    const given = randomToy(5);
    const run = makeRun(plan, given, initialValues(plan.step.graph, 2));
    const { history, recent } = Object.fromEntries(given.events.features);
    const items = [history!, recent!].flatMap(({ column }) => (column.kind === 'bags' ? [...column.items!] : []));
    expect(run.inputs(1)['elements/movie_id']!.shape[0]).toBe(new Set(items).size);
    // What is kept is of the candidates.
    expect(
      plan.step.graph.updates.filter(({ parameter }) => /running|mean|variance/.test(`${parameter}`)).length,
    ).toBeLessThanOrEqual(2);
  });

  test('frozen rows get no gradient', () => {
    const text = rich().replace('id(dim: 3)', 'id(dim: 3, init: "v.npy", keys: "k.txt", frozen)');
    const { step } = planOf(text);
    const outputs = step.graph.outputs.map(({ name }) => name);
    expect(outputs).toContain('gradient:elements/tags');
    expect(outputs).not.toContain('gradient:elements/movie_id');
  });

  test('a channel may be there for lists alone, and has weights', () => {
    const two = rich()
      .replaceAll('through: item)', 'through: item.seen)')
      .replace('{ channel main = film', '{ channel seen = film -> flatten -> dense(6) channel main = film')
      .replace('dot(user, item)', 'dot(user.main, item.main)');
    const { diagnostics, lowered } = compileSource(makeSource('m.tower', two));
    expect(diagnostics.map(({ code }) => code)).toEqual([]);
    const { plan } = lowered!;
    expect(plan.features.find(({ name }) => name === 'history')).toMatchObject({
      through: { tower: 'item', channel: 'seen' },
      width: 6,
    });
    expect(plan.step.graph.parameters.map(({ name }) => name)).toContain('item/seen/dense/weights');
    expect(plan.towers[1].embedded.graph.outputs.map(({ name }) => name)).toEqual(['vector', 'element:seen']);
  });

  test('may be of a key that has no table', () => {
    const text = rich().replace('id(dim: 3)', 'id(dim: 0)').replace('group film = movie_id, tags', 'group film = tags');
    const plan = planOf(text);
    expect(plan.tables.map(({ name }) => name)).toEqual(['tags']);
    const { gradients } = moved(plan, randomToy(3), initialValues(plan.step.graph, 1));
    expect(gradients.get('tags')!.some((value) => value !== 0)).toBe(true);
  });
});

describe.each(names)('the engine %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  test.each([5, 300])('takes the same steps, with lists of up to %i', async (max) => {
    if (!engine) return;
    const plan = planOf(rich({ max }));
    const given = randomToy(6);
    const parameters = initialValues(plan.step.graph, 2);
    await expectEngineToAgree(engine, plan.step.graph, makeRun(plan, given, parameters).inputs(1), parameters, 2);
  });
});
