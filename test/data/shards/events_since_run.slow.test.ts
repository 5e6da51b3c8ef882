/** A run that goes on from an earlier one reads the same new events into shards and into memory. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Dataset, ShardUnit, Until } from '../../../src/data/dataset.ts';
import type { Pinned } from '../../../src/data/pinned.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { windowsOf } from '../../../src/data/rows/windows.ts';
import type { ShardRequest } from '../../../src/data/shards/request.ts';
import { latestInShards, latestRows } from '../../../src/training/feed/latest.ts';
import { describeData, valueAt } from '../fixture.ts';
import { block, byId, eventsText, needs, restOf, rowsOf, shardRows, small } from './both_ways.ts';

const day = 86_400;

/** Events at times in seconds, of which many are equal; a rare value waits, and an old one expires. */
function eventsBefore(end: number): string {
  const [header, ...lines] = eventsText(900).trimEnd().split('\n');
  const dated = lines.map((line, at) => {
    const fields = line.split(',');
    fields[2] = String(1.5e9 + Math.floor(Number(fields[2]) / 4) * day);
    if (at % 23 === 0) fields[4] = at < 300 ? 'old' : `rare${at % 2}`;
    return fields.join(',');
  });
  return `${[header, ...dated.filter((line) => Number(line.split(',')[2]) <= end)].join('\n')}\n`;
}

const admitted = { kind: 'vocabulary', minimumCount: 3, expireDays: 12 };
const growing = {
  ...needs,
  features: needs.features.map((feature) =>
    feature.name === 'device' || feature.name === 'item' ? { ...feature, encoder: admitted } : feature,
  ),
} as typeof needs;

const otherData = { grows: false, until: undefined, fresh: undefined } as unknown as Partial<Pinned>;

const middle = 1.5e9 + 60 * day;

async function continued(
  more: Partial<Pinned> | ((until: Until) => Partial<Pinned>),
  unit?: ShardUnit,
): Promise<readonly [memory: Dataset, shards: Dataset]> {
  const of = block({ split: { kind: 'by_time', validation: 0.1, test: 0.1 } });
  const description = describeData({ reject: 1, ...of });
  const path = join(of.folder, 'events.csv');
  writeFileSync(path, eventsBefore(middle));
  const first = await readDataset(description, growing, {
    shards: { memory: 2 ** 30, folder: join(of.folder, 'first'), when: 'always', sizes: small },
  });
  const until = first.until!;
  expect(until.events).toBeGreaterThan(1);
  writeFileSync(path, eventsBefore(Number.POSITIVE_INFINITY));
  const pinned: Pinned = {
    ...{ encodings: first.encodings, grows: true, until, fresh: { after: until } },
    ...(first.admissions ? { admissions: first.admissions } : {}),
    ...(typeof more === 'function' ? more(until) : more),
  };
  const shards: ShardRequest = {
    ...{ memory: 2 ** 30, folder: join(of.folder, 'shards'), when: 'always', sizes: small, unit, latest: true },
    continues: { checksum: 'of the first run', until },
  };
  return [
    await readDataset(description, growing, { pinned }),
    await readDataset(description, growing, { pinned, shards }),
  ];
}

const freshIds = ({ parts: { train } }: Dataset): number[] => [...train.fresh!].map((row) => train.ids![row]!);

it.each([
  ['after the last event', {}],
  ['since a moment', { fresh: { since: middle + 3 * day } }],
  ['from a run that was trained on all events', { trainedAll: true }],
] as const)('%s', async (_, more) => {
  const [memory, shards] = await continued(more);
  expect(restOf(shards)).toEqual(restOf(memory));
  for (const part of ['encodings', 'admissions', 'recoded', 'heldOutBefore'] as const)
    expect(shards[part], part).toEqual(memory[part]);
  expect(memory.recoded).toBeDefined();
  const ids = new Set(freshIds(memory));
  const expected = rowsOf(memory.parts.train, false).filter((row) => ids.has((row as { id: number }).id));
  const held = await shardRows(shards);
  expect(byId(rowsOf(held, false))).toEqual(byId(expected));
  expect(shards.parts.train.units).toEqual({ count: ids.size, targets: ids.size, fresh: ids.size });
  const counts = new Int32Array(memory.corpus.rows);
  for (const row of memory.parts.train.fresh!) counts[memory.parts.train.item[row]!]!++;
  expect(held.freshItems).toEqual(counts);
  const latest = latestRows(memory.parts.train);
  const { users, chunks } = await latestInShards(shards.shards!.latest!);
  expect(users).toEqual(latest.users);
  for await (const { columns, rows, seenBy: seen } of chunks(users, users.length)) {
    const [own, all] = [columns.get('history')!, memory.parts.train.features.get('history')!];
    for (const [at, user] of users.entries()) {
      expect(valueAt(own, rows[at]!)).toEqual(valueAt(all, latest.rows[at]!));
      expect([...seen(at)]).toEqual(valueAt({ column: memory.users.seen }, user));
    }
  }
});

it('has all events of users who have new ones, and of lists the new targets alone', async () => {
  const [memory, users] = await continued({}, { kind: 'users' });
  const { train } = memory.parts;
  const withNew = new Set([...train.fresh!].map((row) => train.user[row]!));
  const rows = [...train.user.keys()].filter((row) => withNew.has(train.user[row]!));
  expect([...(await shardRows(users)).ids!].sort()).toEqual(rows.map((row) => train.ids![row]!).sort());
  expect(users.parts.train.units!.count).toBe(withNew.size);
  const [, lists] = await continued({}, { kind: 'windows', list: 'history' });
  const held = await shardRows(lists);
  expect([...held.ids!].sort()).toEqual(freshIds(memory).sort());
  const { rows: windows, targets } = windowsOf(held.features.get('history')!, held.rows);
  expect(lists.parts.train.units).toEqual({ count: windows.length, targets, fresh: held.rows });
});

it('reads other data than that of the run, with its codes', async () => {
  const [memory, shards] = await continued((until) => ({ ...otherData, trainedUntil: until }));
  expect(restOf(shards)).toEqual(restOf(memory));
  expect(shards.encodings).toEqual(memory.encodings);
  expect(memory.heldOutBefore).toBe(0);
  expect(shards.heldOutBefore).toBe(0);
  expect(byId(rowsOf(await shardRows(shards), false))).toEqual(byId(rowsOf(memory.parts.train, false)));
});

it('has earlier events too if each epoch draws some of them, and says how many', async () => {
  const replay = 2;
  const [memory, shards] = await continued({ replay });
  const { train } = memory.parts;
  const held = await shardRows(shards);
  expect(byId(rowsOf(held, false))).toEqual(byId(rowsOf(train, false)));
  const newIds = [...held.ids!.keys()].filter((row) => held.marks![row] === 1).map((row) => held.ids![row]!);
  expect(newIds.sort()).toEqual(freshIds(memory).sort());
  const fresh = train.fresh!.length;
  const replayed = Math.min(train.rows - fresh, replay * fresh);
  expect(shards.parts.train.units).toEqual({ count: fresh + replayed, targets: fresh + replayed, fresh, replayed });
  expect(held.replayedShare).toBe(replayed / (train.rows - fresh));
  const { units, replayed: ofPiles, piles } = shards.shards!;
  expect([units, ofPiles].map((counts) => counts!.reduce((sum, each) => sum + each, 0))).toEqual([
    fresh + replayed,
    replayed,
  ]);
  for (const [pile, rows] of piles.entries()) expect(units![pile]).toBeLessThanOrEqual(rows);
});
