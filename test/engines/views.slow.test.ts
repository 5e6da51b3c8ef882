/** A training step with changed views of its lists, on every engine. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { feed, planOf } from '../compiler/library/support.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

const rows = 6;
const { step } = planOf(`
  model views
  features {
    user_id : id(dim: 0)
    seen : list(movie_id, max: 12, pool: none)
    movie_id : id(dim: 4)
  }
  tower user(seen) keyed by user_id {
    channel main = seen -> dropout(0.3) -> positions -> transformer(layers: 1, heads: 2) -> last
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task next { score = dot(user, item), loss = softmax(in_batch) }
  task alike { score = cosine(user, item), loss = contrast(crop: 0.6, mask: 0.3, reorder: 0.7, same_item, temperature: 0.2) }
  task near { score = dot(user, item), loss = mimic(item) }
  objective = next + alike + 0.1 * near
  retrieve  = next
  train { batch = 256, dense = sgd(rate: 0.1), embeddings = adagrad }
`);

it('has views in parts', () => {
  const parts = step.inputs.filter(({ source }) => source.from === 'part_places' && source.rows.kind === 'views');
  expect(parts.length).toBe(4);
});

describe.each(names)('a step with views on %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it('gives what plain arrays give, step after step', async () => {
    if (!engine) return;
    await expectEngineToAgree(engine, step.graph, feed(step, rows), initialValues(step.graph, 5), 2);
  });
});
