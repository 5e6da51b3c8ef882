import { expect, it } from 'vitest';
import type { Events } from '../../../src/data/dataset.ts';
import { type LatestEvents, latestInMemory, latestInShards, latestRows } from '../../../src/training/feed/latest.ts';
import { bags, events } from './fixtures.ts';

it('are the last events of users who have one to train on', () => {
  // Users of the rows are 0, 0, 1, 1, 2, 2.
  expect(latestRows(events)).toEqual({ users: Int32Array.of(0, 1, 2), rows: Int32Array.of(1, 3, 5) });
  const continued = { ...events, fresh: Int32Array.of(3, 4, 5) };
  expect(latestRows(continued)).toEqual({ users: Int32Array.of(1, 2), rows: Int32Array.of(3, 5) });
  expect(latestRows({ ...continued, replay: 1 })).toEqual(latestRows(events));
});

/** Forty users, of whom every third has no event; user u has u + 100 as a feature, and had the items u and u + 1. */
const users = Int32Array.from({ length: 40 }, (_, user) => user).filter((user) => user % 3 !== 0);
const itemsOf = (user: number): number[] => [user, user + 1];

const eventsOf = (user: Int32Array): Events => ({
  ...{ rows: user.length, item: user, user, labels: new Map() },
  features: new Map([['code', { column: { kind: 'codes', values: user.map((each) => each + 100) } }]]),
  earlier: { bags: bags(...[...user].map(itemsOf)) },
});

/** Files of ten users each, of which the third is empty, in any order. */
const latestOfFiles = (): Promise<LatestEvents> =>
  latestInShards({
    ranges: 4,
    async read(file, before) {
      const kept = before ? before.rows.map((row) => before.events.user[row]!) : [];
      const own = users.filter((user) => Math.floor(user / 10) === file).reverse();
      return eventsOf(Int32Array.from([...kept, ...own]));
    },
  });

it.each([1, 3, 7, 40])('are read in the same chunks of %i from files of shards', async (most) => {
  const inMemory = latestInMemory(eventsOf(users), bags(...Array.from({ length: 40 }, (_, user) => itemsOf(user))));
  const latest = await latestOfFiles();
  expect(latest.users).toEqual(users);
  expect(inMemory.users).toEqual(users);
  const asked = users.filter((user) => user % 5 !== 0);
  const chunksOf = async (of: LatestEvents): Promise<unknown[]> => {
    const chunks = [];
    for await (const { users: own, from, columns, rows, seenBy: seen } of of.chunks(asked, most)) {
      const { column } = columns.get('code')!;
      const codes = column.kind === 'codes' ? [...rows].map((row) => column.values[row]) : [];
      chunks.push({ from, own: [...own], codes, seen: [...own.keys()].map((at) => [...seen(at)]) });
    }
    return chunks;
  };
  const chunks = await chunksOf(latest);
  expect(chunks).toEqual(await chunksOf(inMemory));
  expect(chunks).toHaveLength(Math.ceil(asked.length / most));
  const [user] = asked;
  expect((chunks[0] as { codes: number[]; seen: number[][] }).codes[0]).toBe(user! + 100);
  expect((chunks[0] as { codes: number[]; seen: number[][] }).seen[0]).toEqual(itemsOf(user!));
});
