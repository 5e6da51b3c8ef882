import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type HistoryScores,
  makeAges,
  makeHistory,
  settingsTried,
  type TrainingInteractions,
  type TunedBaseline,
  trainingInteractions,
} from '../../../../src/training/evaluation/baselines/baseline.ts';
import { throughItems, throughUsers } from '../../../../src/training/evaluation/baselines/ease.ts';
import { type Factors, factorize, makeSolver } from '../../../../src/training/evaluation/baselines/ials.ts';
import { itemKnnWeights } from '../../../../src/training/evaluation/baselines/item_knn.ts';
import { sumWeights, transposeWeights } from '../../../../src/training/evaluation/baselines/item_to_item.ts';
import { rp3betaWeights } from '../../../../src/training/evaluation/baselines/rp3beta.ts';
import { slimWeights } from '../../../../src/training/evaluation/baselines/slim.ts';
import { baselines } from '../../../../src/training/evaluation/baselines/table.ts';
import {
  chooseSetting,
  fitOne,
  sampleUsers,
  settingWords,
} from '../../../../src/training/evaluation/baselines/tune_baselines.ts';
import { makeTask } from '../../../../src/training/evaluation/contestants.ts';
import { plainProduct } from '../../../../src/training/scoring/matrix_product.ts';
import { makeDataset } from '../../fixtures.ts';

/** Dense computations by numpy and scikit-learn: test/fixtures/baselines.py. */
const fixture = JSON.parse(readFileSync('test/fixtures/baselines.json', 'utf8'));
const had: number[][] = fixture.had;
const training: TrainingInteractions = trainingInteractions({
  users: {
    rows: had.length,
    keys: [],
    seen: {
      kind: 'bags',
      starts: Int32Array.from(had, (_, user) => had.slice(0, user).flat().length),
      ends: Int32Array.from(had, (_, user) => had.slice(0, user + 1).flat().length),
      values: Int32Array.from(had.flat()),
    },
  },
  corpus: { rows: fixture.items, features: new Map(), keys: [], trainingCounts: new Int32Array(fixture.items) },
  events: { rows: 0, features: new Map(), labels: new Map(), item: new Int32Array(), user: new Int32Array() },
});

function expectScores(name: string, add: HistoryScores, digits = 10): void {
  fixture.histories.forEach((history: number[], at: number) => {
    const scores = new Float64Array(fixture.items);
    add(Int32Array.from(history), scores, -1);
    scores.forEach((score, item) => {
      expect(score, `${name} of ${item} for ${history}`).toBeCloseTo(fixture[name].scores[at][item], digits);
    });
  });
}

describe('scores agree with dense computations', () => {
  it('ease, through the items and through the users', async () => {
    expectScores('ease', await throughItems(training, fixture.ease.λ, plainProduct));
    expectScores('ease', await throughUsers(training, fixture.ease.λ, plainProduct));
  });

  it('ease of a user of the training is that of the same history of somebody else, and with more items too', async () => {
    const known = await throughUsers(training, fixture.ease.λ, plainProduct);
    const stranger = await throughItems(training, fixture.ease.λ, plainProduct);
    had.forEach((items, user) => {
      for (const more of [[], [fixture.items - 1], [0, 1, 2]]) {
        const history = Int32Array.from(new Set([...items, ...more])).sort();
        const [first, second] = [known, stranger].map((scores, at) => {
          const target = new Float64Array(fixture.items);
          scores(history, target, at === 0 ? user : -1);
          return target;
        });
        first!.forEach((score, item) => {
          expect(score).toBeCloseTo(second![item]!, 9);
        });
      }
    });
  });

  it('item_knn', () => {
    expectScores('item_knn', sumWeights(transposeWeights(itemKnnWeights(training, [fixture.item_knn])[0]!)));
  });

  it('rp3beta', () => {
    expectScores('rp3beta', sumWeights(rp3betaWeights(training, [fixture.rp3beta], fixture.rp3beta.k)[0]!));
  });

  it('slim, where the descent runs to its end', () => {
    const [weights] = slimWeights(training, [fixture.slim], { maxRounds: 10_000, change: 0 });
    expectScores('slim', sumWeights(transposeWeights(weights!)), 7);
  });
});

describe('a history with weights', () => {
  const weighing = Object.entries(baselines).filter(
    (row): row is [string, TunedBaseline] => 'settings' in row[1] && row[1].weighsHistory === true,
  );
  const [history, weights] = [Int32Array.of(0, 2, 3), Float64Array.of(0.25, 1, 0.5)];
  const sumsOf = (scores: HistoryScores, items: Int32Array, own?: Float64Array): Float64Array => {
    const target = new Float64Array(training.items);
    scores(items, target, -1, own);
    return target;
  };
  const expectSums = (scores: HistoryScores): void => {
    const wanted = new Float64Array(training.items);
    history.forEach((item, i) => {
      for (const [other, score] of sumsOf(scores, Int32Array.of(item)).entries()) wanted[other]! += weights[i]! * score;
    });
    const before = sumsOf(scores, history);
    for (const [other, score] of sumsOf(scores, history, weights).entries())
      expect(score).toBeCloseTo(wanted[other]!, 10);
    // One with weights in between changes nothing.
    for (const [other, score] of sumsOf(scores, history).entries()) expect(score).toBeCloseTo(before[other]!, 10);
  };

  it.each(weighing)('of %s is scored as the weighted sum of its items', async (_, row) => {
    expectSums(await fitOne(row, training, row.settings[row.defaultSetting]!, plainProduct));
  });

  it('of ease is so through the users, too', async () => {
    expectSums(await throughUsers(training, fixture.ease.λ, plainProduct));
    expectSums(await throughItems(training, fixture.ease.λ, plainProduct));
  });

  it('is chosen by validation where events have an order: the latest item decides here', async () => {
    // Each item is like the next number alone, and what is held out follows the latest item.
    const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
    const whole = makeTask({ dataset, part: 'validation' });
    const agesOf = makeAges(whole);
    const itemsOf = trainingInteractions(whole).itemsOf;
    const latest = Int32Array.from(whole.events.item.keys(), (row) => {
      const items = makeHistory(whole, itemsOf)(row);
      return items[agesOf(row, items).indexOf(0)]!;
    });
    const task = { ...whole, events: { ...whole.events, item: latest.map((item) => (item + 1) % 30) } };
    const row: TunedBaseline = {
      ...weighing[0]![1],
      fitSettings: (_, settings) =>
        settings.map(() => (items, target, _user, own) => {
          for (let i = 0; i < items.length; i++) target[(items[i]! + 1) % 30]! += own ? own[i]! : 1;
        }),
    };
    const options = { validation: task, removeSeen: false, product: plainProduct };
    const chosen = await chooseSetting(row, trainingInteractions(task), { ...options, ordered: true });
    expect(chosen.decay).toBeLessThan(1);
    expect(chosen.words).toContain(`; decay = ${chosen.decay}, chosen out of 6`);
    expect((await chooseSetting(row, trainingInteractions(task), options)).decay).toBe(1);
  });

  it('has the age 0 for the latest: first what the model reads with the event, then the events of the training', () => {
    const bag = (values: number[]) => ({
      kind: 'bags' as const,
      starts: Int32Array.of(0),
      ends: Int32Array.of(values.length),
      values: Int32Array.from(values),
    });
    const task = {
      users: { rows: 1, keys: [], seen: bag([5, 3, 1, 3, 7]) },
      corpus: { rows: 8, features: new Map(), keys: [], trainingCounts: new Int32Array(8) },
      events: { rows: 1, features: new Map(), labels: new Map(), item: Int32Array.of(0), user: Int32Array.of(0) },
      history: { bags: bag([1, 7, -1, 2]) },
    };
    expect(makeAges(task)(0, Int32Array.of(1, 2, 3, 5, 7))).toEqual(Int32Array.of(2, 0, 3, 4, 1));
  });
});

describe('several settings together have the scores of each alone', () => {
  const rows = Object.entries(baselines).filter((row): row is [string, TunedBaseline] => 'settings' in row[1]);

  it.each(rows)('%s', async (_, row) => {
    const together: Float64Array[] = [];
    const history = Int32Array.of(0, 2);
    const scoresOf = (scores: HistoryScores): Float64Array => {
      const target = new Float64Array(training.items);
      scores(history, target, -1);
      return target;
    };
    const settings = [row.settings[0]!, row.settings.at(-1)!];
    for await (const scores of row.fitSettings(training, settings, plainProduct)) together.push(scoresOf(scores));
    for (const [at, setting] of settings.entries()) {
      expect(together[at]).toEqual(scoresOf(await fitOne(row, training, setting, plainProduct)));
    }
    expect(together.length).toBe(2);
  });
});

describe('ials', () => {
  const setting = { α0: 0.3, λ: 0.1 };

  it('solves the normal equations of each history', () => {
    const { α0, λ, factors, vectors } = fixture.ials;
    const width = factors[0].length;
    const products = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
    const data = Float64Array.from(factors.flat());
    const solve = makeSolver({ width, data }, { α0, λ });
    // The solver turns the factors, and its vectors with them: what is defined are the products of both.
    fixture.histories.forEach((history: number[], at: number) => {
      const vector = solve(Int32Array.from(history));
      factors.forEach((factor: number[], item: number) => {
        const turned = data.subarray(item * width, (item + 1) * width);
        expect(products(vector, turned)).toBeCloseTo(products(vectors[at], factor), 10);
      });
    });
  });

  /** By its definition, over all pairs. */
  function loss(users: Factors, items: Factors): number {
    const { width } = users;
    const square = ({ data }: Factors, row: number): number =>
      data.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value * value, 0);
    let sum = 0;
    for (let user = 0; user < training.users; user++) {
      for (let item = 0; item < training.items; item++) {
        let score = 0;
        for (let i = 0; i < width; i++) score += users.data[user * width + i]! * items.data[item * width + i]!;
        sum += setting.α0 * score ** 2 + (had[user]!.includes(item) ? (1 - score) ** 2 : 0);
      }
      sum += setting.λ * (had[user]!.length + setting.α0 * training.items) * square(users, user);
    }
    for (let item = 0; item < training.items; item++) {
      const count = had.filter((items) => items.includes(item)).length;
      sum += setting.λ * (count + setting.α0 * training.users) * square(items, item);
    }
    return sum;
  }

  it('lowers its loss with every sweep', () => {
    const losses: number[] = [];
    factorize(training, setting, { width: 4, sweeps: 12, seed: 1, onSweep: (...both) => losses.push(loss(...both)) });
    for (let at = 1; at < losses.length; at++) expect(losses[at]).toBeLessThanOrEqual(losses[at - 1]! + 1e-12);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 1e-3);
  });

  it('ends each half of a sweep where no vector of an item can be bettered', () => {
    const { users, items } = factorize(training, setting, { width: 4, sweeps: 2, seed: 1 });
    const least = loss(users, items);
    for (let at = 0; at < items.data.length; at++) {
      const before = items.data[at]!;
      const around = [1e-4, -1e-4].map((step) => {
        items.data[at] = before + step;
        return loss(users, items);
      });
      items.data[at] = before;
      for (const value of around) expect(value).toBeGreaterThanOrEqual(least);
    }
  });

  it('draws the same numbers from the same seed', () => {
    const [a, b, other] = [1, 1, 2].map(
      (seed) => factorize(training, setting, { width: 4, sweeps: 2, seed }).items.data,
    );
    expect(b).toEqual(a);
    expect(other).not.toEqual(a);
  });
});

describe('every baseline with settings', () => {
  const rows = Object.entries(baselines).filter((row): row is [string, TunedBaseline] => 'settings' in row[1]);
  const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
  const task = makeTask({ dataset, part: 'validation' });

  it.each(rows)('%s tries as many settings as the others, all different', (_, { settings, defaultSetting: usual }) => {
    expect(new Set(settings.map(settingWords)).size).toBe(settingsTried);
    expect(settings[usual]).toBeDefined();
  });

  it.each(rows)('%s scores nobody alike: without a history all items tie', async (_, row) => {
    const scores = await fitOne(row, training, row.settings[row.defaultSetting]!, plainProduct);
    const sums = new Float64Array(training.items);
    scores(new Int32Array(), sums, -1);
    expect(new Set(sums.map(Math.abs))).toEqual(new Set([0]));
  });

  it.each(rows)('%s is given a setting by validation, the same each time', async (_, { ladders: __, ...row }) => {
    const options = { validation: task, removeSeen: false, product: plainProduct };
    const first = await chooseSetting(row, trainingInteractions(task), options);
    const again = await chooseSetting({ ...row, settings: [first.setting] }, trainingInteractions(task), options);
    expect(row.settings).toContain(first.setting);
    expect(again.setting).toBe(first.setting);
    const sums = [first, again].map(({ scores }) => {
      const target = new Float64Array(task.corpus.rows);
      scores(Int32Array.of(1, 4, 9), target, -1);
      return target;
    });
    expect(sums[1]).toEqual(sums[0]);
    expect(first.words.replace(/; .* at the end of what was tried$/, '')).toBe(
      `${settingWords(first.setting)}, chosen out of 6 by ndcg@10 on ${task.events.rows} validation events`,
    );
  });

  it('takes the setting that ranks validation best', async () => {
    // Setting 2 scores the items that were held out, the others all the others.
    const held = new Set(task.events.item);
    const row: TunedBaseline = {
      ...rows[0]![1],
      settings: [0, 1, 2, 3].map((k) => ({ k })),
      fitSettings: (_, settings) =>
        settings.map(({ k }) => (_history, target) => {
          for (let item = 0; item < target.length; item++) target[item] = held.has(item) === (k === 2) ? 1 : 0;
        }),
    };
    const { setting } = await chooseSetting(row, trainingInteractions(task), {
      validation: task,
      removeSeen: false,
      product: plainProduct,
    });
    expect(setting).toEqual({ k: 2 });
  });

  it('walks on from the best setting for as long as validation ranks better', async () => {
    // The nearer k is to 4, the fewer items are above those that were held out; 7 costs too much.
    const held = new Set(task.events.item);
    const rowWith = (...settings: number[]): TunedBaseline => ({
      ...rows[0]![1],
      settings: settings.map((k) => ({ k })),
      ladders: { k: [1, 2, 3, 4, 5, 6, 7] },
      isWorthTime: (_, { k }) => k !== 7,
      fitSettings: (_, some) =>
        some.map(({ k }) => (_history, target) => {
          for (let item = 0; item < target.length; item++)
            target[item] = held.has(item) ? 1 : item % 5 < Math.abs(k! - 4) ? 2 : 0;
        }),
    });
    const chosen = (...settings: number[]) =>
      chooseSetting(rowWith(...settings), trainingInteractions(task), {
        validation: task,
        removeSeen: false,
        product: plainProduct,
      });
    expect((await chosen(1, 2)).words).toMatch(/^k = 4, chosen out of 5 by/);
    expect((await chosen(6)).words).toMatch(/^k = 4, chosen out of 4 by/);
  });

  it('takes the usual setting where there is no validation event, and reports it', async () => {
    const row = rows[0]![1];
    const { setting, words } = await chooseSetting(row, trainingInteractions(task), {
      validation: undefined,
      removeSeen: false,
      product: plainProduct,
    });
    expect(setting).toBe(row.settings[row.defaultSetting]);
    expect(words).toContain('not chosen: there is no validation event');
  });
});

it('chooses by whole users, no more than asked for', () => {
  const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
  const task = makeTask({ dataset, part: 'test' });
  const fewer = sampleUsers(task, 10);
  expect(fewer.events.rows).toBeLessThanOrEqual(10);
  expect(fewer.events.rows).toBeGreaterThan(0);
  for (const user of new Set(fewer.events.user)) {
    const itemsOf = ({ user: users, item }: typeof task.events) => [...item].filter((_, row) => users[row] === user);
    expect(itemsOf(fewer.events)).toEqual(itemsOf(task.events));
  }
  expect(sampleUsers(task, task.events.rows)).toBe(task);
});
