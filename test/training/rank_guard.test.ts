/** A run whose loss falls while it ranks worse than popularity: when it says so, and what it compares with. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { makeMeasure } from '../../src/training/evaluation/figures.ts';
import { readMetricsLog } from '../../src/training/metrics_log.ts';
import type { ScoringTask, Spread } from '../../src/training/scoring/scorer.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { type GuardedRun, RankGuard, RunValidation } from '../../src/training/validation.ts';
import { planOf } from '../compiler/library/support.ts';
import { describeData, folderWith } from '../data/fixture.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';

const spreadOut: Spread = {
  name: 'item vectors',
  rows: 5,
  width: 8,
  lengths: [1, 1, 1, 1, 1],
  cosine: 0.1,
  directions: 4,
};

/** Five items, of which training has item 0 most and item 1 next; each event holds one of these items out. */
const run = (held: readonly number[], more: Partial<GuardedRun> = {}): GuardedRun => {
  const none = { kind: 'bags' as const, starts: new Int32Array(0), ends: new Int32Array(0), values: new Int32Array(0) };
  const events = { rows: held.length, features: new Map(), labels: new Map(), item: Int32Array.from(held) };
  const corpus = {
    rows: 5,
    features: new Map(),
    keys: ['a', 'b', 'c', 'd', 'e'],
    trainingCounts: Int32Array.of(9, 5, 1, 1, 1),
  };
  const task = {
    corpus,
    users: { rows: 0, seen: none },
    events: { ...events, user: new Int32Array(held.length).fill(-1) },
  };
  return {
    task: () => task as unknown as ScoringTask,
    removesSeen: false,
    measure: makeMeasure({ metric: 'recall', k: 1 }),
    keepsBest: false,
    readsKeyAlone: false,
    spread: async () => spreadOut,
    figuresByTask: async () => undefined,
    ...more,
  };
};

/** What is said after each of these validations, the last of which ends the run. */
async function said(
  guarded: GuardedRun,
  epochs: readonly (readonly [loss: number, figure: number])[],
): Promise<string[]> {
  const guard = new RankGuard(guarded);
  const messages: string[] = [];
  for (const [at, [loss, figure]] of epochs.entries()) {
    const record = { epoch: at + 1, loss, validation: { 'recall@1': figure } };
    const warning = await guard.judge(record, at === epochs.length - 1);
    messages.push(warning ? `${warning.code}: ${warning.message}` : '');
  }
  return messages;
}

const always = new Array(100).fill(0);
const warned = (epoch: number, figure: string, bar = '1.0000'): string =>
  `ranks-below-popularity: the loss falls, but recall@1 on validation is ${figure} after epoch ${epoch}, and an order by popularity has ${bar}`;

describe('a figure below popularity, while the loss falls', () => {
  it('is warned of once, when it does not rise', async () => {
    expect(
      await said(run(always), [
        [3, 0.2],
        [2, 0.1],
        [1, 0],
        [0.5, 0],
      ]),
    ).toEqual(['', warned(2, '0.1000'), '', '']);
  });
  it('is warned of at the end of the run, if it rises', async () => {
    expect(
      await said(run(always), [
        [3, 0.1],
        [2, 0.2],
        [1, 0.3],
      ]),
    ).toEqual(['', '', warned(3, '0.3000')]);
  });
  it('is not warned of where the loss rises, or by a single validation', async () => {
    expect(
      await said(run(always), [
        [1, 0.2],
        [2, 0.1],
      ]),
    ).toEqual(['', '']);
    expect(await said(run(always), [[1, 0]])).toEqual(['']);
  });
  it('is not warned of where the best weights are kept, and rank better', async () => {
    const epochs = [
      [3, 1],
      [2, 0.1],
      [1, 0],
    ] as const;
    expect(await said(run(always, { keepsBest: true }), epochs)).toEqual(['', '', '']);
    expect(await said(run(always), epochs)).toEqual(['', warned(2, '0.1000'), '']);
  });
  it('must be lower by more than the chance of few rankings: three times √(½ · ½ / 16) below ½ is 0.125', async () => {
    const few = Array.from({ length: 16 }, (_, at) => at % 2);
    expect(
      await said(run(few), [
        [2, 0.13],
        [1, 0.13],
      ]),
    ).toEqual(['', '']);
    expect(
      await said(run(few), [
        [2, 0.12],
        [1, 0.12],
      ]),
    ).toEqual(['', warned(2, '0.1200', '0.5000')]);
  });
  it('is compared with a random order where that is better: of five items one is first', async () => {
    const unpopular = new Array(1000).fill(4);
    const [, message] = await said(run(unpopular), [
      [2, 0],
      [1, 0],
    ]);
    expect(message).toMatch(/is 0\.0000 after epoch 2, and a random order has 0\.2000$/);
  });
  it('advises to read more of users where most are new, and ids are all that is read of them', async () => {
    const hintOf = async (readsKeyAlone: boolean): Promise<string | undefined> => {
      const { task, ...others } = run(always, { readsKeyAlone });
      const seen = {
        kind: 'bags' as const,
        starts: Int32Array.of(0, 1),
        ends: Int32Array.of(1, 1),
        values: Int32Array.of(2),
      };
      const ofTwo = { ...task(), users: { rows: 2, seen } } as unknown as ScoringTask;
      // One user has a training event and three of ten held-out ones.
      const user = Int32Array.from(always, (_, at) => (at % 10 < 3 ? 0 : 1));
      const guard = new RankGuard({ ...others, task: () => ({ ...ofTwo, events: { ...ofTwo.events, user } }) });
      await guard.judge({ epoch: 1, loss: 2, validation: { 'recall@1': 0 } }, false);
      return (await guard.judge({ epoch: 2, loss: 1, validation: { 'recall@1': 0 } }, false))?.hint;
    };
    expect(await hintOf(true)).toMatch(/^70 % of the events are of users that training does not have: /);
    expect(await hintOf(false)).toMatch(/^lower the rates/);
  });
  it('tells that all vectors look alike', async () => {
    const spread = async () => ({ ...spreadOut, cosine: 0.987, directions: 1.25 });
    const [, message] = await said(run(always, { spread }), [
      [2, 0],
      [1, 0],
    ]);
    expect(message).toMatch(/; the vectors of the items have a mean cosine of 0\.99 and vary in 1\.3 of 8 directions$/);
  });
});

it('a model whose losses predict labels is not compared: they do not rank', () => {
  const guardedWith = (loss: string) => {
    const plan = planOf(`
      model m
      features { user : id(dim: 8), item : id(dim: 8) }
      labels { stars: number }
      tower asks(user) keyed by user { channel main = user -> flatten }
      tower answers(item) keyed by item { channel main = item -> flatten }
      task rate { score = dot(asks, answers), loss = ${loss} }
    `);
    return new RunValidation(plan, { seen: 'kept' } as unknown as Dataset, {} as never).guarded?.measure.label;
  };
  expect(guardedWith('bpr(in_batch)')).toBe('recall@10');
  expect(guardedWith('mse, label = stars')).toBeUndefined();
});

it('a run keeps the warning in `metrics.jsonl`', async () => {
  const random = makeRandom(5, 1);
  // Users have no taste, and a few items are most of the events.
  const lines = Array.from(
    { length: 1500 },
    (_, at) => `u${random.integer(40)},i${Math.floor(60 * random.next() ** 4)},${at}`,
  );
  const plan = planOf(`
    model m
    features { user : id(dim: 8), item : id(dim: 8) }
    tower asks(user) keyed by user { channel main = user -> flatten }
    tower answers(item) keyed by item { channel main = item -> flatten }
    task watch { score = cosine(asks, answers), loss = softmax(in_batch, temperature: 0.1) }
    train { batch = 64, epochs = 2, embeddings = adam(rate: 0.02), metrics = coverage(10), recall(5) }
  `);
  const description = describeData({
    folder: folderWith({ 'events.csv': `user,item,at\n${lines.join('\n')}\n` }),
    split: { kind: 'random', validation: 0.2, test: 0, seed: 1 },
  });
  const dataset = { ...(await readDataset(description, plan)), seen: 'kept' as const };
  const folder = join(temporaryFolder(), 'run');
  const origin = { sources: [{ name: 'm.tower', text: '' }] };
  const { records } = await trainModel({ plan, dataset, engine: plainEngine, folder, origin, tower: '0.0.0' });
  expect(records.map(({ warning }) => warning?.code)).toEqual([undefined, 'ranks-below-popularity']);
  expect(records[1]!.warning!.message).toMatch(
    /^the loss falls, but recall@5 on validation is 0\.\d{4} after epoch 2, and an order by popularity has 0\.[3-9]/,
  );
  expect((await readMetricsLog(folder)).map(({ warning }) => warning)).toEqual([undefined, records[1]!.warning]);
});

describe('a task of `retrieve` that ranks better alone', () => {
  const warningAfter = async (alone: Record<string, number>, figure: number, more: Partial<GuardedRun> = {}) => {
    const guard = new RankGuard(
      run(
        always.map(() => 1),
        { figuresByTask: async () => alone, ...more },
      ),
    );
    return guard.judge({ epoch: 2, loss: 1, validation: { 'recall@1': figure }, alone }, true);
  };

  it('is named, with what to write', async () => {
    const warning = await warningAfter({ rate: 0.01, watch: 0.6 }, 0.1);
    expect(warning).toEqual({
      code: 'ranks-below-a-task',
      message: 'recall@1 on validation is 0.1000 after epoch 2, and by `watch` alone it is 0.6000',
      hint: expect.stringContaining('`retrieve = watch`'),
    });
  });

  it('is none where chance may be the reason, or where the sum is better', async () => {
    expect(await warningAfter({ rate: 0.01, watch: 0.12 }, 0.1)).toBeUndefined();
    expect(await warningAfter({ rate: 0.01, watch: 0.3 }, 0.6)).toBeUndefined();
  });

  it('is in the warning of a run below popularity, and vectors that point one way name `hardest`', async () => {
    const guarded = run(always, { figuresByTask: async () => ({ watch: 0.6, rate: 0 }) });
    const [, message] = await said(guarded, [
      [3, 0.2],
      [2, 0.1],
    ]);
    expect(message).toBe(`${warned(2, '0.1000')}; by \`watch\` alone it is 0.6000`);
    const guard = new RankGuard(run(always, { spread: async () => ({ ...spreadOut, cosine: 0.95 }) }));
    await guard.judge({ epoch: 1, loss: 3, validation: { 'recall@1': 0.2 } }, false);
    const warning = await guard.judge({ epoch: 2, loss: 2, validation: { 'recall@1': 0.1 } }, true);
    expect(warning!.hint).toContain('`hardest`');
  });
});
