import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Dataset, sumLabels } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { ShardRequest } from '../../../src/data/shards/request.ts';
import { describeData, failureOf } from '../fixture.ts';
import { block, bothWays, byId, eventsText, needs, needsOfEvents, restOf, rowsOf, shardRows } from './both_ways.ts';

const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'number' ? +each.toPrecision(6) : each)));

describe('rows in shards are the rows in memory', () => {
  it.each([
    ['by time', { split: { kind: 'by_time', validation: 0.1, test: 0.1 } }],
    ['leave one out', { split: { kind: 'leave_one_out' } }],
    ['by a column', { split: { kind: 'column', column: 'fold' } }],
    ['at random', { split: { kind: 'random', validation: 0.1, test: 0.1, seed: 4 } }],
    ['by users', { split: { kind: 'by_user', validation: 0.1, test: 0.2, given: 0.7, order: 'random', seed: 3 } }],
    ['by users and time', { split: { kind: 'by_user', validation: 0, test: 0.3, given: 0.5, order: 'time', seed: 1 } }],
    [
      'by users who give nothing',
      { split: { kind: 'by_user', validation: 0.1, test: 0.1, given: 0, order: 'random', seed: 2 } },
    ],
  ] as const)('split %s', async (_, more) => {
    const columns = { ...block({}).columns!, ...(more.split.kind === 'column' ? { fold: 'fold' } : {}) };
    const [memory, shards] = await bothWays(block({ ...more, columns }));
    expect(rounded(restOf(shards))).toEqual(rounded(restOf(memory)));
    expect(rounded(byId(rowsOf(await shardRows(shards), false)))).toEqual(
      rounded(byId(rowsOf(memory.parts.train, false))),
    );
    expect(rounded([...shards.encodings])).toEqual(rounded([...memory.encodings]));
    const task = needs.tasks[1]!;
    expect(rounded(shards.shards!.labelSums.get('rate'))).toEqual(rounded(sumLabels(task, memory.parts.train)));
    expect(shards.shards!.piles).toHaveLength(4);
  });

  it.each([
    ['by time', { kind: 'by_time', validation: 0.1, test: 0.1 }],
    ['at random', { kind: 'random', validation: 0.1, test: 0.1, seed: 4 }],
  ] as const)('split %s, where events are in the order of their time', async (_, split) => {
    const of = block({ split });
    const path = join(of.folder, 'events.csv');
    const [header, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
    const timeOf = (line: string): number => Number(line.split(',')[2]);
    writeFileSync(path, `${[header, ...lines.sort((a, b) => timeOf(a) - timeOf(b))].join('\n')}\n`);
    const [memory, shards] = await bothWays(of);
    expect(rounded(restOf(shards))).toEqual(rounded(restOf(memory)));
    expect(rounded(byId(rowsOf(await shardRows(shards), false)))).toEqual(
      rounded(byId(rowsOf(memory.parts.train, false))),
    );
  });

  it('without files of items and users, and with lists through the item tower', async () => {
    const { items: _, users: __, columns: ___, ...rest } = block({ split: { kind: 'leave_one_out' } });
    const histories = [{ name: 'history', of: 'item', max: 4 }];
    const columns = { liked: 'CASE WHEN rating IS NULL THEN NULL ELSE rating >= 4 END' };
    const [memory, shards] = await bothWays({ ...rest, columns, histories }, needsOfEvents, { given: ['history'] });
    expect(rounded(restOf(shards))).toEqual(rounded(restOf(memory)));
    expect(rounded(byId(rowsOf(await shardRows(shards))))).toEqual(rounded(byId(rowsOf(memory.parts.train))));
  });
});

it('encodes rows that were added after a training as the training did, in shards of their own', async () => {
  const of = block({ split: { kind: 'by_time', validation: 0.1, test: 0.1 } });
  const description = describeData({ reject: 1, ...of });
  const [memory, trained] = await bothWays(of);
  const { folder, layout, checksum } = trained.shards!;
  const again = (): Promise<Dataset> => {
    const shards = { memory: 2 ** 30, folder: dirname(folder), when: layout, trainedFrom: basename(folder) };
    return readDataset(description, needs, { pinned: { encodings: memory.encodings }, shards });
  };
  expect((await again()).shards).toMatchObject({ folder, checksum });
  rmSync(folder, { recursive: true });
  expect((await again()).shards).toMatchObject({ folder, checksum });

  // What is new changes every statistic: an item, a user, words, and hours far from the others.
  appendFileSync(join(of.folder, 'items.csv'), 'fresh,"An unseen word",zz,99\n');
  appendFileSync(join(of.folder, 'users.csv'), 'fresh,99,fr\n');
  const added = Array.from(
    { length: 90 },
    (_, at) => `fresh,${at % 2 ? 'fresh' : 'i1'},${500 + at},5,watch,900,train\n`,
  );
  appendFileSync(join(of.folder, 'events.csv'), added.join(''));
  const pinned = await readDataset(description, needs, { pinned: { encodings: memory.encodings } });
  const grown = await again();
  expect(grown.shards!.folder).not.toBe(folder);
  expect(rounded(restOf(grown))).toEqual(rounded(restOf(pinned)));
  expect(rounded(byId(rowsOf(await shardRows(grown), false)))).toEqual(
    rounded(byId(rowsOf(pinned.parts.train, false))),
  );
  expect(rounded([...grown.encodings])).toEqual(rounded([...memory.encodings]));
  expect((await again()).shards).toMatchObject({ folder: grown.shards!.folder, checksum: grown.shards!.checksum });
});

it('refuses held-out events that do not fit before it encodes any', async () => {
  const of = block({ split: { kind: 'by_time', validation: 0.2, test: 0.2 } });
  // What the one user had before makes the held-out events large.
  writeFileSync(join(of.folder, 'events.csv'), eventsText(8000).replace(/^u\d+/gm, 'u1'));
  const passes = new Set<string>();
  const request = { memory: 640 * 2 ** 20, onPass: ({ pass }: { pass: string }) => passes.add(pass) };
  expect((await failureOf(bothWays(of, needs, request))).join()).toContain('holding validation and test events');
  expect([...passes]).toEqual(['reading', 'counting']);
});

it('refuses tables that do not fit next to the piles, before any pass and with shards that are there', async () => {
  const of = block({ split: { kind: 'leave_one_out' } });
  const passes = new Set<string>();
  const tablesOf = (rowBytes: number): Partial<ShardRequest> => ({
    ...{ memory: 640 * 2 ** 20, tables: [{ encoderOf: 'user', rowBytes }] },
    onPass: ({ pass }) => passes.add(pass),
  });
  const expected = expect.stringMatching(/^shards-memory at nowhere: holding the tables .* of memory is for it/);
  expect(await failureOf(bothWays(of, needs, tablesOf(2 ** 22)))).toEqual([expected]);
  expect([...passes]).toEqual([]);
  const [, shards] = await bothWays(of, needs, tablesOf(2 ** 10));
  expect(shards.shards!.piles).toHaveLength(4);
  passes.clear();
  expect(await failureOf(bothWays(of, needs, tablesOf(2 ** 22)))).toEqual([expected]);
  expect([...passes]).not.toContain('piles');
});
