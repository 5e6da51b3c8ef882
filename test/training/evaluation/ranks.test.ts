import { describe, expect, it, test } from 'vitest';
import { accuracyMetrics } from '../../../src/compiler/library/metrics/table.ts';
import type { BagColumn, Events, TrainingUsers } from '../../../src/data/dataset.ts';
import {
  coldItems,
  figuresOf,
  longestListLength,
  type Measure,
  makeMeasures,
} from '../../../src/training/evaluation/figures.ts';
import { taskOverRows } from '../../../src/training/evaluation/ranking_questions.ts';
import { makeRanker, rankEvents } from '../../../src/training/evaluation/ranks.ts';
import type { ScoringTask } from '../../../src/training/scoring/scorer.ts';
import fc from '../../fast_check.ts';

/** Few different scores, so that ties are common; some are not numbers. */
const score = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -4, max: 4 }).map((each) => each / 2) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0) },
);

function bagsOf(lists: readonly (readonly number[])[]): BagColumn {
  const ends = lists.map((_, i) => lists.slice(0, i + 1).reduce((sum, list) => sum + list.length, 0));
  return {
    kind: 'bags',
    starts: Int32Array.from([0, ...ends.slice(0, -1)]),
    ends: Int32Array.from(ends),
    values: Int32Array.from(lists.flat()),
  };
}

/** Ranks whole rows, each of one target. */
function rank(scores: Float32Array, columns: number, targets: Int32Array, excluded?: BagColumn) {
  const ranks = makeRanker()(columns, targets, Int32Array.from(targets.keys()), excluded);
  ranks.readTargetScores(scores, 0, columns);
  ranks.count(scores, 0, columns);
  return ranks.ranks();
}

describe('rank', () => {
  test('agrees with counting one by one: ties, repeated exclusions, excluded targets, NaN', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 37 })
          .chain((columns) =>
            fc.record({
              columns: fc.constant(columns),
              rows: fc.array(
                fc.record({
                  scores: fc.array(score, { minLength: columns, maxLength: columns }),
                  target: fc.integer({ min: 0, max: columns - 1 }),
                  bag: fc.integer({ min: -1, max: 1 }),
                }),
                { minLength: 1, maxLength: 8 },
              ),
              excluded: fc.array(fc.array(fc.integer({ min: -1, max: columns - 1 }), { maxLength: 12 }), {
                minLength: 2,
                maxLength: 2,
              }),
            }),
          ),
        ({ columns, rows, excluded }) => {
          const scores = Float32Array.from(rows.flatMap((row) => row.scores));
          const before = scores.slice();
          const targets = Int32Array.from(rows, (row) => row.target);
          const ranks = rank(scores, columns, targets, bagsOf(rows.map(({ bag }) => excluded[bag] ?? [])));
          expect(scores).toEqual(before);
          rows.forEach(({ target, bag, scores }, i) => {
            const out = new Set(bag < 0 ? [] : excluded[bag]);
            const others = scores.filter((_, column) => column !== target && !out.has(column));
            const own = scores[target]!;
            expect(ranks.ranked[i]).toBe(others.length + 1);
            const unknown = Number.isNaN(own);
            expect(ranks.better[i]).toBe(unknown ? others.length : others.filter((each) => each > own).length);
            expect(ranks.equal[i]).toBe(unknown ? 0 : others.filter((each) => each === own).length);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('matrices of many blocks and rows longer than a block', () => {
    for (const [rows, columns] of [
      [300, 2011],
      [3, 200_003],
    ] as const) {
      const scores = Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 12.9898) % 0.25);
      const targets = Int32Array.from({ length: rows }, (_, row) => (row * 7919) % columns);
      const ranks = rank(scores, columns, targets);
      for (const row of [0, 1, rows - 1]) {
        const of = scores.subarray(row * columns, (row + 1) * columns);
        const own = of[targets[row]!]!;
        expect(ranks.better[row]).toBe(of.reduce((count, each) => count + +(each > own), 0));
        expect(ranks.equal[row]).toBe(of.reduce((count, each) => count + +(each === own), 0) - 1);
      }
    }
  });

  test('columns that come some at a time have the ranks of all together', () => {
    const begin = makeRanker();
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 37 }).chain((columns) =>
          fc.record({
            columns: fc.constant(columns),
            scores: fc.array(score, { minLength: 4 * columns, maxLength: 4 * columns }),
            // Several targets of one row, as of a user who holds out several items.
            targets: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: columns - 1 })), {
              minLength: 1,
              maxLength: 8,
            }),
            excluded: fc.array(fc.array(fc.integer({ min: -1, max: columns - 1 }), { maxLength: 12 }), {
              minLength: 4,
              maxLength: 4,
            }),
            piece: fc.integer({ min: 1, max: columns }),
          }),
        ),
        ({ columns, scores: numbers, targets, excluded, piece }) => {
          const scores = Float32Array.from(numbers);
          const of = Int32Array.from(targets, ([row]) => row);
          const own = Int32Array.from(targets, ([, target]) => target);
          const partial = begin(columns, own, of, bagsOf(excluded));
          const some = (from: number, to: number): Float32Array =>
            Float32Array.from(
              [0, 1, 2, 3].flatMap((row) => [...scores.subarray(row * columns + from, row * columns + to)]),
            );
          const starts = Array.from({ length: Math.ceil(columns / piece) }, (_, at) => at * piece);
          const pieces = starts.map((from) => [from, Math.min(columns, from + piece)] as const).reverse();
          for (const [from, to] of pieces) {
            expect(partial.hasTarget(from, to)).toBe([...own].some((target) => target >= from && target < to));
            partial.readTargetScores(some(from, to), from, to);
          }
          for (const [from, to] of pieces) partial.count(some(from, to), from, to);
          const whole = begin(columns, own, of, bagsOf(excluded));
          whole.readTargetScores(scores, 0, columns);
          whole.count(scores, 0, columns);
          expect(partial.ranks()).toEqual(whole.ranks());
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a model that scores everything alike ranks nothing above the target', () => {
    const ranks = rank(new Float32Array(300).fill(0.5), 100, Int32Array.of(0, 50, 99));
    expect(ranks.better).toEqual(Int32Array.of(0, 0, 0));
    expect(ranks.equal).toEqual(Int32Array.of(99, 99, 99));
  });
});

/** Six items; four events, of which the third is of an item outside the corpus and the last of a cold one. */
const events: Events = {
  rows: 4,
  features: new Map(),
  labels: new Map(),
  item: Int32Array.of(2, 0, -1, 5),
  user: Int32Array.of(1, 0, 0, -1),
};
const users: TrainingUsers = {
  rows: 2,
  keys: ['a', 'b'],
  seen: {
    kind: 'bags',
    starts: Int32Array.of(0, 2),
    ends: Int32Array.of(2, 6),
    values: Int32Array.of(0, 1, 0, 3, 3, 2),
  },
};
const task: ScoringTask = {
  events,
  users,
  corpus: {
    rows: 6,
    features: new Map(),
    keys: ['a', 'b', 'c', 'd', 'e', 'f'],
    trainingCounts: Int32Array.of(2, 1, 1, 2, 1, 0),
  },
};
/** What each event's user thinks of the items. */
const table = [
  [9, 1, 5, 7, 5, 5],
  [3, 4, 3, 2, 1, 3],
  [0, 0, 0, 0, 0, 0],
  [1, 2, 3, 4, 5, 6],
];
const scorer = {
  name: 'table',
  doc: '',
  score: (rows: Int32Array) => Float32Array.from([...rows].flatMap((row) => table[row]!)),
};

describe('ranks', () => {
  it('say which rows come next before they are scored, in the order in which they are', async () => {
    const calls: [string, ...number[]][] = [];
    await rankEvents(task, {
      ...scorer,
      score(rows) {
        calls.push(['score', ...rows]);
        return scorer.score(rows);
      },
      expect: async (rows) => void calls.push(['expect', ...rows]),
    });
    expect(calls).toEqual([
      ['expect', 3, 1, 0],
      ['score', 3, 1, 0],
    ]);
  });

  it.each([1, 2, 4, 5, 6])('of a corpus that is scored %i items at a time are those of whole rows', async (piece) => {
    let scored = 0;
    const inPieces = {
      ...scorer,
      score: () => expect.unreachable('whole rows'),
      async scoreSome(rows: Int32Array, from: number, to: number) {
        scored += to - from;
        return Float32Array.from([...rows].flatMap((row) => table[row]!.slice(from, to)));
      },
    };
    for (const removeSeen of [false, true]) {
      const whole = await rankEvents(task, scorer, removeSeen, 3);
      expect(await rankEvents(task, inPieces, removeSeen, 3, { maxScores: 0, piece })).toEqual(whole);
    }
    expect(scored).toBeGreaterThanOrEqual(2 * 6);
  });

  it('count what scores above and what ties, over the whole corpus', async () => {
    const { better, equal, corpus } = await rankEvents(task, scorer);
    expect([...better]).toEqual([2, 1, 0, 0]);
    expect([...equal]).toEqual([2, 2, 0, 0]);
    expect([...corpus]).toEqual([6, 6, 0, 6]);
  });

  it('leave seen items out only when asked: each once, and never the event’s own', async () => {
    const { better, equal, corpus } = await rankEvents(task, scorer, true);
    // User b saw a (9, above), d (7, above, twice) and c (its own).
    expect([better[0], equal[0], corpus[0]]).toEqual([0, 2, 4]);
    // User a saw a (its own) and b (4, above).
    expect([better[1], equal[1], corpus[1]]).toEqual([0, 2, 5]);
  });

  it('leave out what was seen before the event too, also for users without training events', async () => {
    const bags = {
      kind: 'bags' as const,
      starts: Int32Array.of(0, 0, 0, 1),
      ends: Int32Array.of(1, 0, 0, 3),
      values: Int32Array.of(4, -1, 3),
    };
    const { better, equal, corpus } = await rankEvents({ ...task, seen: [{ bags }] }, scorer, true);
    // As above, and e, which ties.
    expect([better[0], equal[0], corpus[0]]).toEqual([0, 1, 3]);
    // Nobody's event: d, which is below; an item outside the corpus is nothing.
    expect([better[3], equal[3], corpus[3]]).toEqual([0, 0, 5]);
    const kept = await rankEvents({ ...task, seen: [{ bags }] }, scorer);
    expect([...kept.corpus]).toEqual([6, 6, 0, 6]);
  });
});

describe('figures', () => {
  const measures: Measure[] = [
    { label: 'first', of: ({ groups }) => (groups[0]?.better === 0 ? 1 : 0) },
    {
      label: 'inverse',
      of: ({ groups, count }) => groups.reduce((sum, { better }) => sum + 1 / (1 + better), 0) / count,
    },
  ];

  it('count events of cold items as misses, and show the others apart', async () => {
    const figures = figuresOf(task, await rankEvents(task, scorer), measures);
    expect(figures.all).toEqual({ first: 0, inverse: (1 / 3 + 1 / 2) / 4 });
    expect(figures.warm).toEqual({ first: 0, inverse: (1 / 3 + 1 / 2) / 2 });
    expect(figures.cold).toBeUndefined();
    expect(coldItems(events, task.corpus)).toEqual({ events: 2, absent: 1, items: 1 });
  });

  it('count cold items of the corpus at their ranks for a scorer that ranks them; an item outside the corpus stays a miss', async () => {
    const ranks = await rankEvents(task, { ...scorer, ranksCold: true });
    const figures = figuresOf(task, ranks, measures);
    // The last event's item is first; the third event's is not in the corpus.
    expect(figures.all).toEqual({ first: 1 / 4, inverse: (1 / 3 + 1 / 2 + 0 + 1) / 4 });
    expect(figures.warm).toEqual({ first: 0, inverse: (1 / 3 + 1 / 2) / 2 });
    expect(figures.cold).toEqual({ first: 1 / 2, inverse: (0 + 1) / 2 });
  });

  it('have none of cold items where no event is cold', async () => {
    const warm = { ...task, events: { ...events, rows: 2 } };
    expect(figuresOf(warm, await rankEvents(warm, { ...scorer, ranksCold: true }), measures).cold).toBeUndefined();
  });
});

describe('lists', () => {
  const coverage = makeMeasures([
    { metric: 'coverage', k: 1 },
    { metric: 'coverage', k: 2 },
  ]);

  it('coverage counts the items of all together, without what left a ranking', async () => {
    // Best first: a, d; b, a; a, b of equal scores, though the item held out is in no corpus; f, e.
    const kept = await rankEvents(task, scorer, false, 2);
    expect([...kept.lists!.items]).toEqual([0, 3, 1, 0, 0, 1, 5, 4]);
    expect(figuresOf(task, kept, coverage).all).toEqual({ 'coverage@1': 3 / 6, 'coverage@2': 5 / 6 });
    // Where only warm items are held out, the last does not ask.
    expect(figuresOf(task, kept, coverage).warm).toEqual({ 'coverage@1': 2 / 6, 'coverage@2': 3 / 6 });
    // The user of the first event had a, d and c, which is its own item; that of the second a and b, its own is a.
    const removed = await rankEvents(task, scorer, true, 2);
    expect([...removed.lists!.items].slice(0, 4)).toEqual([2, 4, 0, 2]);
  });

  it('means over lists count each question, also one whose item cannot be ranked', async () => {
    const popularity = makeMeasures([{ metric: 'popularity', k: 2 }]);
    const { all, warm } = figuresOf(task, await rankEvents(task, scorer, false, 3), popularity);
    // Training events of a, d; b, a; a, b; f, e: two events, one and a half, the same, and a half.
    expect(all['popularity@2']).toBe((2 + 1.5 + 1.5 + 0.5) / 4);
    expect(warm['popularity@2']).toBe((2 + 1.5) / 2);
    // A shorter list has the mean of what it has.
    const few = makeMeasures([{ metric: 'popularity', k: 9 }]);
    expect(figuresOf(task, await rankEvents(task, scorer, false, 9), few).all['popularity@9']).toBeCloseTo(7 / 6, 12);
  });

  it('are compared with what the user had before the event, or else in training, also in a sample', async () => {
    // Of a to f by their kinds: two of 0, two of 1, one of 2; f has none.
    const { starts, ends, values } = bagsOf([[0], [0], [1], [1], [2], []]);
    const typed = { ...task, corpus: { ...task.corpus, elements: new Map([['kind', { starts, ends, values }]]) } };
    const measure = makeMeasures([{ metric: 'calibration', column: 'kind', k: 1 }]);
    const of = async (task: ScoringTask) =>
      figuresOf(task, await rankEvents(task, scorer, false, 1), measure).all['calibration(kind)@1'];
    // The second event's user had a and b, and b is its first item; the first one's had a, d, d and c, and a is its first.
    expect(await of(taskOverRows(typed, Int32Array.of(1)))).toBe(0);
    const expected = 0.25 * Math.log(0.25 / 0.9925) + 0.75 * Math.log(0.75 / 0.0075);
    expect(await of(taskOverRows(typed, Int32Array.of(0)))).toBeCloseTo(expected, 12);
    const earlier = { bags: bagsOf([[4], [4], [4], [4]]) };
    const later = { ...typed, events: { ...events, earlier } };
    expect(await of(later)).toBeCloseTo(Math.log(100), 12);
    expect(await of(taskOverRows(later, Int32Array.of(0)))).toBeCloseTo(Math.log(100), 12);
  });

  it('that no metric reads cost nothing', async () => {
    expect((await rankEvents(task, scorer)).lists).toBeUndefined();
  });
});

describe('per user', () => {
  /** User a holds out c, d, d again, and an item outside the corpus; nobody holds out e. */
  const several: ScoringTask = {
    ...task,
    per: 'user',
    events: { ...events, rows: 5, item: Int32Array.of(2, 3, 3, -1, 4), user: Int32Array.of(0, 0, 0, 0, -1) },
  };
  const asked: number[] = [];
  const watched = {
    ...scorer,
    score(rows: Int32Array) {
      asked.push(...rows);
      return scorer.score(rows.map((row) => Math.min(row, 3)));
    },
  };

  it('each user ranks once, by what is known at the first event, and every held-out item has its rank in that', async () => {
    asked.length = 0;
    const ranks = await rankEvents(several, watched);
    expect(asked.sort()).toEqual([0, 4]);
    // Of [9, 1, 5, 7, 5, 5]: c has 9 and 7 above it, and ties with e and f; d has 9.
    expect([ranks.better[0], ranks.equal[0]]).toEqual([2, 2]);
    expect([ranks.better[1], ranks.equal[1]]).toEqual([1, 0]);
  });

  it('items of training leave the ranking, unless they are held out, and so does what else the task says', async () => {
    const bags = {
      kind: 'bags' as const,
      starts: new Int32Array(5),
      ends: new Int32Array(5).fill(1),
      values: Int32Array.of(5),
    };
    const given = await rankEvents({ ...several, seen: [{ bags }] }, watched, true);
    expect([given.better[0], given.equal[0], given.corpus[0]]).toEqual([1, 1, 3]);
    const ranks = await rankEvents(several, watched, true);
    // User a saw a (9) and b (1).
    expect([ranks.better[0], ranks.equal[0], ranks.corpus[0]]).toEqual([1, 2, 4]);
    expect([ranks.better[1], ranks.equal[1], ranks.corpus[1]]).toEqual([0, 0, 4]);
    const again = { ...several, events: { ...several.events, item: Int32Array.of(2, 0, 0, -1, 4) } };
    // a was seen, and is held out: it stays, above c too.
    const kept = await rankEvents(again, watched, true);
    expect([kept.better[0], kept.better[1], kept.corpus[1]]).toEqual([2, 0, 5]);
  });

  it('figures are means over users, of all that each holds out: once each, those outside the corpus as misses', async () => {
    const measures = makeMeasures([
      { metric: 'recall', k: 2 },
      { metric: 'ndcg', k: 2 },
    ]);
    const figures = figuresOf(several, await rankEvents(several, watched, true), measures);
    // User a: d first, then c in one order of three; three items held out. Nobody: e is second of [1, 2, 3, 4, 5, 6].
    expect(figures.all['recall@2']).toBeCloseTo(((1 + 1 / 3) / 3 + 1) / 2, 12);
    const second = 1 / Math.log2(3);
    expect(figures.all['ndcg@2']).toBeCloseTo(((1 + second / 3) / (1 + second) + second) / 2, 12);
    expect(figures.warm['recall@2']).toBeCloseTo(((1 + 1 / 3) / 2 + 1) / 2, 12);
  });

  it('one held-out event a user gives the figures of each event', async () => {
    const single = { ...task, events: { ...events, user: Int32Array.of(1, 0, -1, -1) } };
    const measures = makeMeasures(Object.keys(accuracyMetrics).map((metric) => ({ metric, k: 3 })));
    const of = async (per: 'user' | 'event') =>
      figuresOf(
        { ...single, per },
        await rankEvents({ ...single, per }, scorer, true, longestListLength(measures)),
        measures,
      );
    expect(await of('user')).toEqual(await of('event'));
  });
});
