/** Tables of vectors that the item tower computes for elements of lists: what is handed out for a cache stays as it is while queries are answered. */
import { expect, test } from 'vitest';
import { initialValues } from '../../../src/graph/initial.ts';
import { makeTables } from '../../../src/training/embedding/tables.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { planOf } from '../../compiler/library/support.ts';
import { makeDataset } from '../fixtures.ts';
import { plainEngine } from '../plain_engine.ts';

test('a copy outlives the queries that come after it', async () => {
  const plan = planOf(`
    model small
    features { user_id : id(dim: 0), history : list(movie_id, max: 5, through: item), movie_id : id(dim: 3) }
    tower user(history) keyed by user_id { channel main = history -> flatten }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
    task watch { score = dot(user, item), loss = softmax(sampled(4)) }
  `);
  const { parts, corpus, encodings } = makeDataset({ users: 7, items: 15, eventsPerUser: 12, heldOut: 2 });
  const tables = makeTables(plan, encodings);
  const parameters = initialValues(plan.step.graph, 1);
  const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
  const [[name, vectors]] = [...retrieval.computed().tables] as [[string, Float32Array]];
  const before = [...vectors];
  expect({ name, length: before.length }).toEqual({ name: 'item/main', length: 15 * 3 });
  // So many rows need more memory than there is, and views of memory that grows are lost.
  await retrieval.queries(parts.train.features, new Int32Array(40_000));
  expect([...vectors]).toEqual(before);
  await retrieval.close();
});
