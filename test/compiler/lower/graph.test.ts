/** `graph` of `train`: the steps of LightGCN as PyTorch takes them, and what a model with a graph must be. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { initialValues } from '../../../src/graph/initial.ts';
import { expectClose, planOf } from '../library/support.ts';
import { checkText, found } from '../model/check_text.ts';
import { makeRun } from './tables_at_work.ts';

type Rows = readonly (readonly number[])[];

const fixture = JSON.parse(readFileSync('test/fixtures/lightgcn.json', 'utf8')) as {
  readonly events: readonly [number, number][];
  readonly clicks: readonly number[];
  readonly first: [Rows, Rows];
  readonly cases: Cases;
  /** The items are frozen. */
  readonly frozen: Cases;
};
type Cases = Readonly<
  Record<string, Readonly<Record<string, { losses: readonly number[]; last: [Rows, Rows]; read: [Rows, Rows] }>>>
>;

const text = (train: string, features = 'user_id : id(dim: 5), movie_id : id(dim: 5)'): string => `
  model any
  features { ${features} }
  labels { click: binary }
  tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task click { score = dot(user, item), loss = bce, label = click }
  train { batch = 16, epochs = 1, ${train} }`;

const { events, clicks, first } = fixture;
const codes = (at: 0 | 1) => ({
  column: { kind: 'codes' as const, values: Int32Array.from(events, (each) => each[at]) },
});
const given = {
  events: {
    rows: events.length,
    features: new Map([
      ['user_id', codes(0)],
      ['movie_id', codes(1)],
    ]),
    labels: new Map([['click', Float32Array.from(clicks)]]),
    item: Int32Array.from(events, ([, item]) => item - 1),
    user: Int32Array.from(events, ([user]) => user - 1),
  },
  corpus: { rows: 5, features: new Map(), keys: ['a', 'b', 'c', 'd', 'e'], trainingCounts: new Int32Array(5).fill(1) },
  first: (table: string) => first[table === 'user_id' ? 0 : 1],
};

const frozenItems = 'user_id : id(dim: 5), movie_id : id(dim: 5, init: "v.npy", keys: "k.txt", frozen)';

describe.each([
  ...Object.entries(fixture.cases).map(([optimizer, byLayers]) => ({ optimizer, byLayers, features: undefined })),
  ...Object.entries(fixture.frozen).map(([optimizer, byLayers]) => ({ optimizer, byLayers, features: frozenItems })),
])('$optimizer, $features', ({ optimizer, byLayers, features }) => {
  test.each(Object.entries(byLayers))('the steps that PyTorch takes, %s layers', (layers, { losses, last, read }) => {
    const plan = planOf(text(`embeddings = ${optimizer}, graph = lightgcn(layers: ${layers})`, features));
    const run = makeRun(plan, given, initialValues(plan.step.graph, 1));
    losses.forEach((loss, at) => {
      expectClose([run.step(at + 1).loss!.data[0]!], [loss], 2e-6);
    });
    ['user_id', 'movie_id'].forEach((name, at) => {
      expectClose(run.values().get(name)!, last[at]!.flat(), 5e-6);
      expectClose(run.shown(name), read[at]!.flat(), 5e-6);
    });
  });
});

test('the plan names the tables of both keys; the graphs of steps and towers stay as they are', () => {
  const [plain, own] = [planOf(text('seed = 2')), planOf(text('seed = 2, graph = lightgcn'))];
  expect(own.train.graph).toEqual({ layers: 2, tables: ['user_id', 'movie_id'] });
  expect(own.step).toEqual(plain.step);
  expect(own.towers).toEqual(plain.towers);
});

describe('what is wrong', () => {
  test.each([
    ['graph = lightgcn(layers: 0)', undefined, ['out-of-range: 0']],
    ['graph = lightgcn(3)', undefined, ['too-many-arguments: 3']],
    ['graph = gcn', undefined, ['unknown-kind: gcn']],
    ['graph = lightgcn, clip = 1', undefined, ['arguments-conflict: lightgcn']],
    ['graph = lightgcn', 'user_id : id(dim: 5), movie_id : id(dim: 4)', ['arguments-conflict: lightgcn']],
    ['graph = lightgcn, seed = 2', undefined, []],
  ] as const)('%s', (train, features, codes) => {
    const errors = found(checkText(text(train, features))).filter((each) => !each.startsWith('width'));
    expect(errors).toEqual(expect.arrayContaining([...codes]));
    if (codes.length === 0) expect(errors).toEqual([]);
  });

  test('a tower without a key, or whose key has no table', () => {
    const keyless = text('graph = lightgcn').replace('user(user_id) keyed by user_id', 'user(user_id)');
    expect(found(checkText(keyless))).toContain('arguments-conflict: lightgcn');
    const history = text(
      'graph = lightgcn',
      'user_id : id(dim: 0), history : list(movie_id, max: 3), movie_id : id(dim: 5)',
    )
      .replace('user(user_id)', 'user(history)')
      .replace('channel main = user_id', 'channel main = history');
    const { diagnostics } = checkText(history);
    expect(diagnostics.map(({ message }) => message).join()).toContain('reads its key');
  });
});
