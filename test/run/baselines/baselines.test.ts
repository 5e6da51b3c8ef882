import { describe, expect, it } from 'vitest';
import { baselines } from '../../../src/run/baselines/table.ts';
import { modelHistory } from '../../../src/run/model_history.ts';
import { rankEvents } from '../../../src/run/ranks.ts';
import type { ScoringTask } from '../../../src/run/scorer.ts';
import { makePlan } from '../fixture_plan.ts';
import { makeDataset } from '../fixtures.ts';

const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
const task: ScoringTask = { events: dataset.parts.test, corpus: dataset.corpus, users: dataset.users };
const { events, corpus, users } = task;
const allRows = Int32Array.from({ length: events.rows }, (_, i) => i);
const scoresOf = async (name: string): Promise<Float32Array> => {
  const scores = await baselines[name]!.prepare(task).score(allRows);
  return scores.slice(0, events.rows * corpus.rows);
};

describe('random', () => {
  it('gives every event the expectation of a shuffled corpus', async () => {
    const { better, equal } = await rankEvents(task, { name: 'random', doc: '', ...baselines.random!.prepare(task) });
    expect(new Set(better)).toEqual(new Set([0]));
    expect(new Set(equal)).toEqual(new Set([corpus.rows - 1]));
  });
});

describe('popularity', () => {
  it('scores each item by its training events, for everyone alike', async () => {
    const scores = await scoresOf('popularity');
    for (let row = 0; row < events.rows; row++) {
      expect([...scores.subarray(row * corpus.rows, (row + 1) * corpus.rows)]).toEqual([...corpus.trainingCounts]);
    }
  });
});

describe('item_cf', () => {
  const had = Array.from(
    { length: users.rows },
    (_, user) => new Set(users.seen.values.subarray(users.seen.starts[user], users.seen.ends[user])),
  );
  const usersOf = (item: number) => had.filter((items) => items.has(item)).length;
  const both = (a: number, b: number) => had.filter((items) => items.has(a) && items.has(b)).length;

  it('sums the cosines with the items of the user’s history, item by item', async () => {
    const scores = await scoresOf('item_cf');
    for (let row = 0; row < events.rows; row++) {
      for (let item = 0; item < corpus.rows; item++) {
        let expected = 0;
        for (const other of had[events.user[row]!]!) {
          if (other !== item && both(other, item) > 0) {
            expected += both(other, item) / Math.sqrt(usersOf(other) * usersOf(item));
          }
        }
        const score = scores[row * corpus.rows + item]!;
        expect(Math.abs(score - expected)).toBeLessThan(1e-6);
        if (expected === 0) expect(score).toBe(0);
      }
    }
  });

  it('adds the history that the model reads with an event, each item once', async () => {
    const { column } = events.features.get('history')!;
    const plan = makePlan();
    const history = modelHistory(plan, events, corpus)!;
    expect(history.bags.values.length).toBe((column as { values: Int32Array }).values.length);
    const scores = await baselines.item_cf!.prepare({ ...task, history }).score(allRows);
    for (let row = 0; row < events.rows; row++) {
      const user = events.user[row]!;
      const { starts, ends } = history.bags;
      const before = new Set([...had[user]!, ...users.seen.values.subarray(starts[row], ends[row])]);
      for (let item = 0; item < corpus.rows; item++) {
        let expected = 0;
        for (const other of before) {
          if (other !== item && both(other, item) > 0) {
            expected += both(other, item) / Math.sqrt(usersOf(other) * usersOf(item));
          }
        }
        expect(Math.abs(scores[row * corpus.rows + item]! - expected)).toBeLessThan(1e-6);
      }
    }
  });

  it('ties everything for a user it does not know', async () => {
    const stranger = { ...task, events: { ...events, user: new Int32Array(events.rows).fill(-1) } };
    const scores = await baselines.item_cf!.prepare(stranger).score(allRows);
    expect(scores.every((score) => score === 0)).toBe(true);
  });

  it('estimates its work without doing it', () => {
    expect(baselines.item_cf!.work!(task)).toBeGreaterThan(events.rows);
  });
});
