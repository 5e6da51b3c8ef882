import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { BlockArray } from '../../../src/data/shards/column_block.ts';
import { readBags, readJoined } from '../../../src/data/shards/joined.ts';
import { type FileSpan, type ShardFile, ShardWriter } from '../../../src/data/shards/shard_files.ts';
import { failureOf } from '../fixture.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tower-joined-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const block = (rows: number): Map<string, BlockArray> =>
  new Map<string, BlockArray>([
    ['x', new Int32Array(rows).fill(rows)],
    ['y', new Float64Array(1).fill(rows / 2)],
  ]);

async function write(at: string, files: readonly (readonly number[])[]): Promise<FileSpan[]> {
  const names = files.map((_, index) => `${index}.bin`);
  const writer = ShardWriter.create(at, names);
  for (const [index, blocks] of files.entries()) for (const rows of blocks) writer.append(index, rows, block(rows));
  return (await writer.finish()).map(({ bytes, sum }, index) => ({
    name: names[index]!,
    size: bytes,
    start: 0,
    bytes,
    sum,
  }));
}

it('puts the blocks of all shards end to end, behind what was there before', async () => {
  const at = folder();
  const shards = await write(at, [[1, 2], [], [3]]);
  expect(await readJoined(at, shards, block(2))).toEqual(
    new Map<string, BlockArray>([
      ['x', Int32Array.of(2, 2, 1, 2, 2, 3, 3, 3)],
      ['y', Float64Array.of(1, 0.5, 1, 1.5)],
    ]),
  );
  expect(await readJoined(at, [])).toEqual(new Map());
});

it('joins columns that are longer than a piece of a file', async () => {
  const at = folder();
  const long = Int32Array.from({ length: 2_500_000 }, (_, index) => index);
  const writer = ShardWriter.create(at, ['long.bin']);
  for (const [name, rows] of Object.entries({ first: long, second: long.subarray(7) }))
    writer.append(0, 1, new Map<string, BlockArray>([['x', rows]]).set(name, Uint8Array.of(1)));
  const [{ bytes, sum }] = (await writer.finish()) as [ShardFile];
  const { x, second } = Object.fromEntries(
    await readJoined(at, [{ name: 'long.bin', size: bytes, start: 0, bytes, sum }]),
  );
  expect(x).toHaveLength(2 * long.length - 7);
  expect(
    (x as Int32Array).every((number, index) => number === (index < long.length ? index : index - long.length + 7)),
  ).toBe(true);
  expect(second).toEqual(Uint8Array.of(1));
});

it('reads some bags of a column, whichever block they are in', async () => {
  const at = folder();
  const writer = ShardWriter.create(at, ['seen.bin']);
  for (const values of [[1, 2, 3], [], [4, 5, 6, 7]])
    writer.append(0, 1, new Map([['values', Int32Array.from(values)]]));
  const files = (await writer.finish()).map(({ bytes, sum }) => ({
    name: 'seen.bin',
    size: bytes,
    start: 0,
    bytes,
    sum,
  }));
  const spans = { starts: Int32Array.of(5, 0, 3, 7, 3), ends: Int32Array.of(7, 1, 5, 7, 3) };
  const { values, starts, ends } = await readBags(at, files, spans, [2, 0, 3, -1, 2]);
  const bags = Array.from(starts, (start, bag) => [...values.subarray(start, ends[bag])]);
  expect(bags).toEqual([[6, 7], [], [4, 5], [], []]);
});

it('finds each change of a shard, wherever it is', async () => {
  const at = folder();
  const shards = await write(at, [[3, 5]]);
  const path = join(at, '0.bin');
  const good = readFileSync(path);
  const random = makeRandom(5);
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from(good);
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    writeFileSync(path, bytes);
    expect((await failureOf(readJoined(at, shards))).join()).toContain('shards-damaged');
  }
  writeFileSync(path, good.subarray(0, 40));
  expect((await failureOf(readJoined(at, shards))).join()).toContain('shards-damaged');
});
