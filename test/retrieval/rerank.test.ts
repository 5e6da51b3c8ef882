/** What a request does to the best items: examples by hand, and laws that each row of the table keeps. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../src/base/random/random.ts';
import { textColumn, textsColumn } from '../../src/retrieval/filter/filter_columns.ts';
import { rerankers, topEach } from '../../src/retrieval/rerank.ts';
import { makeSnapshot, type Snapshot, type TopAnswer, type TopRequest } from '../../src/retrieval/snapshot.ts';
import type { RerankEntries } from '../../src/retrieval/top_request.ts';
import { makeLiveItems } from '../../src/serving/live/live_items.ts';

async function answerOf(snapshot: Snapshot, request: TopRequest): Promise<TopAnswer> {
  const [answer] = await topEach(snapshot, [request]);
  if (answer instanceof Failure) throw answer;
  return answer!;
}

const keysOf = ({ items }: TopAnswer): string[] => items.map(({ key }) => key);

/** Items `a`, `b`, … whose score for the query [1, 0] is their first number. */
const fewItems = (vectors: readonly (readonly [number, number])[], genres: readonly (string | undefined)[] = []) =>
  makeSnapshot({
    version: '1',
    items: {
      vectors: { data: Float32Array.from(vectors.flat()), rows: vectors.length, width: 2 },
      keys: vectors.map((_, row) => String.fromCharCode(97 + row)),
      columns: new Map([['genre', textColumn(vectors.map((_, row) => genres[row]))]]),
    },
  });
const byFirst = (k: number, more: RerankEntries = {}): TopRequest => ({ vectors: [[1, 0]], k, ...more });

describe('offset', () => {
  const snapshot = fewItems([5, 4, 3, 2, 1].map((first) => [first, 0]));

  it('leaves out the items of earlier pages', async () => {
    expect(keysOf(await answerOf(snapshot, byFirst(2, { offset: 2 })))).toEqual(['c', 'd']);
    expect(keysOf(await answerOf(snapshot, byFirst(2, { offset: 4 })))).toEqual(['e']);
    expect(keysOf(await answerOf(snapshot, byFirst(2, { offset: 5 })))).toEqual([]);
  });

  it('is a whole number', async () => {
    await expect(answerOf(snapshot, byFirst(2, { offset: -1 }))).rejects.toThrow('`offset` of the request is -1');
    await expect(answerOf(snapshot, byFirst(2, { offset: 0.5 }))).rejects.toThrow('`offset` of the request is 0.5');
  });
});

describe('most', () => {
  it('takes the best items of which no value has been taken too often', async () => {
    const genres = ['drama', 'drama', 'drama', 'war', 'war', undefined, undefined];
    const snapshot = fewItems(
      [7, 6, 5, 4, 3, 2, 1].map((first) => [first, 0]),
      genres,
    );
    expect(keysOf(await answerOf(snapshot, byFirst(5, { most: { genre: 2 } })))).toEqual(['a', 'b', 'd', 'e', 'f']);
    expect(keysOf(await answerOf(snapshot, byFirst(5, { most: { genre: 1 } })))).toEqual(['a', 'd', 'f', 'g']);
    // A list is counted from its beginning, and not from the beginning of a page.
    expect(keysOf(await answerOf(snapshot, byFirst(2, { offset: 2, most: { genre: 1 } })))).toEqual(['f', 'g']);
    // Three candidates are `drama` all.
    expect(keysOf(await answerOf(snapshot, byFirst(2, { candidates: 3, most: { genre: 1 } })))).toEqual(['a']);
  });

  it('counts an item with several values for each of them', async () => {
    const lists = [['x', 'y'], ['x', 'x'], ['y'], ['z', 'y'], [], undefined];
    const snapshot = makeSnapshot({
      version: '1',
      items: {
        vectors: { data: Float32Array.of(6, 0, 5, 0, 4, 0, 3, 0, 2, 0, 1, 0), rows: 6, width: 2 },
        keys: ['a', 'b', 'c', 'd', 'e', 'f'],
        columns: new Map([['tags', textsColumn(lists)]]),
      },
    });
    // Two of `x` are `a` and `b`, two of `y` are `a` and `c`, so `d` stays out.
    expect(keysOf(await answerOf(snapshot, byFirst(6, { most: { tags: 2 } })))).toEqual(['a', 'b', 'c', 'e', 'f']);
  });

  it('refuses other columns and numbers', async () => {
    const snapshot = fewItems([[1, 0]]);
    await expect(answerOf(snapshot, byFirst(2, { most: { gnere: 1 } }))).rejects.toThrow(
      'no column of the items called `gnere`',
    );
    await expect(answerOf(snapshot, byFirst(2, { most: { genre: 0 } }))).rejects.toThrow(
      '`most.genre` of the request is 0',
    );
    await expect(answerOf(snapshot, byFirst(3, { most: { genre: 1 }, candidates: 2 }))).rejects.toThrow(
      '`candidates` of the request is 2, and the list has 3 places',
    );
  });
});

describe('diversity', () => {
  // Cosines: a and b 1, a and c 0.6, a and d 0, c and d 0.8.
  const snapshot = fewItems([
    [10, 0],
    [9, 0],
    [6, 8],
    [0, 1],
  ]);

  it('is maximal marginal relevance', async () => {
    // Relevances 1, 0.9, 0.6, 0. After `a`: b 0.495 − 0.45 = 0.045; c 0.33 − 0.27 = 0.06; d 0. Then b 0.045; d 0 − 0.45·0.8 = −0.36.
    expect(keysOf(await answerOf(snapshot, byFirst(4, { diversity: 0.45 })))).toEqual(['a', 'c', 'b', 'd']);
    // After `a`: b 0.72 − 0.2 = 0.52; c 0.48 − 0.12 = 0.36; d 0. Then c 0.36; d 0.
    expect(keysOf(await answerOf(snapshot, byFirst(4, { diversity: 0.2 })))).toEqual(['a', 'b', 'c', 'd']);
    // After `a` the least cosine counts alone: d 0. Then c −0.8 and b −1.
    expect(keysOf(await answerOf(snapshot, byFirst(4, { diversity: 1 })))).toEqual(['a', 'd', 'c', 'b']);
  });

  it('keeps the scores, and with 0 the order', async () => {
    const plain = await answerOf(snapshot, byFirst(3));
    expect(await answerOf(snapshot, byFirst(3, { diversity: 0 }))).toEqual(plain);
    const all = await answerOf(snapshot, byFirst(4));
    const { items } = await answerOf(snapshot, byFirst(4, { diversity: 1 }));
    expect(new Set(items)).toEqual(new Set(all.items));
  });

  it('chooses among candidates that may take the place', async () => {
    const some = fewItems(
      [
        [10, 0],
        [9, 0],
        [6, 8],
        [0, 1],
      ],
      ['x', 'y', 'x', 'y'],
    );
    expect(keysOf(await answerOf(some, byFirst(4, { diversity: 0.5, most: { genre: 1 } })))).toEqual(['a', 'd']);
  });

  it('is a number from 0 to 1', async () => {
    for (const diversity of [-0.1, 1.1, Number.NaN, '1' as unknown as number])
      await expect(answerOf(snapshot, byFirst(2, { diversity }))).rejects.toThrow('`diversity` of the request is');
  });
});

describe('boost and bury', () => {
  const snapshot = fewItems(
    [9, 8, 7, 6, 5, 4].map((first) => [first, 0]),
    ['drama', 'drama', 'war', 'war', undefined, 'comedy'],
  );
  const war = { filter: "genre = 'war'", weight: 2.5 };
  const known = { filter: "genre != 'war'", weight: 3 };

  it('adds and subtracts weights, and ranks all items by the sum', async () => {
    const { items } = await answerOf(snapshot, byFirst(3, { boost: [war] }));
    expect(items.map(({ key, score, boost }) => [key, score, boost])).toEqual([
      ['c', 9.5, 2.5],
      ['a', 9, undefined],
      ['d', 8.5, 2.5],
    ]);
    // `e` has no genre, so it meets neither condition. Ties go by the rows of the items: a 6, b 5, c 7, d 6, e 5, f 1.
    expect(keysOf(await answerOf(snapshot, byFirst(6, { bury: [known] })))).toEqual(['c', 'a', 'd', 'b', 'e', 'f']);
  });

  it('adds up the weights of all conditions that an item meets', async () => {
    const both = { boost: [war, { filter: "genre in ('war', 'comedy')", weight: 4 }], bury: [known] };
    const { items } = await answerOf(snapshot, byFirst(6, both));
    expect(items.map(({ key, score }) => [key, score])).toEqual([
      ['c', 13.5],
      ['d', 12.5],
      ['a', 6],
      ['b', 5],
      ['e', 5],
      ['f', 5],
    ]);
    expect(items.at(-1)!.boost).toBe(1);
  });

  it('finds an item that is far from the best without it', async () => {
    const many = fewItems(
      Array.from({ length: 5000 }, (_, row) => [5000 - row, 0] as const),
      Array.from({ length: 5000 }, (_, row) => (row === 4999 ? 'war' : 'drama')),
    );
    const [first] = (await answerOf(many, byFirst(1, { boost: [{ ...war, weight: 5000 }] }))).items;
    expect(first!.row).toBe(4999);
  });

  it('refuses other weights, too many filters, and mistakes in a filter', async () => {
    for (const boost of [[{ ...war, weight: -1 }], [{ filter: war.filter }], war, [{ ...war, weight: Infinity }]])
      await expect(answerOf(snapshot, byFirst(1, { boost } as RerankEntries))).rejects.toThrow(
        '`boost` of the request',
      );
    await expect(answerOf(snapshot, byFirst(1, { boost: [war, war, war], bury: [war, war] }))).rejects.toThrow(
      '5 filters',
    );
    await expect(answerOf(snapshot, byFirst(1, { bury: [{ ...war, filter: 'gnere = 1' }] }))).rejects.toThrow('gnere');
  });
});

describe('exploration', () => {
  const snapshot = fewItems(
    [6, 5, 4, 3, 2, 1].map((first) => [first, 0]),
    ['old', 'old', 'old', 'old', 'new', 'new'],
  );
  const isNew = "genre = 'new'";

  it('gives each place its probability: by hand', async () => {
    // Without a share the list is that of the scores, each place for sure.
    const none = await answerOf(snapshot, byFirst(3, { exploration: { share: 0, filter: isNew, seed: 1 } }));
    expect(none.items.map(({ key, probability }) => [key, probability])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(none.seed).toBe(1);
    // With a share of 1 both new items come first, each drawn from those that are left. Then none is left to draw.
    const all = await answerOf(snapshot, byFirst(3, { exploration: { share: 1, filter: isNew, seed: 1 } }));
    expect(all.items.map(({ probability }) => probability)).toEqual([1 / 2, 1, 1]);
    expect(new Set(keysOf(all))).toEqual(new Set(['e', 'f', 'a']));
    // From all items, the best one may come either way: 0.6 + 0.4 / 6.
    for (let seed = 0; seed < 40; seed++) {
      const [first] = (await answerOf(snapshot, byFirst(1, { exploration: { share: 0.4, seed } }))).items;
      expect(first!.probability).toBeCloseTo(first!.key === 'a' ? 0.6 + 0.4 / 6 : 0.4 / 6, 12);
    }
  });

  it('places items as often as the probabilities say', async () => {
    const trials = 3000;
    const counts = new Map<string, number>();
    const sums = new Map<string, number>();
    for (let seed = 0; seed < trials; seed++) {
      const { items } = await answerOf(snapshot, byFirst(2, { exploration: { share: 0.3, filter: isNew, seed } }));
      const { key, probability } = items[1]!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      // Each item that can have the place is found with its inverse probability once a trial on average.
      sums.set(key, (sums.get(key) ?? 0) + 1 / probability!);
    }
    // The second place: `b` after `a` 0.7 · 0.7; `a` after a drawn one 0.3 · 0.7; `e` and `f` each 0.7 · 0.15 + 0.15 · 0.3.
    const expected = { a: 0.21, b: 0.49, e: 0.15, f: 0.15 };
    for (const [key, probability] of Object.entries(expected)) {
      const deviation = Math.sqrt((probability * (1 - probability)) / trials);
      expect(Math.abs(counts.get(key)! / trials - probability)).toBeLessThan(4 * deviation);
    }
    // `e` can have the second place unless it has the first: 1 − 0.15 of the trials.
    expect(Math.abs(sums.get('e')! / trials - 0.85)).toBeLessThan(0.2);
  });

  it('draws other items without a seed, and says the seed that repeats them', async () => {
    const entries = { exploration: { share: 0.5 } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => answerOf(base, { ...plain, ...entries })));
    expect(new Set(answers.map((answer) => keysOf(answer).join())).size).toBeGreaterThan(1);
    const [one] = answers;
    const again = await answerOf(base, { ...plain, exploration: { share: 0.5, seed: one!.seed! } });
    expect(again).toEqual(one);
  });

  it('refuses other shares and seeds, and mistakes in the filter', async () => {
    for (const exploration of [{ share: 2 }, {}, { share: 0.1, seed: -1 }, { share: 0.1, filter: 'gnere = 1' }, 1])
      await expect(answerOf(snapshot, byFirst(1, { exploration } as RerankEntries))).rejects.toThrow(Failure);
  });
});

describe('because', () => {
  const snapshot = fewItems([
    [3, 1],
    [1, 2],
    [0, 5],
  ]);
  /** The query is the sum of past items `a` and `b`, and of [0, 1]. */
  const request: TopRequest = {
    vectors: [[4, 4]],
    k: 2,
    leaveOut: async () => [
      { row: 1, vectors: [[3, 2]] },
      { row: 0, vectors: [[1, 3]] },
    ],
  };

  it('names the past items without which the score is lower, and by how much', async () => {
    const { items } = await answerOf(snapshot, { ...request, because: 2 });
    // `c` has 20; without `b` 10, and without `a` 15. `a` has 16; without `a` 6, and without `b` 11.
    expect(items.map(({ key, score, because }) => [key, score, because])).toEqual([
      [
        'c',
        20,
        [
          { key: 'b', score: 10 },
          { key: 'a', score: 5 },
        ],
      ],
      [
        'a',
        16,
        [
          { key: 'a', score: 10 },
          { key: 'b', score: 5 },
        ],
      ],
    ]);
    const [first] = (await answerOf(snapshot, { ...request, because: 1 })).items;
    expect(first!.because).toEqual([{ key: 'b', score: 10 }]);
  });

  it('leaves out items that lower the score, and uses the weights of the request', async () => {
    const leaveOut = async () => [{ row: 1, vectors: [[5, 5]] }];
    expect((await answerOf(snapshot, { ...request, leaveOut, because: 3 })).items[0]!.because).toEqual([]);
    const weighted = makeSnapshot({
      version: '1',
      items: { vectors: { data: Float32Array.of(3, 1, 1, 2, 0, 5), rows: 3, width: 2 }, keys: ['a', 'b', 'c'] },
      objectives: [
        { name: 'click', from: 0, to: 1, factor: 1 },
        { name: 'like', from: 1, to: 2, factor: 1 },
      ],
    });
    const { items } = await answerOf(weighted, { ...request, weights: { like: 0 }, because: 1 });
    // Only the first numbers count: `a` has 12, and 3 without `a`.
    expect(items[0]).toMatchObject({ key: 'a', score: 12, because: [{ key: 'a', score: 9 }] });
  });

  it('compares the highest scores of several interests', async () => {
    const vectors = [
      [4, 0],
      [0, 4],
    ];
    const leaveOut = async () => [
      {
        row: 1,
        vectors: [
          [4, 0],
          [0, 1],
        ],
      },
    ];
    const { items } = await answerOf(snapshot, { vectors, k: 1, leaveOut, because: 1 });
    expect(items[0]).toMatchObject({ key: 'c', score: 20, because: [{ key: 'b', score: 15 }] });
  });

  it('needs past items', async () => {
    await expect(answerOf(snapshot, byFirst(1, { because: 1 }))).rejects.toThrow('no past items');
  });
});

// The laws, on random items with columns, also on items of which some were written later.

const rows = 300;
const width = 8;
const random = makeRandom(3);
const numbers = (count: number) => Float32Array.from({ length: count }, () => 2 * random.next() - 1);
const genres = ['drama', 'war', 'comedy'];
const base = makeSnapshot({
  version: '1',
  items: {
    vectors: { data: numbers(rows * width), rows, width },
    keys: Array.from({ length: rows }, (_, row) => `i${row}`),
    columns: new Map([
      ['genre', textColumn(Array.from({ length: rows }, (_, row) => (row % 7 === 0 ? undefined : genres[row % 3])))],
      ['tags', textsColumn(Array.from({ length: rows }, (_, row) => [`t${row % 5}`, `t${row % 4}`]))],
      ['year', { kind: 'number', values: Float64Array.from({ length: rows }, (_, row) => 1900 + (row % 100)) }],
    ]),
  },
  users: {
    keys: ['u'],
    seen: {
      kind: 'bags',
      starts: Int32Array.of(0),
      ends: Int32Array.of(40),
      values: Int32Array.from({ length: 40 }, (_, i) => 5 * i),
    },
  },
});
const live = makeLiveItems(base);
const values = new Map<string, unknown>(Object.entries({ genre: 'drama', tags: ['t1'], year: 1999 }));
live.apply([
  ...['new1', 'new2', 'i7'].map((key) => ({ put: { key, vector: numbers(width), values } })),
  { delete: 'i9' },
]);

/** Entries that ask for each row of the table. */
const examples: Readonly<Record<keyof typeof rerankers, readonly RerankEntries[]>> = {
  boost: [
    { boost: [{ filter: 'year > 1950', weight: 0.3 }], bury: [{ filter: "genre = 'war'", weight: 0.2 }] },
    { bury: [{ filter: "'t1' in tags", weight: 1 }], diversity: 0.4, offset: 2 },
  ],
  exploration: [
    { exploration: { share: 0.5, filter: 'year > 1990', seed: 5 } },
    {
      exploration: { share: 0.3, seed: 6 },
      diversity: 0.4,
      boost: [{ filter: 'year > 1950', weight: 0.3 }],
      offset: 5,
    },
  ],
  because: [{ because: 2 }, { because: 1, offset: 4, most: { genre: 10 } }],
  offset: [{ offset: 0 }, { offset: 7 }],
  most: [{ most: { genre: 8 } }, { most: { tags: 12, genre: 20 }, offset: 3 }],
  diversity: [{ diversity: 0.3 }, { diversity: 1, most: { genre: 10 } }],
};
const asked = Object.entries(examples).flatMap(([name, all]) => all.map((entries) => [name, entries] as const));
const k = 12;
const query = numbers(width);
const leaveOut = async () =>
  [5, 10].map((row) => ({ row, vectors: [query.map((each, at) => each - base.itemVector(row)[at]!)] }));
const plain: TopRequest = {
  vectors: [query],
  k,
  filter: 'year >= 1920',
  exclude: ['i20', 'i21'],
  seenBy: 'u',
  leaveOut,
};

describe.each([
  ['the items of the data', base],
  ['with written items', live.snapshot],
])('laws, %s', (_, snapshot) => {
  it.each(asked)(
    '%s: an answer has eligible items, each once, and as many as there are: %j',
    async (_name, entries) => {
      const all = await answerOf(snapshot, { ...plain, k: rows });
      const eligible = new Set(keysOf(all));
      const answer = await answerOf(snapshot, { ...plain, ...entries });
      const keys = keysOf(answer);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys.every((key) => eligible.has(key))).toBe(true);
      expect(keys).toHaveLength(k);
      expect(answer.candidates).toBe(all.candidates);
      const some = await answerOf(snapshot, { ...plain, filter: 'year >= 1990', ...entries });
      expect(
        keysOf(some).every((key) => (snapshot.valuesOf(snapshot.itemRow(key), ['year']).year as number) >= 1990),
      ).toBe(true);
    },
  );

  it.each(asked)('%s: changes what its row says: %j', async (name, entries) => {
    const all = await answerOf(snapshot, { ...plain, k: rows });
    const { changes } = rerankers[name as keyof typeof rerankers];
    const { items } = await answerOf(snapshot, { ...plain, ...entries });
    if (changes === 'range') expect(items).toEqual(all.items.slice(entries.offset, entries.offset! + k));
    if (changes === 'scores') {
      const scores = new Map(all.items.map(({ key, score }) => [key, score]));
      expect(items.map(({ score, boost = 0 }) => score - boost)).toEqual(
        items.map(({ key }) => expect.closeTo(scores.get(key)!, 12)),
      );
    }
    if (changes === 'nothing') {
      const { because: _, ...others } = entries;
      const without = await answerOf(snapshot, { ...plain, ...others });
      expect(items.map(({ because: _because, ...item }) => item)).toEqual(without.items);
    }
    if (changes === 'order') expect(all.items).toEqual(expect.arrayContaining([...items]));
  });

  it.each(asked)('%s: the same request gets the same answer, alone and among others: %j', async (_name, entries) => {
    const request = { ...plain, ...entries };
    const alone = await answerOf(snapshot, request);
    expect(await answerOf(snapshot, request)).toEqual(alone);
    const together = await topEach(snapshot, [
      plain,
      request,
      { ...plain, filter: 'yea' },
      ...asked.map(([, more]) => ({ ...plain, ...more })),
    ]);
    expect(together[0]).toEqual(await answerOf(snapshot, plain));
    expect(together[1]).toEqual(alone);
    expect(together[2]).toBeInstanceOf(Failure);
    expect(together.slice(3)).toHaveLength(asked.length);
    expect(together.slice(3).some((each) => each instanceof Failure)).toBe(false);
  });

  it.each(asked)('%s: pages follow each other: %j', async (_name, entries) => {
    const { offset = 0 } = entries;
    const whole = await answerOf(snapshot, { ...plain, ...entries, candidates: 100, k: 3 * k } as TopRequest);
    const pages = [];
    for (const page of [0, 1, 2])
      pages.push(
        ...(
          await answerOf(snapshot, { ...plain, ...entries, candidates: 100, offset: offset + page * k } as TopRequest)
        ).items,
      );
    expect(pages).toEqual(whole.items);
  });
});

it('gives an answer of the scan to a request that asks for nothing, to the bit', async () => {
  expect(await topEach(base, [plain])).toEqual(base.top([plain]));
});
