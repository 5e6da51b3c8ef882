/** The search by titles finds what a plain comparison of all of them finds. */
import { describe, expect, it } from 'vitest';
import { folded, makeItemSearch } from '../../src/retrieval/item_search.ts';
import { makeSnapshot } from '../../src/retrieval/snapshot.ts';
import { makeLiveItems } from '../../src/serving/live/live_items.ts';
import fc from '../fast_check.ts';

function snapshotOf(titles: readonly string[] | undefined, rows = titles!.length) {
  const keys = Array.from({ length: rows }, (_, row) => `k${row}`);
  const vectors = { data: new Float32Array(rows).fill(1), rows, width: 1 };
  return makeSnapshot({ version: 'v', items: { vectors, keys, ...(titles ? { titles } : {}) } });
}

/** By the words of the comment, row by row. */
function plain(titles: readonly string[], text: string): string[] {
  const wanted = folded(text);
  if (wanted === '') return [];
  const all = titles.map((title, row) => ({ key: `k${row}`, title: folded(title) }));
  const begins = all.filter(({ title }) => title.startsWith(wanted));
  const words = all.filter(({ title }) => title.includes(` ${wanted}`));
  const others = all.filter(({ title }) => title.includes(wanted));
  const keys = [...begins, ...words, ...others].map(({ key }) => key);
  const own = all.filter(({ key }) => key === text.trim()).map(({ key }) => key);
  return [...new Set([...own, ...keys])];
}

const keysOf = (found: readonly { readonly key: string }[]): string[] => found.map(({ key }) => key);

describe('the search by titles', () => {
  it('finds and orders as a plain comparison', async () => {
    const word = fc.constantFrom('star', 'Star', 'stár', 'wars', 'a', '', 'Éa', 'İ', '\n', 'k3', 'ß', '🎬', 'st');
    const title = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '));
    await fc.assert(
      fc.asyncProperty(fc.array(title, { minLength: 1, maxLength: 20 }), title, async (titles, text) => {
        const snapshot = snapshotOf(titles);
        expect(keysOf(await makeItemSearch(snapshot).find(snapshot, text, 100))).toEqual(plain(titles, text));
      }),
      { numRuns: 300 },
    );
  });

  it('finds rows past the first text, and no more than are wanted', async () => {
    const titles = Array.from({ length: 10_000 }, (_, row) => (row % 2500 === 1 ? `The one ${row}` : `Film ${row}`));
    const snapshot = snapshotOf(titles);
    const search = makeItemSearch(snapshot);
    expect(keysOf(await search.find(snapshot, 'ONE', 9))).toEqual(['k1', 'k2501', 'k5001', 'k7501']);
    expect(keysOf(await search.find(snapshot, 'film', 3))).toEqual(['k0', 'k2', 'k3']);
    expect(await search.find(snapshot, 'k9999', 3)).toEqual([{ key: 'k9999', title: 'Film 9999' }]);
    expect(await search.find(snapshot, ' ', 3)).toEqual([]);
    expect(await search.find(snapshot, 'one', 9, () => true)).toEqual([]);
  });

  it('finds keys where there are no titles', async () => {
    const snapshot = snapshotOf(undefined, 30);
    expect(keysOf(await makeItemSearch(snapshot).find(snapshot, 'K2', 3))).toEqual(['k2', 'k20', 'k21']);
  });

  it('finds written items by what they are called now, and no deleted ones', async () => {
    const base = snapshotOf(['Alien', 'Aliens', 'Brazil']);
    const search = makeItemSearch(base);
    const live = makeLiveItems(base);
    const put = (key: string, title: string) => ({
      put: { key, title, vector: Float32Array.of(1), values: new Map() },
    });
    live.apply([put('new', 'Alien 3'), put('k2', 'Alien: Brazil'), { delete: 'k0' }]);
    expect(keysOf(await search.find(live.snapshot, 'alien', 9))).toEqual(['k2', 'new', 'k1']);
    expect(keysOf(await search.find(live.snapshot, 'brazil', 9))).toEqual(['k2']);
    live.apply([{ delete: 'new' }]);
    expect(keysOf(await search.find(live.snapshot, 'alien', 9))).toEqual(['k2', 'k1']);
  });
});

it('folds the titles of the first search in slices, between which others get their turn', async () => {
  let read = 0;
  const snapshot = snapshotOf(Array.from({ length: 20_000 }, (_, row) => `Film ${row}`));
  const base = {
    ...snapshot,
    titleAt(row: number) {
      read++;
      return snapshot.titleAt(row);
    },
  };
  let isOver = false;
  const slices: number[] = [];
  const watch = async (): Promise<void> => {
    for (let before = read; !isOver; before = read) {
      await new Promise(setImmediate);
      slices.push(read - before);
    }
  };
  const watching = watch();
  expect(await makeItemSearch(base).find(snapshot, 'film 19999', 5)).toEqual([{ key: 'k19999', title: 'Film 19999' }]);
  isOver = true;
  await watching;
  expect(read).toBeGreaterThanOrEqual(20_000);
  expect(Math.max(...slices)).toBeLessThanOrEqual(1024);
});
