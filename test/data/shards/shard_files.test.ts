import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import { PackedTexts, packTexts } from '../../../src/base/text/texts.ts';
import { memoryOf } from '../../../src/data/files/query_guard.ts';
import { blocksIn, packPlain, piecesOf, unpackPlain } from '../../../src/data/shards/column_block.ts';
import {
  refuseLargeHeldOut,
  refuseLargePartition,
  refuseLargeShard,
  refuseLargeTables,
} from '../../../src/data/shards/memory_shares.ts';
import { momentsAt } from '../../../src/data/shards/partition_source.ts';
import { readShard, ShardWriter } from '../../../src/data/shards/shard_files.ts';
import { NumbersSample } from '../../../src/data/shards/training_counts.ts';
import { failureOf } from '../fixture.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tower-piles-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it('reads back what blocks were appended', async () => {
  const at = folder();
  const writer = ShardWriter.create(at, ['a.bin', 'b.bin']);
  const blocks = [
    new Map<string, Int32Array | Float64Array>([
      ['x', Int32Array.of(1, -2, 3)],
      ['y', Float64Array.of(0.5, Number.NaN)],
    ]),
    new Map<string, Int32Array | Float64Array>([['x', new Int32Array(0)]]),
  ];
  for (const block of blocks) writer.append(1, 3, block);
  const [empty, full] = await writer.finish();
  expect(empty).toMatchObject({ rows: 0, bytes: 0 });
  expect(await readShard(at, 'a.bin', empty)).toEqual([]);
  expect(await readShard(at, 'b.bin', full)).toEqual(blocks);
});

it('gives the bytes of a column in pieces that one call can write', () => {
  const block = new Map([['x', Int32Array.from({ length: 1000 }, (_, at) => at)]]);
  const pieces = piecesOf(block, 512);
  expect(Math.max(...pieces.map(({ byteLength }) => byteLength))).toBe(512);
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(piecesOf(block)));
});

it('refuses bytes that are not blocks, whatever they are', () => {
  const good = Buffer.concat(piecesOf(new Map([['x', Int32Array.of(1, 2, 3)]])));
  const random = makeRandom(5);
  for (let round = 0; round < 300; round++) {
    const bytes = Uint8Array.from(good);
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    const cut = bytes.slice(0, 8 * random.integer(bytes.length / 8 + 1));
    // Each is an answer or an Error, never more memory than there are bytes.
    for (const each of [bytes, cut]) {
      try {
        blocksIn(each.buffer as ArrayBuffer);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  }
  expect(() => blocksIn(Uint8Array.from(good.subarray(0, 8)).buffer)).toThrow();
});

it.skipIf(!existsSync('/dev/full'))('says that a disk is full', async () => {
  const at = folder();
  const writer = ShardWriter.create(at, ['a.bin']);
  rmSync(join(at, 'a.bin'));
  symlinkSync('/dev/full', join(at, 'a.bin'));
  const written = async () => writer.append(0, 1, new Map([['x', new Int32Array(10_000)]]));
  expect((await failureOf(written())).join()).toMatch(/^shards-not-written .*the disk is full/);
});

it('says that a bucket, or what is held out, is too large for the memory', async () => {
  const refused = async (work: () => void) => (await failureOf((async () => work())())).join();
  expect(await refused(() => refuseLargePartition(2 ** 30, 2 ** 28))).toContain('shards-memory');
  expect(await refused(() => refuseLargeHeldOut(2 ** 30, 2 ** 30))).toContain('validation and test events');
  refuseLargePartition(2 ** 30, 2 ** 24);
});

it.each([
  ['a bucket', refuseLargePartition, 2 ** 29],
  ['what is held out', refuseLargeHeldOut, 2 ** 30],
  ['tables', refuseLargeTables, 2 ** 30],
  ['a pile', (memory: number, bytes: number) => refuseLargeShard(memory, bytes, 4), 2 ** 28],
])('the least memory that is named is enough for %s, and little less is not', (_, refuse, bytes) => {
  const least = (memory: number): string | undefined => {
    try {
      refuse(memory, bytes);
      return undefined;
    } catch (error) {
      return /--memory (\w+)/.exec((error as Failure).diagnostics[0]!.hint!)![1];
    }
  };
  const named = memoryOf(least(2 ** 26)!)!;
  expect([least(named), least(named - 2 ** 21)]).toEqual([undefined, expect.any(String)]);
});

it('reads amounts of memory as people write them', () => {
  expect(['8G', '1.5g', '800M', '2GiB', '512 MB'].map(memoryOf)).toEqual([
    8 * 2 ** 30,
    1.5 * 2 ** 30,
    800 * 2 ** 20,
    2 * 2 ** 30,
    512 * 2 ** 20,
  ]);
  expect(['8', 'G', 'much', '-1G', '1e3G', ''].map(memoryOf)).toEqual(Array(6).fill(undefined));
});

it('finds the event of a rank without ordering all', async () => {
  const random = makeRandom(2);
  const rows = Array.from({ length: 4000 }, (_, row) => ({ row, time: random.integer(90) - 40 }));
  const ordered = [...rows].sort((a, b) => a.time - b.time || a.row - b.row);
  const pieces = async function* () {
    for (let at = 0; at < rows.length; at += 700) {
      const some = rows.slice(at, at + 700);
      yield { times: Float64Array.from(some, ({ time }) => time), rows: Int32Array.from(some, ({ row }) => row) };
    }
  };
  // So few may be sorted that several rounds are needed.
  const ranks = [0, 1, 1999, 3600, 3999];
  for (const rank of ranks) expect(await momentsAt(pieces, [rank], 100)).toEqual([ordered[rank]]);
  // Together they are as alone, in any order, and one that is not there does not stop the others.
  const mixed = [...ranks.toReversed(), 4000, ...ranks];
  expect(await momentsAt(pieces, mixed, 100)).toEqual(mixed.map((rank) => ordered[rank]));
});

it('counts equal numbers together, however many come', () => {
  const random = makeRandom(4);
  const sample = new NumbersSample();
  const counts = new Map<number, number>();
  for (let at = 0; at < 200_000; at++) {
    const value = at % 3 === 0 ? random.integer(1e6) : random.integer(5);
    sample.add(value);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  sample.add(Number.NaN);
  const { values, weights } = sample.sample();
  expect(new Map([...values].map((value, at) => [value, weights[at]]))).toEqual(counts);
  expect(values).toHaveLength(counts.size);
});

it('counts in parts what it counts at once', () => {
  const random = makeRandom(9);
  const numbers = Array.from({ length: 90_000 }, () => random.integer(80_000) - 3);
  const sampleOf = (of: readonly number[]) => {
    const sample = new NumbersSample();
    for (const value of of) sample.add(value);
    return sample.sample();
  };
  const joined = new NumbersSample();
  for (const part of [numbers.slice(0, 40_000), [], numbers.slice(40_000)]) {
    const { values, weights } = sampleOf(part);
    for (const [at, value] of values.entries()) joined.add(value, weights[at]!);
  }
  expect(joined.sample()).toEqual(sampleOf(numbers));
});

it('keeps plain data with arrays, maps and many texts', () => {
  const texts = Array.from({ length: 1500 }, (_, at) => `é ${at}\n`);
  const packed = packTexts(['', '\ufeffa', '🎬', '\ud800', ...texts]);
  const shared = Int32Array.of(4, 5);
  const value = {
    a: [1, 'x', null, true, { b: shared }],
    map: new Map([['k', shared]]),
    texts,
    far: Number.POSITIVE_INFINITY,
    packed: { keys: packed, again: packed, none: packTexts([]) },
  };
  const back = unpackPlain(
    blocksIn(Uint8Array.from(Buffer.concat(piecesOf(packPlain(value)))).buffer)[0]!,
  ) as typeof value;
  expect(back).toEqual(value);
  expect(back.map.get('k')).toBe((back.a[4] as { b: Int32Array }).b);
  // They stay packed, and lie there once.
  expect(back.packed.keys).toBeInstanceOf(PackedTexts);
  expect(back.packed.again.bytes).toBe(back.packed.keys.bytes);
  expect(back.packed.again.ends.buffer).toBe(back.packed.keys.ends.buffer);
});

it('takes no packed texts that are damaged', () => {
  const block = packPlain({ texts: new PackedTexts(Uint8Array.of(97, 98), Uint32Array.of(2, 1)) });
  expect(() => unpackPlain(block)).toThrow('a text ends before it begins');
});
