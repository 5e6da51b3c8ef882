import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { blockOfSeen, SeenItems, seenInFiles, seenOfPartition } from '../../../src/data/shards/gathered.ts';
import { PieceFiles, PieceWriter, rowsName } from '../../../src/data/shards/pieces.ts';
import { ShardWriter } from '../../../src/data/shards/shard_files.ts';
import { failureOf } from '../fixture.ts';

const partitions = [
  { members: Int32Array.of(3, 1), lists: [[7, 8, 9], []] },
  { members: Int32Array.of(0), lists: [[5]] },
  { members: Int32Array.of(2, 4), lists: [[], [6, 7]] },
];

/** Files of what the users of these buckets had, and the column over them. There are no piles. */
async function written() {
  const folder = mkdtempSync(join(tmpdir(), 'tower-seen-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const names = partitions.map((_, bucket) => rowsName(bucket));
  const writer = ShardWriter.create(folder, names);
  const seen = new SeenItems(5);
  const pieces = partitions.map(({ members, lists }, bucket) => {
    const ends = Int32Array.from(lists, (_, at) => lists.slice(0, at + 1).flat().length);
    const starts = Int32Array.from(lists, (list, at) => ends[at]! - list.length);
    const column = { kind: 'bags', starts, ends, values: Int32Array.from(lists.flat()) } as const;
    seen.add(seenOfPartition(column), members);
    const file = new PieceWriter(writer, bucket, 0);
    for (const items of [blockOfSeen(column), undefined]) file.append(members.length, items);
    return file.pieces;
  });
  const files = new PieceFiles(folder, await writer.finish(), pieces, 0);
  return { folder, column: seenInFiles(files, 'seen', seen.places) };
}

it('gives each user its items, whatever bucket it is in', async () => {
  const { column } = await written();
  const { starts, ends, values } = column;
  const lists = [0, 1, 2, 3, 4].map((user) => [...values.subarray(starts[user]!, ends[user]!)]);
  expect(lists).toEqual([[5], [], [], [7, 8, 9], [6, 7]]);
  expect(column.values).toBe(values);
});

it('reads no items before they are asked for, and says that they cannot be read', async () => {
  const { folder, column } = await written();
  truncateSync(join(folder, rowsName(0)), 40);
  expect(column.ends).toHaveLength(5);
  const failed = await failureOf((async () => column.values)());
  expect(failed.join()).toMatch(/^shards-damaged .*rows-0\.bin.*it has 40 bytes/);
  rmSync(join(folder, rowsName(0)));
  expect((await failureOf((async () => column.values)())).join()).toContain('shards-damaged');
});
