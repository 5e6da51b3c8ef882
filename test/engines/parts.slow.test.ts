/** A training step whose batch is cut by length, and whose scores are made some rows at a time, on every engine. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { planWithFittedStep } from '../../src/training/fitted_step.ts';
import { feed, planOf } from '../compiler/library/support.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

const rows = 6;
const plan = planOf(`
  model cut
  features {
    user_id : id(dim: 3)
    seen : list(movie_id, max: 12, pool: none)
    movie_id : id(dim: 4)
  }
  tower user(user_id, seen) keyed by user_id {
    taste = seen -> dropout(0.3) -> positions -> transformer(layers: 1, heads: 2) -> last
    channel main = concat(taste, user_id) -> dense(4)
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task watch { score = cosine(user, item), loss = softmax(all, temperature: 0.2) }
  train { batch = 256, dense = sgd(rate: 0.1), embeddings = adagrad, clip = 0.5, targets = positions }
`);
const { step } = planWithFittedStep(plan, rows, (4 * 256 * rows) / 3);

it('has parts and pieces', () => {
  const sources = step.inputs.map(({ source }) => source.from);
  expect(sources.filter((from) => from === 'part_places').length).toBe(2);
  expect(sources).toContain('piece_rows');
});

describe.each(names)('a step in parts and pieces on %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it('gives what plain arrays give, step after step', async () => {
    if (!engine) return;
    await expectEngineToAgree(engine, step.graph, feed(step, rows), initialValues(step.graph, 5), 2);
  });
});
