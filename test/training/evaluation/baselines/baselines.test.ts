import { describe, expect, it } from 'vitest';
import { type Baseline, trainingInteractions } from '../../../../src/training/evaluation/baselines/baseline.ts';
import { throughItems, throughUsers } from '../../../../src/training/evaluation/baselines/ease.ts';
import { baselines } from '../../../../src/training/evaluation/baselines/table.ts';
import {
  chooseBaselines,
  itemsGivenBy,
  popularityBy,
  uniteBags,
} from '../../../../src/training/evaluation/contestants.ts';
import { rankEvents } from '../../../../src/training/evaluation/ranks.ts';
import { plainProduct } from '../../../../src/training/scoring/matrix_product.ts';
import type { ScoringTask } from '../../../../src/training/scoring/scorer.ts';
import { makePlan } from '../../fixture_plan.ts';
import { makeDataset } from '../../fixtures.ts';

const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
const task: ScoringTask = { events: dataset.parts.test, corpus: dataset.corpus, users: dataset.users };
const { events, corpus, users } = task;
const plain = (name: string): Baseline => baselines[name] as Baseline;
const allRows = Int32Array.from({ length: events.rows }, (_, i) => i);
const scoresOf = async (name: string): Promise<Float32Array> => {
  const scores = await plain(name).prepare(task).score(allRows);
  return scores.slice(0, events.rows * corpus.rows);
};

it.each(Object.keys(baselines).filter((name) => 'prepare' in baselines[name]!))(
  '%s ranks a piece of the corpus at a time as it ranks whole rows, where it can',
  async (name) => {
    const scorer = { name, doc: '', ...plain(name).prepare(task) };
    const whole = await rankEvents(task, scorer, true, 5);
    expect(await rankEvents(task, scorer, true, 5, { maxScores: 0, piece: 7 })).toEqual(whole);
    expect(scorer.scoreSome !== undefined).toBe(['random', 'popularity'].includes(name));
  },
);

describe('random', () => {
  it('gives every event the expectation of a shuffled corpus', async () => {
    const { better, equal } = await rankEvents(task, { name: 'random', doc: '', ...plain('random').prepare(task) });
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
    const history = uniteBags(itemsGivenBy(plan, events), events)!;
    expect(history.bags.values.length).toBe((column as { values: Int32Array }).values.length);
    const scores = await plain('item_cf')
      .prepare({ ...task, history })
      .score(allRows);
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
    const scores = await plain('item_cf').prepare(stranger).score(allRows);
    expect(scores.every((score) => score === 0)).toBe(true);
  });

  it('estimates its work without doing it', () => {
    expect(plain('item_cf').steps!(task)).toBeGreaterThan(events.rows);
  });
});

describe('ease', () => {
  const lambda = 3;
  const training = trainingInteractions(task);
  const dense = Array.from({ length: users.rows }, (_, user) => {
    const row = new Float64Array(corpus.rows);
    const { starts, values } = training.itemsOf;
    for (const item of values.subarray(starts[user]!, starts[user + 1]!)) row[item] = 1;
    return row;
  });

  /** min ‖x_j − X b‖² + λ‖b‖² with b_j = 0, by gradient descent: what the closed form must equal. */
  function regression(target: number): Float64Array {
    const weights = new Float64Array(corpus.rows);
    const step = 1 / (users.rows * corpus.rows + lambda);
    for (let round = 0; round < 30_000; round++) {
      const slope = weights.map((weight) => lambda * weight);
      for (const row of dense) {
        const error = row.reduce((sum, has, item) => sum + has * weights[item]!, 0) - row[target]!;
        if (error !== 0) for (let item = 0; item < row.length; item++) slope[item]! += error * row[item]!;
      }
      for (let item = 0; item < weights.length; item++) if (item !== target) weights[item]! -= step * slope[item]!;
    }
    return weights;
  }

  it('gives the weights that ridge regression of an item on all others finds', async () => {
    const target = training.itemsOf.values[0]!;
    const weights = regression(target);
    const scores = await throughItems(training, lambda, plainProduct);
    for (let item = 0; item < corpus.rows; item++) {
      const sums = new Float64Array(corpus.rows);
      scores(Int32Array.of(item), sums, -1);
      expect(sums[target]).toBeCloseTo(item === target ? 0 : weights[item]!, 5);
    }
  });

  it('is the same through the users as through the items', async () => {
    const items = await throughItems(training, lambda, plainProduct);
    const through = await throughUsers(training, lambda, plainProduct);
    for (const history of [[0, 3, 4], [7], [], [1, 2, 5, 11, 29]]) {
      const [a, b] = [new Float64Array(corpus.rows), new Float64Array(corpus.rows)];
      items(Int32Array.from(history), a, -1);
      through(Int32Array.from(history), b, -1);
      for (let item = 0; item < corpus.rows; item++) expect(b[item]).toBeCloseTo(a[item]!, 12);
    }
  });

  it('has nothing to go by without users', () => {
    const without = { ...task, users: { ...users, rows: 0 } };
    expect(plain('item_cf').whyMissing!(without)).toContain('no users');
    expect(plain('item_cf').whyMissing!(task)).toBeUndefined();
    const { rows, leftOut } = chooseBaselines(without, { dataset, part: 'test', removeSeen: false });
    expect(rows.map(({ name }) => name)).toEqual(['random', 'popularity']);
    expect(leftOut).toContain('ease is excluded: the data has no users, and the model reads no history.');
  });
});

describe('popularity by a feature', () => {
  it('counts training events of the same value, and all events between equals', () => {
    const training = Int32Array.of(1, 1, 2, 1);
    const item = Int32Array.of(5, 6, 5, 5);
    const asked = new Int32Array(events.rows).fill(1);
    asked[1] = 2;
    asked[2] = 9;
    const context = { feature: 'origin', words: String, training, item, asked };
    const scores = popularityBy.prepare({ ...task, context }).score(Int32Array.of(0, 1, 2)) as Float32Array;
    const of = (row: number, at: number): number => scores[row * corpus.rows + at]!;
    expect([of(0, 5), of(0, 6), of(1, 5)].map(Math.floor)).toEqual([2, 1, 1]);
    const counts = corpus.trainingCounts;
    const [least, most] = [counts.indexOf(Math.min(...counts)), counts.indexOf(Math.max(...counts))];
    expect(of(2, most)).toBeGreaterThan(of(2, least));
    expect(of(2, most)).toBeLessThan(1);
  });
});
