/** Weightings over shared tables: a row's gradient is the sum over all its look-ups, against PyTorch and against tables moved. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Corpus, Events, IndexedColumn } from '../../src/data/dataset.ts';
import { makeTable, type Table } from '../../src/embedding/table.ts';
import { makeFeeder } from '../../src/feed/feeder.ts';
import { evaluate, type Tensors } from '../../src/graph/evaluate.ts';
import { initialValues } from '../../src/graph/initial.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { makeRandom } from '../../src/random/random.ts';
import fc from '../fast_check.ts';
import { bags } from '../feed/fixtures.ts';
import { expectClose, floats, planOf } from '../library/support.ts';

type Numbers = readonly number[];

interface Given {
  readonly events: Events;
  readonly corpus: Corpus;
  /** First values of a table, rows of numbers. */
  readonly first: (table: string, dim: number) => readonly Numbers[];
}

const codes = (values: Numbers): IndexedColumn => ({ column: { kind: 'codes', values: Int32Array.from(values) } });
const bagColumn = (lists: readonly Numbers[]): IndexedColumn => ({ column: bags(...lists) });

/** A plan at work by itself, at a rate of 1 for all where the plan says so. */
function makeRun(plan: Plan, { events, corpus, first }: Given, parameters: Tensors) {
  const tables = new Map<string, Table>(
    plan.tables.map(({ name, dim }) => {
      const values = first(name, dim);
      const table = makeTable({ name, rows: values.length, dim, optimizer: plan.train.embeddings });
      table.load(Float32Array.from(values.flat()));
      return [name, table];
    }),
  );
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
    step(number: number): Tensors {
      const inputs = feeder.inputs(rows, number, { rate: plan.train.dense.rate });
      const { outputs, parameters: next } = evaluate(plan.step.graph, inputs, held);
      held = next;
      feeder.apply(outputs);
      return outputs;
    },
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

describe('the steps that PyTorch takes over shared tables', () => {
  interface Trace {
    readonly steps: readonly { readonly losses: Numbers; readonly weights: Numbers }[];
    readonly last: Readonly<Record<string, number[][]>>;
  }
  type Data = Readonly<Record<'user_id' | 'movie_id' | 'last' | 'tag' | 'click' | 'like', number[]>> & {
    readonly history: number[][];
    readonly tags: number[][];
    readonly first: Readonly<Record<string, number[][]>>;
  };
  const fixture = JSON.parse(readFileSync('test/fixtures/shared_tables.json', 'utf8')) as {
    readonly data: Readonly<Record<string, Data>>;
    readonly cases: Readonly<Record<string, Readonly<Record<string, Trace>> & { readonly data: string }>>;
  };
  const towers: Readonly<Record<string, string>> = {
    tables_only: `
      features { user_id : id(dim: 4), movie_id : id(dim: 4) }
      tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
      tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
      task click { score = dot(user, item), loss = bce, label = click }
      task like { score = dot(user, item), loss = bce, label = like }`,
    profile: `
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
      retrieve = click`,
    apart: `
      features { user_id : id(dim: 4), history : list(movie_id, max: 5), movie_id : id(dim: 4), tags : category(dim: 4) }
      group profile = user_id, history
      group movie = movie_id, tags
      tower user(profile) keyed by user_id {
        channel click = user_id -> flatten
        channel like = history -> flatten
      }
      tower item(movie) keyed by movie_id {
        channel click = movie_id -> flatten
        channel like = tags -> flatten
      }
      task click { score = dot(user.click, item.click), loss = bce, label = click }
      task like { score = dot(user.like, item.like), loss = bce, label = like }
      retrieve = click`,
  };
  const parameterOf: Readonly<Record<string, string>> = {
    'user/dense': 'user/main/dense/weights',
    'item/click': 'item/click/dense/weights',
    'item/like': 'item/like/dense/weights',
    'user/bias': 'user/main/dense/bias',
    'click/bias': 'item/click/dense/bias',
    'like/bias': 'item/like/dense/bias',
  };

  function givenBy(name: string, data: Data): Given {
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
    return {
      events,
      corpus: corpusOf(data.first.movie_id!.length - 1, new Map()),
      first: (table) => data.first[table]!,
    };
  }

  const cases = Object.entries(fixture.cases).flatMap(([name, traces]) =>
    Object.keys(traces).flatMap((kind) => (kind === 'data' ? [] : [[name, kind] as const])),
  );

  test.each(cases)('%s by %s', (name, kind) => {
    const data = fixture.data[fixture.cases[name]!.data]!;
    const trace = fixture.cases[name]![kind]!;
    const plan = planOf(`
      model shared
      labels { click: binary, like: binary }
      ${towers[name]}
      objective = ${kind}(click, like${kind === 'gradnorm' ? ', rate: 0.1' : ''})
      train { batch = 32, epochs = 1, dense = sgd(rate: 0.05), embeddings = sgd(rate: 0.05) }`);
    const known = Object.fromEntries(
      Object.entries(parameterOf).map(([key, parameter]) => {
        const values = data.first[key]!.flat();
        return [parameter, floats(key.endsWith('bias') ? [4] : [values.length / 4, 4], values)];
      }),
    );
    const run = makeRun(plan, givenBy(name, data), { ...initialValues(plan.step.graph, 1), ...known });
    trace.steps.forEach(({ losses, weights }, at) => {
      const outputs = run.step(at + 1);
      const of = (what: string): Numbers => ['click', 'like'].map((task) => outputs[`${what}:${task}`]!.data[0]!);
      expectClose(of('loss'), losses, 1e-5);
      expectClose(of('weight'), weights, 1e-4);
    });
    const values = run.values();
    for (const [key, rows] of Object.entries(trace.last)) {
      const found = values.get(parameterOf[key] ?? key);
      if (found) expectClose(found, rows.flat(), 2e-5);
    }
  });
});

describe('over any tables and look-ups', () => {
  const shapes: Readonly<Record<string, readonly [string, string]>> = {
    'own labels': ['loss = bce, label = click', 'loss = bce, label = like'],
    'each item once': ['loss = softmax(in_batch, temperature: 0.5)', 'loss = softmax(in_batch, temperature: 2)'],
    'drawn negatives': ['loss = bce, label = click', 'loss = bpr(negatives: sampled(2))'],
    'items drawn for all rows': ['loss = bce, label = click', 'loss = softmax(in_batch, negatives: sampled(6))'],
  };
  const labelsOf = (losses: readonly [string, string], tasks: readonly string[]): string => {
    const read = tasks.filter((task) => losses.some((loss) => loss.includes(`label = ${task}`)));
    return read.length === 0 ? '' : `labels { ${read.map((task) => `${task}: binary`).join(', ')} }`;
  };
  const text = (losses: readonly [string, string], tasks: readonly ('click' | 'like')[], objective: string): string => `
    model any
    features {
      user_id : id(dim: 3)
      history : list(movie_id, max: 4)
      recent : list(movie_id, max: 3, pool: none)
      last : like(movie_id)
      tags : list(category(dim: 3), max: 3, pool: sum)
      movie_id : id(dim: 3)
    }
    ${labelsOf(losses, tasks)}
    group profile = user_id, history, last
    group movie = movie_id, tags
    tower user(profile, recent) keyed by user_id {
      seen = recent -> mean
      all = profile -> flatten
      ${tasks.map((task) => `channel ${task} = concat(all, seen) -> dense(3, tanh)`).join('\n')}
    }
    tower item(movie) keyed by movie_id { channel main = movie -> flatten -> dense(3) }
    ${tasks.map((task) => `task ${task} { score = dot(user.${task}, item.main) * 8, ${losses[task === 'click' ? 0 : 1]} }`).join('\n')}
    ${objective}
    retrieve = ${tasks[0]}
    train { batch = 16, epochs = 1, dense = sgd(rate: 1), embeddings = sgd(rate: 1) }`;

  function random(seed: number): Given {
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
  function moved(plan: Plan, given: Given, parameters: Tensors) {
    const run = makeRun(plan, given, parameters);
    const before = run.values();
    const outputs = run.step(1);
    const gradients = new Map(
      [...run.values()].map(([name, after]) => [name, after.map((each, at) => before.get(name)![at]! - each)]),
    );
    return { outputs, gradients };
  }

  const dot = (a: Numbers, b: Numbers): number => a.reduce((sum, each, at) => sum + each * b[at]!, 0);

  test.each(Object.entries(shapes))('%s: weights are those of the gradients by which the tables move', (_, losses) => {
    const both = ['click', 'like'] as const;
    const [paretoPlan, pcgradPlan] = ['pareto', 'pcgrad'].map((kind) =>
      planOf(text(losses, both, `objective = ${kind}(click, like)`)),
    ) as [Plan, Plan];
    const plansAlone = both.map((task) => planOf(text(losses, [task], '')));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const given = random(seed);
        const parameters = initialValues(paretoPlan.step.graph, seed);
        const alone = plansAlone.map((plan) => moved(plan, given, parameters).gradients);
        // A layer of one task alone is missing in the other's graph.
        const shared = [...alone[0]!.keys()].filter((name) => alone[1]!.has(name));
        const [a, b] = alone.map((gradients) => shared.flatMap((name) => gradients.get(name)!)) as unknown as [
          Numbers,
          Numbers,
        ];

        const pareto = moved(paretoPlan, given, parameters);
        const w = both.map((task) => pareto.outputs[`weight:${task}`]!.data[0]!);
        const norm = (share: number): number => {
          const sum = a.map((each, at) => share * each + (1 - share) * b[at]!);
          return dot(sum, sum);
        };
        expect(w[0]! + w[1]!).toBeCloseTo(1, 5);
        for (let share = 0; share <= 1; share += 0.05) {
          expect(norm(w[0]!)).toBeLessThanOrEqual(norm(share) * (1 + 1e-4) + 1e-9);
        }
        const combined = shared.flatMap((name) => pareto.gradients.get(name)!);
        expectClose(
          combined,
          a.map((each, at) => w[0]! * each + w[1]! * b[at]!),
          2e-5,
        );

        const conflict = Math.min(0, dot(a, b));
        const pcgrad = moved(pcgradPlan, given, parameters);
        const projected = a.map(
          (each, at) => each - (conflict / dot(b, b)) * b[at]! + b[at]! - (conflict / dot(a, a)) * each,
        );
        expectClose(
          shared.flatMap((name) => pcgrad.gradients.get(name)!),
          projected,
          1e-4,
        );
      }),
      { numRuns: 6, seed: 4 },
    );
  });
});
