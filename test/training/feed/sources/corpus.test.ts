import { expect, test } from 'vitest';
import { corpus, eventRows, events, feederOf, numbersOf } from '../fixtures.ts';

test('each row finds its item among all, and an item that is not in the corpus is known to be missing', () => {
  const rows = [1, 0, 4, 3];
  expect(numbersOf({ from: 'corpus_places', key: 'movie_id' }, rows)).toEqual({
    dtype: 'int32',
    shape: [4],
    data: [2, 0, 0, 3],
  });
  expect(numbersOf({ from: 'in_corpus', key: 'movie_id' }, rows).data).toEqual([1, 1, 0, 1]);
});

test('a draw chooses from the items that training has, or from all', () => {
  const poolOf = (by: 'uniform' | 'corpus') => numbersOf({ from: 'draw_pool', key: 'movie_id', by }, [0]);
  expect(poolOf('corpus')).toEqual({ dtype: 'float32', shape: [], data: [4] });
  const { trainingCounts, rows } = corpus;
  expect(poolOf('uniform').data).toEqual([trainingCounts.subarray(0, rows).filter((count) => count > 0).length]);
});

test('features of all items are those of the corpus, each once and in its order, whatever the batch', () => {
  const all = { from: 'embedding', feature: 'movie_id', pool: 'none', rows: { kind: 'corpus' } } as const;
  const own = { from: 'embedding', feature: 'movie_id', pool: 'none', rows: eventRows } as const;
  const feeder = feederOf({ all, own });
  const first = feeder.inputs(Int32Array.of(5), 1, { rate: 1 });
  expect([...first.all!.data]).toEqual([1, 10, 2, 20, 3, 30, 4, 40]);
  expect(feeder.inputs(Int32Array.of(2, 3), 2, { rate: 1 }).all!.shape).toEqual([4, 2]);
});

test('a row that stands for a user has all items of that user, each once, and none that the corpus lacks', () => {
  // User 0 has items 0 and 2, user 1 items 0 and 3, user 2 item 0 and one that is missing.
  const source = { from: 'user_items', key: 'movie_id' } as const;
  expect(numbersOf(source, [1, 3, 5])).toEqual({ dtype: 'int32', shape: [5, 2], data: [0, 0, 0, 2, 1, 0, 1, 3, 2, 0] });
  const twice = { ...events, item: Int32Array.of(1, 1, 0, 3, -1, -1) };
  expect(numbersOf(source, [0, 4], 1, { events: twice }).data).toEqual([0, 1]);
  expect(numbersOf({ from: 'has_items', key: 'movie_id' }, [0, 4], 1, { events: twice }).data).toEqual([1, 0]);
  const counts = { from: 'item_counts' } as const;
  expect(numbersOf(counts, [1, 3, 5])).toEqual({ dtype: 'float32', shape: [3], data: [2, 2, 1] });
  expect(numbersOf(counts, [0, 4], 1, { events: twice }).data).toEqual([1, 0]);
});
