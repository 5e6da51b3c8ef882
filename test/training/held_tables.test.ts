/** Why the host holds tables that an engine was asked to hold. */
import { expect, it } from 'vitest';
import { tablesOf } from '../../src/training/begin_state.ts';
import { makeTable } from '../../src/training/embedding/table.ts';
import { reasonForHost } from '../../src/training/held_tables.ts';
import { planOf } from '../compiler/library/support.ts';
import { optimizerPlan } from './embedding/fixtures.ts';
import { makeDataset } from './fixtures.ts';

const tablesWith = (train: string) =>
  tablesOf({
    dataset: makeDataset({ users: 4, items: 8, eventsPerUser: 4, heldOut: 2 }),
    plan: planOf(`
      model any
      features { user_id : id(dim: 4), movie_id : id(dim: 4) }
      tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
      tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
      task watch { score = dot(user, item), loss = bpr(negatives: sampled(1)) }
      train { batch = 4, epochs = 1 ${train} }`),
  });

it('is their kind, or that workers share a step', () => {
  expect(reasonForHost(tablesWith(''), false)).toBeUndefined();
  expect(reasonForHost(tablesWith(''), true)).toBe('several workers compute a step');
  expect(reasonForHost(tablesWith(', graph = lightgcn(layers: 2)'), false)).toBe('`graph` connects them');
  const halves = makeTable({ name: 'halves', rows: 3, dim: 4, optimizer: optimizerPlan('sgd'), precision: 'bf16' });
  expect(reasonForHost(new Map([['halves', halves]]), false)).toBe('halves is in bfloat16');
});
