/** A step at work by itself over tables of the host, and batches of which some rows are looked up several times. */

import { makeRandom } from '../../../src/base/random/random.ts';
import { withDefaults } from '../../../src/base/util/objects.ts';
import type { Corpus, Events, IndexedColumn } from '../../../src/data/dataset.ts';
import { evaluateGraph, type NamedTensors } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { Propagation } from '../../../src/training/embedding/propagation.ts';
import { makeTable, type Table } from '../../../src/training/embedding/table.ts';
import { makeFeeder } from '../../../src/training/feed/feeder.ts';
import { connectGraph } from '../../../src/training/training_step.ts';
import { bags } from '../../training/feed/fixtures.ts';
import { floats } from '../library/support.ts';

export type Numbers = readonly number[];

export interface Given {
  readonly events: Events;
  readonly corpus: Corpus;
  /** First values of a table, rows of numbers. */
  readonly first: (table: string, dim: number) => readonly Numbers[];
}

const codes = (values: Numbers): IndexedColumn => ({ column: { kind: 'codes', values: Int32Array.from(values) } });
const bagColumn = (lists: readonly Numbers[]): IndexedColumn => ({ column: bags(...lists) });

/** A plan at work by itself, at a rate of 1 for all where the plan says so. */
export function makeRun(plan: Plan, { events, corpus, first }: Given, parameters: NamedTensors) {
  const graph = plan.train.graph && new Propagation(plan.train.graph.layers);
  const tables = new Map<string, Table>(
    plan.tables.map(({ name, dim, overrides, frozen = false }) => {
      const values = first(name, dim);
      const optimizer = withDefaults(plan.train.embeddings, overrides);
      const ownRate = overrides?.rate !== undefined;
      const table = makeTable({ name, rows: values.length, dim, optimizer, ownRate, frozen }, graph);
      table.load(Float32Array.from(values.flat()));
      return [name, table];
    }),
  );
  connectGraph(plan, tables, events);
  const feeder = makeFeeder({
    plan: plan.step,
    events,
    corpus,
    features: plan.features,
    tables,
    seed: 3,
    batch: events.rows,
  });
  const rows = Int32Array.from({ length: events.rows }, (_, row) => row);
  let held = parameters;
  return {
    inputs: (number: number): NamedTensors => feeder.inputs(rows, number, { rate: plan.train.dense.rate }),
    step(number: number): NamedTensors {
      const inputs = feeder.inputs(rows, number, { rate: plan.train.dense.rate });
      const { outputs, parameters: next } = evaluateGraph(plan.step.graph, inputs, held);
      held = next;
      feeder.apply(outputs);
      return outputs;
    },
    shown: (table: string): Numbers => [...tables.get(table)!.shownValues()],
    values: (): ReadonlyMap<string, Numbers> =>
      new Map([
        ...[...tables].map(([name, table]): [string, Numbers] => [name, [...table.values()]]),
        ...plan.step.graph.parameters
          .filter(({ trainable }) => trainable)
          .map(({ name }): [string, Numbers] => [name, [...held[name]!.data]]),
      ]),
  };
}

const corpusOf = (items: number, columns: ReadonlyMap<string, IndexedColumn>): Corpus => ({
  rows: items,
  features: columns,
  keys: Array.from({ length: items }, (_, item) => `${item}`),
  trainingCounts: new Int32Array(items).fill(1),
});

/** Of a fixture of PyTorch: columns by feature, and first values by table and layer. */
export type Data = Readonly<Record<'user_id' | 'movie_id' | 'last' | 'tag' | 'click' | 'like', number[]>> & {
  readonly history: number[][];
  readonly tags: number[][];
  readonly first: Readonly<Record<string, number[][]>>;
};

/** The towers of `profile` in the fixtures: the item table by three features. */
export const profile = `
      features {
        user_id : id(dim: 4)
        history : list(movie_id, max: 5)
        last : like(movie_id)
        tags : list(category(dim: 4), max: 3, pool: sum)
        movie_id : id(dim: 4)
      }
      group profile = user_id, history, last, tags
      tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(4) }
      tower item(movie_id) keyed by movie_id {
        channel click = movie_id -> flatten -> dense(4)
        channel like = movie_id -> flatten -> dense(4)
      }
      task click { score = dot(user.main, item.click), loss = bce, label = click }
      task like { score = dot(user.main, item.like), loss = bce, label = like }
      retrieve = click`;

const parameterOf: Readonly<Record<string, string>> = {
  'user/dense': 'user/main/dense/weights',
  'item/click': 'item/click/dense/weights',
  'item/like': 'item/like/dense/weights',
  'user/bias': 'user/main/dense/bias',
  'click/bias': 'item/click/dense/bias',
  'like/bias': 'item/like/dense/bias',
};

export function givenBy(name: string, data: Data): Given {
  const events: Events = {
    rows: data.user_id.length,
    features: new Map([
      ['user_id', codes(data.user_id)],
      ['movie_id', codes(data.movie_id)],
      ['last', codes(data.last)],
      ['history', bagColumn(data.history)],
      ['tags', name === 'apart' ? codes(data.tag) : bagColumn(data.tags)],
    ]),
    labels: new Map((['click', 'like'] as const).map((label) => [label, Float32Array.from(data[label])])),
    item: Int32Array.from(data.movie_id, (code) => code - 1),
    user: Int32Array.from(data.user_id, (code) => code - 1),
  };
  return { events, corpus: corpusOf(data.first.movie_id!.length - 1, new Map()), first: (table) => data.first[table]! };
}

/** What the plan calls a value of the fixture. */
export const nameOf = (key: string): string => parameterOf[key] ?? key;

/** Weights as the fixture begins. */
export function firstWeights(plan: Plan, data: Data): NamedTensors {
  const known = Object.fromEntries(
    Object.entries(parameterOf).map(([key, parameter]) => {
      const values = data.first[key]!.flat();
      return [parameter, floats(key.endsWith('bias') ? [4] : [values.length / 4, 4], values)];
    }),
  );
  return { ...initialValues(plan.step.graph, 1), ...known };
}

/** A batch over few users and items, so that rows are looked up again. */
export function randomBatch(seed: number): Given {
  const draw = makeRandom(seed, 5);
  const [users, items, tags, rows] = [1 + draw.integer(4), 2 + draw.integer(5), 3, 2 + draw.integer(15)];
  const some = (most: number, longest: number): number[] =>
    Array.from({ length: draw.integer(longest + 1) }, () => 1 + draw.integer(most));
  const each = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
  const item = each(rows, () => draw.integer(items));
  const ofItem: readonly [string, IndexedColumn][] = [
    ['movie_id', codes(each(items, () => 0).map((_, at) => at + 1))],
    ['tags', bagColumn(each(items, () => some(tags, 3)))],
  ];
  const index = Int32Array.from(item);
  const first = new Map<string, readonly Numbers[]>();
  return {
    events: {
      rows,
      features: new Map<string, IndexedColumn>([
        ['user_id', codes(each(rows, () => 1 + draw.integer(users)))],
        ['history', bagColumn(each(rows, () => some(items, 4)))],
        ['recent', bagColumn(each(rows, () => some(items, 3)))],
        ['last', codes(each(rows, () => 1 + draw.integer(items)))],
        ...ofItem.map(([name, { column }]): [string, IndexedColumn] => [name, { column, index }]),
      ]),
      labels: new Map(['click', 'like'].map((name) => [name, Float32Array.from(each(rows, () => draw.integer(2)))])),
      item: index,
      user: new Int32Array(rows),
    },
    corpus: corpusOf(items, new Map(ofItem)),
    first(table, dim) {
      const length = 1 + { user_id: users, movie_id: items, tags }[table]!;
      const known = first.get(table) ?? each(length, () => each(dim, () => draw.next() - 0.5));
      first.set(table, known);
      return known;
    },
  };
}

/** What moved at a rate of 1: −gradient, by name, of tables as they are. */
export function moved(plan: Plan, given: Given, parameters: NamedTensors) {
  const run = makeRun(plan, given, parameters);
  const before = run.values();
  const outputs = run.step(1);
  const gradients = new Map(
    [...run.values()].map(([name, after]) => [name, after.map((each, at) => before.get(name)![at]! - each)]),
  );
  return { outputs, gradients };
}
