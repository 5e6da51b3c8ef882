/** Piles that lie in pieces in the files of buckets. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readJoined } from '../../../src/data/shards/joined.ts';
import {
  PieceFiles,
  type PiecesOfFile,
  PieceWriter,
  rowsName,
  totalsOfPiles,
} from '../../../src/data/shards/pieces.ts';
import { ShardWriter } from '../../../src/data/shards/shard_files.ts';
import { failureOf } from '../fixture.ts';

const piles = 3;

/** Values by bucket and pile. The second pile has no rows in the first bucket, and the third one has none at all. */
const buckets = [
  [[1, 2, 3], [], []],
  [[4], [5, 6], []],
];
const blockOf = (values: readonly number[]) => new Map([['x', Int32Array.from(values)]]);

async function written() {
  const folder = mkdtempSync(join(tmpdir(), 'tower-pieces-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const names = buckets.map((_, bucket) => rowsName(bucket));
  const writer = ShardWriter.create(folder, names);
  const pieces = buckets.map((values, bucket) => {
    const file = new PieceWriter(writer, bucket, piles);
    for (const pile of values) file.append(pile.length, pile.length > 0 ? blockOf(pile) : undefined);
    for (const seen of [[7 + bucket], undefined]) file.append(1, seen && blockOf(seen));
    return file.pieces;
  });
  return { folder, files: await writer.finish(), pieces };
}

it('reads each pile from all files, in the order of buckets', async () => {
  const { folder, files, pieces } = await written();
  const opened = new PieceFiles(folder, files, pieces, piles);
  const read = async (pile: number) => [...((await readJoined(folder, opened.spansOf(pile))).get('x') ?? [])];
  expect(await Promise.all([0, 1, 2].map(read))).toEqual([[1, 2, 3, 4], [5, 6], []]);
  expect(opened.readItemsOfUsers('seen').map((block) => [...block.get('x')!])).toEqual([[7], [8]]);
  expect(opened.readItemsOfUsers('had')).toEqual([]);
  expect(totalsOfPiles(pieces, 'rows', piles)).toEqual([4, 2, 0]);
});

it('finds damage in a piece when it is read, and a file that is cut off', async () => {
  const { folder, files, pieces } = await written();
  const opened = new PieceFiles(folder, files, pieces, piles);
  const read = (pile: number) => readJoined(folder, opened.spansOf(pile));
  const path = join(folder, rowsName(1));
  const bytes = readFileSync(path);
  bytes[pieces[1]!.bytes[0]! - 8]! ^= 1;
  writeFileSync(path, bytes);
  expect((await failureOf(read(0))).join()).toMatch(/^shards-damaged .*rows-1\.bin.* its checksum differs/);
  expect([...(await read(1)).keys()]).toEqual(['x']);
  truncateSync(path, bytes.length - 8);
  expect((await failureOf(read(1))).join()).toMatch(/^shards-damaged .*rows-1\.bin.* bytes instead of/);
});

it('refuses pieces that are not those of the files', async () => {
  const { folder, files, pieces } = await written();
  const open = (changed: readonly PiecesOfFile[]) => () => new PieceFiles(folder, files, changed, piles);
  const [first, second] = pieces as [PiecesOfFile, PiecesOfFile];
  for (const wrong of [
    [first],
    [first, { ...second, rows: second.rows.subarray(1) }],
    [first, { ...second, bytes: second.bytes.map((each) => each + 8) }],
    [first, { ...second, bytes: second.bytes.map((each, at) => (at === 0 ? -each : each)) }],
  ])
    expect(open(wrong)).toThrow('its pieces are not those of its files');
  expect(open(pieces)).not.toThrow();
});
