/** Weightings over shared tables: a row's gradient is the sum over all its look-ups, against PyTorch and against tables moved. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { initialValues } from '../../../src/graph/initial.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import fc from '../../fast_check.ts';
import { expectClose, planOf } from '../library/support.ts';
import {
  type Data,
  firstWeights,
  givenBy,
  makeRun,
  moved,
  type Numbers,
  nameOf,
  profile,
  randomBatch,
} from './tables_at_work.ts';

describe('the steps that PyTorch takes over shared tables', () => {
  interface Trace {
    readonly steps: readonly { readonly losses: Numbers; readonly weights: Numbers }[];
    readonly last: Readonly<Record<string, number[][]>>;
  }
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
    profile,
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
    const run = makeRun(plan, givenBy(name, data), firstWeights(plan, data));
    trace.steps.forEach(({ losses, weights }, at) => {
      const outputs = run.step(at + 1);
      const of = (what: string): Numbers => ['click', 'like'].map((task) => outputs[`${what}:${task}`]!.data[0]!);
      expectClose(of('loss'), losses, 1e-5);
      expectClose(of('weight'), weights, 1e-4);
    });
    const values = run.values();
    for (const [key, rows] of Object.entries(trace.last)) {
      const found = values.get(nameOf(key));
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

  const dot = (a: Numbers, b: Numbers): number => a.reduce((sum, each, at) => sum + each * b[at]!, 0);

  test.each(Object.entries(shapes))('%s: weights are those of the gradients by which the tables move', (_, losses) => {
    const both = ['click', 'like'] as const;
    const [paretoPlan, pcgradPlan] = ['pareto', 'pcgrad'].map((kind) =>
      planOf(text(losses, both, `objective = ${kind}(click, like)`)),
    ) as [Plan, Plan];
    const plansAlone = both.map((task) => planOf(text(losses, [task], '')));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const given = randomBatch(seed);
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
