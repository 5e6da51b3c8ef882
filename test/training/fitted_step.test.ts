/** A step whose matrix of scores is too large runs some rows at a time: the same loss, weights and tables. */
import { describe, expect, it } from 'vitest';
import type { IndexedColumn } from '../../src/data/dataset.ts';
import { initialValues } from '../../src/graph/initial.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { matrixBudget, planWithFittedStep } from '../../src/training/fitted_step.ts';
import { expectClose, planOf } from '../compiler/library/support.ts';
import { makeRun } from '../compiler/lower/tables_at_work.ts';

const items = 5;
const batch = 7;
const model = (loss: string): string => `
  model toy
  features { user_id : id(dim: 3), seen : list(movie_id, max: 4), movie_id : id(dim: 3) }
  tower user(user_id, seen) keyed by user_id { channel main = concat(user_id, seen) -> dense(3) }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(3) }
  task watch { score = cosine(user, item), loss = ${loss} }
  train { batch = ${batch}, dense = sgd(rate: 0.1), embeddings = sgd(rate: 0.1) }
`;

function valuesAfterSteps(plan: Plan) {
  const movie = Int32Array.from({ length: batch }, (_, at) => 1 + ((3 * at) % items));
  const codes = (values: Int32Array) => ({ column: { kind: 'codes', values } }) as const;
  const bags = {
    kind: 'bags',
    starts: Int32Array.from(movie, () => 0),
    ends: Int32Array.from(movie, (_, at) => at % 4),
    values: Int32Array.of(2, 3, 1),
  } as const;
  const run = makeRun(
    plan,
    {
      events: {
        rows: batch,
        features: new Map<string, IndexedColumn>([
          ['user_id', codes(Int32Array.from(movie, (_, at) => 1 + (at % 3)))],
          ['movie_id', codes(movie)],
          ['seen', { column: bags }],
        ]),
        labels: new Map(),
        item: movie.map((code) => code - 1),
        user: Int32Array.from(movie, (_, at) => at % 3),
      },
      corpus: {
        rows: items,
        features: new Map([['movie_id', codes(Int32Array.from({ length: items }, (_, at) => at + 1))]]),
        keys: Array.from({ length: items }, (_, at) => `m${at}`),
        trainingCounts: new Int32Array(items).fill(1),
      },
      first: (_, dim) =>
        Array.from({ length: items + 1 }, (_, row) => Array.from({ length: dim }, (_, at) => Math.sin(row * dim + at))),
    },
    initialValues(plan.step.graph, 2),
  );
  const losses = [1, 2, 3].map((step) => run.step(step).loss!.data[0]!);
  return { losses, values: run.values() };
}

describe('a step over the whole corpus', () => {
  const plan = planOf(model('softmax(all, temperature: 0.2)'));
  const bytes = 4 * batch * items;

  it('is as it was where its matrix is within the budget', () => {
    expect(planWithFittedStep(plan, items)).toBe(plan);
    expect(planWithFittedStep(plan, items, bytes)).toBe(plan);
    expect(planWithFittedStep(plan, matrixBudget / (4 * batch))).toBe(plan);
  });

  it.each([
    'softmax(all, temperature: 0.2)',
    'softmax(all, temperature: 0.2, mask: seen)',
    'softmax(all, temperature: 0.2, mask: seen, margin: 0.1)',
    'softmax(all, temperature: 0.2, mask: seen, smoothing: 0.1)',
  ])('gives the same in pieces: %s', (loss) => {
    const plan = planOf(model(loss));
    const whole = valuesAfterSteps(plan);
    for (const pieces of [2, 3, batch]) {
      const cut = planWithFittedStep(plan, items, bytes / pieces);
      expect(cut.step.inputs.flatMap(({ source }) => (source.from === 'piece_rows' ? [source.pieces] : []))).toEqual([
        pieces,
      ]);
      const made = valuesAfterSteps(cut);
      expectClose(made.losses, whole.losses, 1e-5);
      expect([...made.values.keys()]).toEqual([...whole.values.keys()]);
      for (const [name, values] of whole.values) expectClose(made.values.get(name)!, values, 1e-5);
    }
  });

  it('has a piece a row at most', () => {
    const cut = planWithFittedStep(plan, items, 1);
    expect(cut.step.inputs.some(({ source }) => source.from === 'piece_rows' && source.pieces === batch)).toBe(true);
  });
});

it('a step against other items is as it was', () => {
  const plan = planOf(model('softmax(in_batch, temperature: 0.2)'));
  expect(planWithFittedStep(plan, items, 1)).toBe(plan);
});
