/** Negatives that each row has for itself: listed and mined ones; and the queue of past batches. */
import { describe, expect, it } from 'vitest';
import type { Events } from '../../../src/data/dataset.ts';
import { makeQueue } from '../../../src/training/feed/input_source.ts';
import { makeListed, makeMined } from '../../../src/training/feed/item_sampler.ts';
import fc from '../../fast_check.ts';
import { bags, corpus, events } from './fixtures.ts';

const shownIn = (...lists: readonly (readonly number[])[]): Events => ({
  ...events,
  givenItems: new Map([['shown', { bags: bags(...lists) }]]),
});
const all = Int32Array.of(0, 1, 2, 3, 4, 5);

describe('listed', () => {
  // Items of the events are 0, 2, 0, 3, −1, 0.
  const given = shownIn([1, 3], [], [-1, 2, -1], [0, 1, 2, 3], [2], [3, 3]);
  const of = (perRow: number) => makeListed(given, { kind: 'listed', feature: 'shown', perRow }, 7);

  it('gives all items of short lists in their order, without those that the corpus does not have', () => {
    const { rows, known } = of(4)(all, 1);
    const listed = all.reduce<number[][]>((lists, _, i) => {
      lists.push([...rows.subarray(i * 4, i * 4 + 4)].filter((__, at) => known[i * 4 + at] === 1));
      return lists;
    }, []);
    expect(listed).toEqual([[1, 3], [], [2], [0, 1, 2, 3], [2], [3, 3]]);
  });

  it('fills up with the own item, or with any where the corpus does not have that', () => {
    const { rows, known } = of(2)(all, 1);
    expect([...known]).toEqual([1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 1]);
    expect([rows[2], rows[3], rows[5], rows[9]]).toEqual([2, 2, 0, 0]);
  });

  it('keeps the weight of each item, also where some are drawn; 1 without weights, and −1 where there is no item', () => {
    const weights = Float32Array.of(0.5, 0.25, 7, 2, 8, 0, 1, 2, 3, 4, 5, 6);
    const [lists] = [...given.givenItems!.values()];
    const weighted = { ...given, givenItems: new Map([['shown', { bags: { ...lists!.bags, weights } }]]) };
    const make = makeListed(weighted, { kind: 'listed', feature: 'shown', perRow: 3 }, 7);
    const { rows, weights: drawn } = make(all, 1);
    expect([...drawn!.subarray(0, 9)]).toEqual([0.5, 0.25, -1, -1, -1, -1, 2, -1, -1]);
    expect([...drawn!.subarray(9, 12)]).toEqual([...rows.subarray(9, 12)]);
    expect([...of(3)(Int32Array.of(0, 1), 1).weights!]).toEqual([1, 1, -1, -1, -1, -1]);
  });

  it('draws from longer lists without replacement, by the seed and the step alone', () => {
    const draw = (step: number): number[] => [...of(2)(Int32Array.of(3), step).rows];
    const drawn = Array.from({ length: 60 }, (_, step) => draw(step));
    for (const pair of drawn) expect(new Set(pair).size).toBe(2);
    expect(new Set(drawn.flat())).toEqual(new Set([0, 1, 2, 3]));
    expect(new Set(drawn.map(String)).size).toBe(12);
    expect(draw(5)).toEqual(drawn[5]);
  });

  it('never gives what a list does not hold', () => {
    const list = fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(list, { minLength: 6, maxLength: 6 }), fc.integer({ min: 1, max: 5 }), (lists, perRow) => {
        const make = makeListed(shownIn(...lists), { kind: 'listed', feature: 'shown', perRow }, 1);
        const { rows, known } = make(all, 3);
        lists.forEach((items, i) => {
          const some = [...known.subarray(i * perRow, (i + 1) * perRow)].filter(Boolean).length;
          expect(some).toBe(Math.min(perRow, items.filter((item) => item >= 0).length));
          for (let at = i * perRow; at < i * perRow + some; at++) expect(items).toContain(rows[at]);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('mined', () => {
  const of = { kind: 'mined', perRow: 3, best: 2, skip: 0, users: 2 } as const;

  const users = Int32Array.of(0, 1, 2);

  it('asks about users that the seed and the epoch draw', () => {
    const mined = makeMined(events, users, corpus, of, 4);
    const drawn = Array.from({ length: 12 }, (_, epoch) => [...mined.usersOf(epoch + 1)]);
    for (const users of drawn) expect(users).toEqual([...new Set(users)].sort());
    expect(new Set(drawn.flat())).toEqual(new Set([0, 1, 2]));
    expect(drawn[3]).toEqual([...makeMined(events, users, corpus, of, 4).usersOf(4)]);
    expect(makeMined(events, users, corpus, { ...of, users: 9 }, 4).usersOf(1).length).toBe(3);
  });

  it('draws from what was taken for the user of a row; other rows draw from the training part', () => {
    const mined = makeMined(events, users, corpus, of, 4);
    mined.storeMined(Int32Array.of(0, 2), Int32Array.of(3, 1, 2, -1));
    const found = Array.from({ length: 40 }, (_, step) => mined.items(all, step + 1).rows.slice());
    const seen = (row: number) => new Set(found.flatMap((rows) => [...rows.subarray(row * 3, row * 3 + 3)]));
    expect([seen(0), seen(1), seen(4), seen(5)]).toEqual([
      new Set([1, 3]),
      new Set([1, 3]),
      new Set([2]),
      new Set([2]),
    ]);
    for (const item of seen(2)) expect(corpus.trainingCounts[item]).toBeGreaterThan(0);
    expect([...mined.items(all, 1).known]).toEqual(new Array(18).fill(1));
  });

  it('goes on from what a checkpoint holds', () => {
    const [one, other] = [makeMined(events, users, corpus, of, 4), makeMined(events, users, corpus, of, 4)];
    one.storeMined(Int32Array.of(1, 2), Int32Array.of(0, 1, 3, 2));
    other.items(all, 1);
    for (const [name, view] of Object.entries(other.state())) view.set(one.state()[name]!);
    expect([...other.items(all, 2).rows]).toEqual([...one.items(all, 2).rows]);
  });
});

describe('a queue', () => {
  const of = { kind: 'queue', task: 'watch', key: 'movie_id', count: 4, width: 2, after: 1 } as const;
  const itemOf = (row: number): number => (row === 2 ? -1 : 10 * row);

  it('holds the latest vectors with their items, and nothing counts before its time', () => {
    const queue = makeQueue(of);
    expect([...queue.emptyFlagsAt(5)]).toEqual([1, 1, 1, 1]);
    queue.push(Int32Array.of(3, 5, 2), itemOf, Float32Array.of(1, 1, 2, 2, 3, 3));
    expect([...queue.emptyFlagsAt(1)]).toEqual([1, 1, 1, 1]);
    // An item that equals no other is a negative too.
    expect([...queue.emptyFlagsAt(2)]).toEqual([0, 0, 0, 1]);
    queue.push(Int32Array.of(1, 4), itemOf, Float32Array.of(4, 4, 5, 5));
    expect([...queue.items]).toEqual([40, 50, -1, 10]);
    expect([...queue.vectors]).toEqual([5, 5, 2, 2, 3, 3, 4, 4]);
  });

  it('keeps the end of a batch that is larger', () => {
    const queue = makeQueue(of);
    const vectors = Float32Array.from({ length: 10 }, (_, i) => i);
    queue.push(Int32Array.of(0, 1, 2, 3, 4), itemOf, vectors);
    expect([...queue.items].sort((a, b) => a - b)).toEqual([-1, 10, 30, 40]);
    expect([...queue.vectors].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
