import { describe, expect, it } from 'vitest';
import type { Events } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { UserSplit } from '../../../src/graph/plan/data_description.ts';
import { fingerprintOf } from '../../../src/training/artifact/identity.ts';
import { makeTask } from '../../../src/training/evaluation/contestants.ts';
import { bagAt, questionsOf } from '../../../src/training/evaluation/ranking_questions.ts';
import { rankEvents } from '../../../src/training/evaluation/ranks.ts';
import fc from '../../fast_check.ts';
import { type Block, describeData, failureOf, folderWith, needsOf, vocabulary } from '../fixture.ts';

const needs = needsOf(
  { user: { encoder: vocabulary }, had: { encoder: vocabulary, gives: 'bag', encoderOf: 'item', max: 50 } },
  { item: { encoder: vocabulary } },
);

const halves = { kind: 'by_user', validation: 0, test: 0.5, given: 0.6, order: 'time', seed: 1 } as const;

/** Reads events, each of which has an item of its own unless `items` names them. The file has them from the last to the first. */
async function reading(
  events: readonly (readonly [user: string, item: string])[],
  split: UserSplit,
  block?: Partial<Block>,
) {
  const rows = events.map(([user, item], at) => `${user},${item},${at}\n`).reverse();
  const folder = folderWith({ 'events.csv': `user,item,time\n${rows.join('')}` });
  const histories = [{ name: 'had', of: 'item', max: 50 }];
  const data = await readDataset(describeData({ folder, split, time: 'time', histories, ...block }), needs);
  const { corpus, users } = data;
  const keyed = (items: Iterable<number>): string => [...items].map((item) => corpus.keys.at(item)).join('');
  const shown = (part: Events) =>
    Array.from(part.item, (item, row) => {
      const { bags } = part.givenItems!.get('had')!;
      return `${users.keys.at(part.user[row]!)} ${keyed([item])} after ${keyed(bagAt(bags, row))}`;
    });
  return { data, keyed, shown };
}

describe('a split by users', () => {
  it('gives the first events of held-out users as the history of their others, which alone are held out', async () => {
    const input = [...'pqrst'].flatMap((item, at) => [
      ['a', item],
      ['b', [...'ptuvw'][at]!],
    ]) as [string, string][];
    const { data, shown } = await reading([...input, ['c', 'p']], halves);
    // Users with two events or more are a and b; one of them is drawn, with 5 × 60 % = 3 events that are given.
    expect(shown(data.parts.train)).toEqual([
      'b p after ',
      'b t after p',
      'b u after pt',
      'b v after ptu',
      'b w after ptuv',
      'c p after ',
    ]);
    expect(shown(data.parts.test)).toEqual(['a s after pqr', 'a t after pqr']);
    expect(data.protocol[0]).toBe(
      'Split by users (seed 1), 50% of them for test, of 2 who have two events or more; they give 60% of their events each, the first by time, and the others are held out: 6 training and 2 test events, no validation part; 3 are given.',
    );
    // Training counts no event of a, and knows no item that only a has.
    expect(
      Object.fromEntries(Array.from(data.corpus.keys, (key, row) => [key, data.corpus.trainingCounts[row]])),
    ).toEqual({ p: 2, q: 0, r: 0, s: 0, t: 1, u: 1, v: 1, w: 1 });
    expect(data.encodings.get('item')).toMatchObject({ values: ['p', 't', 'u', 'v', 'w'] });
    expect(data.encodings.get('user')).toMatchObject({ values: ['b', 'c'] });
  });

  it('is other data where a held-out user gives another event', async () => {
    const [one, same, other] = await Promise.all(
      ['pqr', 'pqr', 'qpr'].map(async (own) => {
        const events = [...own, 's'].flatMap(
          (item) =>
            [
              ['a', item],
              ['b', item],
            ] as [string, string][],
        );
        return fingerprintOf((await reading(events, halves)).data).events;
      }),
    );
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  it('takes what is given out of the ranking of a user, and no other item', async () => {
    const { data } = await reading(
      [...'pqrst'].flatMap(
        (item) =>
          [
            ['a', item],
            ['b', item],
          ] as [string, string][],
      ),
      halves,
    );
    const task = makeTask({ dataset: data, part: 'test', per: 'user' });
    expect(questionsOf(task).asks.length).toBe(1);
    const equal = { name: 'equal', doc: '', score: (rows: Int32Array) => new Float32Array(rows.length * 5) };
    expect([...(await rankEvents(task, equal, true)).corpus]).toEqual([2, 2]);
    expect([...(await rankEvents(task, equal, false)).corpus]).toEqual([5, 5]);
  });

  it.each(['past', 'others'] as const)(
    'of any shares never shows training an event of a held-out user: %s',
    async (kind) => {
      const drawn = fc.record({
        users: fc.array(fc.nat(7), { minLength: 30, maxLength: 60 }),
        given: fc.constantFrom(0, 0.2, 0.5, 0.8),
        order: fc.constantFrom('random' as const, 'time' as const),
        seed: fc.nat(9),
      });
      await fc.assert(
        fc.asyncProperty(drawn, async ({ users, given, order, seed }) => {
          const events = users.map((user, at) => [`u${user}`, `(${at})`] as [string, string]);
          const split: UserSplit = { kind: 'by_user', validation: 0.3, test: 0.3, given, order, seed };
          const timeless = kind === 'others' && order === 'random' ? { time: undefined } : {};
          const block = { histories: [{ name: 'had', kind, of: 'item', max: 50 }], ...timeless } as Partial<Block>;
          const [one, again] = [await reading(events, split, block), await reading(events, split, block)];
          const { parts } = one.data;
          expect(again.shown(parts.test)).toEqual(one.shown(parts.test));
          expect([...again.data.parts.test.ids!]).toEqual([...parts.test.ids!]);
          const usersOf = (part: Events) => new Set(part.user);
          expect(
            [...usersOf(parts.test), ...usersOf(parts.validation)].some((user) => usersOf(parts.train).has(user)),
          ).toBe(false);
          for (const held of [parts.validation, parts.test]) {
            for (const user of usersOf(held)) {
              const own = users.flatMap((each, at) => (`u${each}` === one.data.users.keys.at(user) ? [at] : []));
              const rows = [...held.user.keys()].filter((row) => held.user[row] === user);
              const found = rows.map((row) => one.keyed([held.item[row]!]));
              expect(found.length).toBe(Math.max(1, Math.floor(own.length * (1 - given) + 1e-6)));
              const rest = own.map((at) => `(${at})`).filter((item) => !found.includes(item));
              if (order === 'time') expect(rest).toEqual(own.slice(0, rest.length).map((at) => `(${at})`));
              for (const row of rows) {
                const earlier = one.keyed(bagAt(held.earlier!.bags, row));
                // Without a time the order is that of the file.
                const inOrder = block.time === undefined && 'time' in block ? [...rest].reverse() : rest;
                expect(earlier).toBe(inOrder.join(''));
              }
            }
          }
        }),
        { numRuns: 4 },
      );
    },
  );

  it('needs users with two events, and a time if it gives the first ones', async () => {
    const single = [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'z'],
    ] as [string, string][];
    expect(await failureOf(reading(single, halves))).toEqual([
      'empty-split at data: the test part is empty: of 3 rows too few users have two (give it a larger share, or read more rows)',
    ]);
    const timeless = describeData({ folder: folderWith({ 'events.csv': 'user,item\na,x\n' }), split: halves });
    expect(await failureOf(readDataset(timeless, needsOf({}, { item: { encoder: vocabulary } })))).toEqual([
      'data-needs at data: `split = by_user` needs a time: add `time = "…"` to the data block',
    ]);
  });
});
