import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRecommender, type Recommender } from '../../../src/serving/live/recommender.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { makeRetrieval, type Retrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { dataset as kept, trainSmall } from '../../training/trained.ts';

const root = temporaryFolder();
const dataset = { ...kept, seen: 'excluded' } as const;
const { corpus, users } = dataset;
let trained: LoadedModel;
let recommender: Recommender;
let retrieval: Retrieval;

beforeAll(async () => {
  trained = await trainSmall(root);
  recommender = await makeRecommender(trained, dataset, plainEngine);
  const { plan, tables, parameters } = trained;
  retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus, parameters });
});

const seenBy = (user: number) => [...users.seen.values.subarray(users.seen.starts[user], users.seen.ends[user])];

describe('recommend', () => {
  it('gives a user the best of the corpus that they have not had, and their history', async () => {
    const answer = await recommender.ask({ key: 'u3' }, { k: 5 });
    const scores = await retrieval.scores(await retrieval.queries(users.features, Int32Array.of(3)));
    const seen = seenBy(3);
    const expected = [...scores.keys()]
      .filter((item) => !seen.includes(item))
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .slice(0, 5);
    // The engine adds up in float32; the scan in float64.
    expect(answer.items).toEqual(
      expected.map((item) => ({ key: `m${item}`, title: `Movie ${item}`, score: expect.closeTo(scores[item]!, 6) })),
    );
    expect(answer.history).toEqual(seen.reverse().map((item) => ({ key: `m${item}`, title: `Movie ${item}` })));
    expect(answer.notes).toEqual([`${new Set(seen).size} items are excluded, because user u3 has had them.`]);
  });

  it('keeps what was seen when asked to', async () => {
    const { items, notes } = await recommender.ask({ key: 'u3' }, { k: corpus.rows, removeSeen: false });
    expect(new Set(items.map(({ key }) => key))).toEqual(new Set(corpus.keys));
    expect(notes).toEqual([]);
  });

  it('gives no more than there is', async () => {
    const { items } = await recommender.ask({ key: 'u3' }, { k: 1000 });
    expect(items.length).toBe(corpus.rows - new Set(seenBy(3)).size);
  });

  it('leaves out items by key, and says which keys are none', async () => {
    const plain = await recommender.ask({ key: 'u3' }, { k: 6 });
    const [first, ...others] = plain.items.map(({ key }) => key);
    const answer = await recommender.ask({ key: 'u3' }, { k: 5, exclude: [first!, 'nothing'] });
    expect(answer.items.map(({ key }) => key)).toEqual(others);
    expect(answer.notes).toEqual([...plain.notes, 'No item has the key `nothing`, so nothing was excluded by it.']);
  });

  it('answers questions that come together as it does one by one', async () => {
    const ask = (user: string) => recommender.ask({ key: user }, { k: 5 });
    const asked = ['u1', 'u2', 'u3', 'u4'];
    const together = await Promise.all(asked.map(ask));
    for (const [i, user] of asked.entries()) expect(together[i]).toEqual(await ask(user));
  });

  it('answers several questions in one pass, and those next to one that has no answer', async () => {
    const asked = [
      { question: { key: 'u1' }, options: { k: 5 } },
      { question: { values: { history: ['m1', 'm2'] } }, options: { k: 3, removeSeen: false } },
      { question: { values: { histroy: [] } }, options: { k: 3 } },
      { question: { key: 'nobody', values: { history: [] } }, options: { k: 4 } },
      { question: { key: 'u2' }, options: { k: 4, filter: 'year > 1' } },
      { question: { key: 'u4' }, options: { k: 2, exclude: ['m0'] } },
    ];
    const together = await recommender.askAll(asked);
    expect(together.map((answer) => answer instanceof Failure)).toEqual([false, false, true, false, true, false]);
    for (const [i, { question, options }] of asked.entries()) {
      const alone = await recommender.ask(question, options).catch((error: unknown) => error);
      expect(together[i]).toEqual(alone);
    }
    expect(await recommender.askAll([])).toEqual([]);
  });

  it('keeps nothing of the tables’ memory for a question', async () => {
    const bytes = async (questions: number): Promise<number> => {
      for (let i = 0; i < questions; i++) await recommender.ask({ key: `u${i % 5}` }, { k: 1 });
      return [...trained.tables.values()].reduce((sum, table) => sum + table.values().buffer.byteLength, 0);
    };
    const before = await bytes(10);
    expect(await bytes(600)).toBe(before);
  });

  it('answers a user it does not know from the unseen row, and says so', async () => {
    const unknown = await recommender.ask({ key: 'nobody' }, { k: 3 });
    expect(unknown.notes).toEqual([
      'user nobody is not in the data: this is the answer for an unseen user, without a history.',
    ]);
    expect(unknown.history).toEqual([]);
    const same = await recommender.ask({ values: {} }, { k: 3 });
    expect(unknown.items).toEqual(same.items);
  });

  it('answers feature values as it answers the user who has them', async () => {
    const history = seenBy(3)
      .slice(-5)
      .map((item) => `m${item}`);
    const byValues = await recommender.ask({ values: { user_id: 'u3', history } }, { k: 4, removeSeen: false });
    const byKey = await recommender.ask({ key: 'u3' }, { k: 4, removeSeen: false });
    expect(byValues.items).toEqual(byKey.items);
    // Of a history that is too long the latest count.
    const longer = { user_id: 'u3', history: ['m0', 'm1', ...history] };
    expect((await recommender.ask({ values: longer }, { k: 4, removeSeen: false })).items).toEqual(byKey.items);
  });

  it('refuses a feature that its tower does not have, with the nearest', async () => {
    const asked = recommender.ask({ values: { histroy: [] } }, { k: 1 });
    await expect(asked).rejects.toBeInstanceOf(Failure);
    const { diagnostics } = (await asked.catch((error: unknown) => error)) as Failure;
    expect(diagnostics[0]).toMatchObject({
      code: 'unknown-name',
      message: 'there is no feature of tower `user` called `histroy`',
      hint: 'did you mean `history`?',
    });
    await expect(recommender.ask({ values: { user_id: ['a', 'b'] } }, { k: 1 })).rejects.toThrow('expected one value');
    await expect(recommender.ask({ values: { user_id: {} } }, { k: 1 })).rejects.toThrow('expected a text');
  });
});
