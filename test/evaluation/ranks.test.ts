import { describe, expect, it } from 'vitest';
import type { Events, Users } from '../../src/data/dataset.ts';
import { coldItems, figuresOf } from '../../src/evaluation/figures.ts';
import { rankEvents } from '../../src/evaluation/ranks.ts';
import type { ScoringTask } from '../../src/scoring/scorer.ts';

/** Six items; four events, of which the third is of an item outside the corpus and the last of a cold one. */
const events: Events = {
  rows: 4,
  features: new Map(),
  labels: new Map(),
  item: Int32Array.of(2, 0, -1, 5),
  user: Int32Array.of(1, 0, 0, -1),
};
const users: Users = {
  rows: 2,
  features: new Map(),
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

  it('leave out what was seen before the event too, of whoever has no training events as well', async () => {
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
  const measures = [
    { label: 'first', of: ({ better }: { better: number }) => (better === 0 ? 1 : 0) },
    { label: 'inverse', of: ({ better }: { better: number }) => 1 / (1 + better) },
  ];

  it('count events of cold items as misses, and show the others apart', async () => {
    const figures = figuresOf(events, task.corpus, await rankEvents(task, scorer), measures);
    expect(figures.all).toEqual({ first: 0, inverse: (1 / 3 + 1 / 2) / 4 });
    expect(figures.warm).toEqual({ first: 0, inverse: (1 / 3 + 1 / 2) / 2 });
    expect(coldItems(events, task.corpus)).toEqual({ events: 2, absent: 1, items: 1 });
  });
});
