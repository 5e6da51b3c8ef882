import { describe, expect, it } from 'vitest';
import type { Corpus, Events, IndexedColumn } from '../../../src/data/dataset.ts';
import { makeDistinctItems } from '../../../src/training/feed/distinct_items.ts';

const item = Int32Array.of(3, 1, 3, -1, 1, 3, -1, 0);
const corpus: Corpus = { rows: 4, features: new Map(), keys: ['a', 'b', 'c', 'd'], trainingCounts: new Int32Array(4) };
const eventsOf = (features: Record<string, IndexedColumn>): Events => ({
  rows: item.length,
  features: new Map(Object.entries(features)),
  labels: new Map(),
  item,
  user: new Int32Array(item.length),
});
const batch = Int32Array.of(0, 1, 2, 3, 4, 5, 6);
const table: IndexedColumn = { column: { kind: 'codes', values: Int32Array.of(5, 6, 7, 8) }, index: item };

describe('distinct items', () => {
  it('are each item once, with its place and its count; items of which nothing is known stay apart', () => {
    const distinct = makeDistinctItems(eventsOf({ film: table }), corpus, 'id', ['film']);
    const { rows, places, counts } = distinct.distinctRowsOf(batch);
    expect(distinct.byItem).toBe(true);
    expect([...places]).toEqual([0, 1, 0, 2, 1, 0, 3]);
    expect([...counts]).toEqual([3, 2, 1, 1, 0, 0, 0]);
    // Filled up to the batch's length, which is less than 64.
    expect([...rows]).toEqual([0, 1, 3, 6, 0, 0, 0]);
  });

  it('stay a row for each event where events say more of an item than its identity', () => {
    const perEvent: IndexedColumn = { column: { kind: 'codes', values: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7) } };
    const distinct = makeDistinctItems(eventsOf({ film: table, age: perEvent }), corpus, 'id', ['film', 'age']);
    expect(distinct.byItem).toBe(false);
    const { rows, places, counts } = distinct.distinctRowsOf(batch);
    expect([...rows]).toEqual([...batch]);
    expect([...places]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...counts]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('are recognised by the codes of an events column that are the same for all events of an item', () => {
    const same: IndexedColumn = { column: { kind: 'codes', values: Int32Array.of(9, 2, 9, 4, 2, 9, 6, 1) } };
    expect(makeDistinctItems(eventsOf({ film: same }), corpus, 'id', ['film']).byItem).toBe(true);
  });

  it('are recognised too where the corpus does not have them, by the code of their key', () => {
    const id: IndexedColumn = { column: { kind: 'codes', values: Int32Array.of(1, 2, 1, 700, 2, 1, 700, 3) } };
    const of = (film: readonly number[]): IndexedColumn => ({
      column: { kind: 'codes', values: Int32Array.from(film) },
    });
    const distinct = (film: readonly number[]) =>
      makeDistinctItems(eventsOf({ id, film: of(film) }), corpus, 'id', ['id', 'film']);
    expect(distinct([9, 2, 9, 4, 2, 9, 4, 1]).byItem).toBe(true);
    expect([...distinct([9, 2, 9, 4, 2, 9, 4, 1]).distinctRowsOf(batch).places]).toEqual([0, 1, 0, 2, 1, 0, 2]);
    expect(distinct([9, 2, 9, 4, 2, 9, 5, 1]).byItem).toBe(false);
  });

  it('have a length that is a multiple of 64 in a large batch', () => {
    const many = Int32Array.from({ length: 200 }, (_, i) => i % 3);
    const distinct = makeDistinctItems(eventsOf({ film: table }), corpus, 'id', ['film']);
    expect(distinct.distinctRowsOf(many).rows.length).toBe(64);
    expect(distinct.distinctRowsOf(many).counts.slice(0, 3)).toEqual(Float32Array.of(133, 67, 0));
  });
});
