/** An evaluation over some of its rankings: each is the ranking that the whole evaluation makes of the same question. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { Events, TrainingUsers } from '../../../src/data/dataset.ts';
import { drawRankings, questionsOf, taskOverRows } from '../../../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../../../src/training/evaluation/ranks.ts';
import type { ScoringTask } from '../../../src/training/scoring/scorer.ts';

const [count, items, people] = [60, 9, 12];
const draw = makeRandom(3, 1);
const drawn = (most: number): Int32Array => Int32Array.from({ length: count }, () => draw.integer(most));
const codes = drawn(50);
const events: Events = {
  rows: count,
  features: new Map([['code', { column: { kind: 'codes', values: codes } }]]),
  labels: new Map([['liked', Float32Array.from(codes)]]),
  item: drawn(items),
  user: drawn(people),
};
const users: TrainingUsers = {
  rows: people,
  keys: Array.from({ length: people }, (_, user) => `${user}`),
  seen: {
    kind: 'bags',
    starts: Int32Array.from({ length: people }, (_, user) => user),
    ends: Int32Array.from({ length: people }, (_, user) => user + 1),
    values: Int32Array.from({ length: people }, () => draw.integer(items)),
  },
};
const corpus = {
  rows: items,
  features: new Map(),
  keys: Array.from({ length: items }, (_, item) => `${item}`),
  trainingCounts: new Int32Array(items).fill(1),
};
/** Scores by the code of the row, as a tower reads it. */
const scorerOf = ({ features, rows }: Events) => {
  const { column, index } = features.get('code')!;
  if (column.kind !== 'codes') throw new Error('codes');
  const code = (row: number): number => column.values[index ? index[row]! : row]!;
  expect(rows).toBeLessThanOrEqual(count);
  return {
    name: '',
    doc: '',
    score: (asked: Int32Array) =>
      Float32Array.from([...asked].flatMap((row) => corpus.keys.map((_, item) => Math.sin(code(row) * (item + 1))))),
  };
};

const sampleOf = (task: ScoringTask, count: number, seed: number): ScoringTask =>
  drawRankings(task, count, seed).sampleTask(task);

describe.each(['event', 'user'] as const)('a sample, per %s', (per) => {
  const task: ScoringTask = { events, users, corpus, per };
  const whole = questionsOf(task).asks.length;

  it('has as many rankings as asked for, with all held-out items of each', async () => {
    const some = sampleOf(task, 5, 1);
    expect(questionsOf(some).asks).toHaveLength(5);
    const all = await rankEvents(task, scorerOf(events), true);
    const few = await rankEvents(some, scorerOf(some.events), true);
    // An event by its code, user and item, which are those of one row or of rows that are alike.
    const key = ({ user, item }: Events, row: number, labels: Float32Array) =>
      [user[row], item[row], labels[row]].join();
    const known = new Map<string, number[]>();
    for (const row of questionsOf(task).held.values) {
      known.set(key(events, row, events.labels.get('liked')!), [all.better[row]!, all.equal[row]!, all.corpus[row]!]);
    }
    for (const row of questionsOf(some).held.values) {
      const own = key(some.events, row, some.events.labels.get('liked')!);
      expect([few.better[row], few.equal[row], few.corpus[row]]).toEqual(known.get(own));
    }
    if (per === 'user') expect(new Set(some.events.user).size).toBe(5);
  });

  it('follows from the seed', () => {
    expect(sampleOf(task, 5, 1).events.item).toEqual(sampleOf(task, 5, 1).events.item);
    const others = [2, 3, 4].map((seed) => [...sampleOf(task, 5, seed).events.item].join());
    expect(new Set(others).size).toBeGreaterThan(1);
  });

  it('of all rankings is the task itself', () => {
    expect(sampleOf(task, whole, 1)).toBe(task);
  });
});

it('keeps what each event says of the context that popularity is counted in', () => {
  const context = {
    feature: 'code',
    words: String,
    training: new Int32Array(0),
    item: new Int32Array(0),
    asked: codes,
  };
  expect([...taskOverRows({ events, users, corpus, context }, Int32Array.of(7, 3)).context!.asked]).toEqual([
    codes[7],
    codes[3],
  ]);
});

it('rows of a column with an index of its own are found through it', () => {
  const indexed = taskOverRows({ events, users, corpus }, Int32Array.of(7, 3, 5));
  const again = taskOverRows(indexed, Int32Array.of(2, 0));
  expect([...again.events.features.get('code')!.index!]).toEqual([5, 7]);
});
