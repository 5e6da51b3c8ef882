import { appendFileSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { PassEvent, ShardDecision, ShardRequest } from '../../../src/data/shards/request.ts';
import { describeData } from '../fixture.ts';
import { block, byId, needs, needsOfEvents, restOf, rowsOf, shardRows, small } from './both_ways.ts';

type Of = ReturnType<typeof block>;

const decisions: ShardDecision[] = [];
const shardsOf = (of: Of): string => join(of.folder, 'shards');
const folders = (of: Of): string[] => readdirSync(shardsOf(of)).sort();

function read(of: Of, needed = needs, more: Partial<ShardRequest> = {}, signal?: AbortSignal) {
  const onDecision = (decision: ShardDecision) => decisions.push(decision);
  const shards = { memory: 2 ** 30, folder: shardsOf(of), when: 'always', sizes: small, onDecision, ...more } as const;
  const description = describeData({ reject: 1, ...of });
  return readDataset(description, needed, { shards, ...(signal ? { signal } : {}) });
}

/** @returns the folder that is left, which is not complete */
async function stopAt(of: Of, pass: PassEvent['pass'], done: number, needed = needs): Promise<string> {
  const stop = new AbortController();
  const onPass = (event: PassEvent) => event.pass === pass && event.done === done && stop.abort();
  await expect(read(of, needed, { onPass: (event) => void onPass(event) }, stop.signal)).rejects.toThrow('abort');
  return join(shardsOf(of), folders(of).find((name) => name.endsWith('.partial'))!);
}

const contents = async (dataset: Awaited<ReturnType<typeof read>>): Promise<unknown> => [
  restOf(dataset),
  byId(rowsOf(await shardRows(dataset), false)),
  [...dataset.encodings],
  [...dataset.shards!.labelSums],
  dataset.shards!.checksum,
];

const inTime = () => block({ split: { kind: 'by_time', validation: 0.1, test: 0.1 } });

function withoutFiles(more: Partial<Of>): Of {
  const { items: _, users: __, ...rest } = block({});
  return { ...rest, ...more };
}

it.each([
  ['by time', inTime, needs],
  [
    'leave one out, where events alone know items and users',
    () =>
      withoutFiles({
        split: { kind: 'leave_one_out' as const },
        histories: [{ name: 'history', of: 'item', max: 4 }],
        columns: { liked: 'CASE WHEN rating IS NULL THEN NULL ELSE rating >= 4 END' },
      }),
    needsOfEvents,
  ],
] as const)('goes on after each stop with the same bytes: %s', async (_, make, needed) => {
  const of = make();
  const other = { ...of, folder: block({}).folder };
  const whole = await contents(await read(other, needed as never));
  let left = await stopAt(of, 'counting', 3, needed as never);
  expect(existsSync(join(left, 'prepared.bin'))).toBe(false);
  let before = 0;
  for (const partition of [0, 2, 3, 4]) {
    left = await stopAt(of, 'encoding', partition, needed as never);
    expect(decisions.at(-1)!.continues).toEqual({ done: before, of: 5 });
    before = partition;
    expect(readdirSync(left).filter((name) => /^bucket-\d\.bin$/.test(name))).toHaveLength(5 - partition);
    // As a kill leaves it in the middle of the next bucket.
    appendFileSync(join(left, `rows-${partition}.bin`), 'half a block');
  }
  expect(await contents(await read(of, needed as never))).toEqual(whole);
  expect(decisions.at(-1)).toMatchObject({ continues: { done: 4, of: 5 } });
  expect(folders(of)).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/)]);
  const there = readdirSync(join(shardsOf(of), folders(of)[0]!)).sort();
  expect(there).toEqual([
    ...['grown.bin', 'made.json', 'rest.bin'],
    ...[0, 1, 2, 3, 4].map((bucket) => `rows-${bucket}.bin`),
    'shards.json',
  ]);
});

it('begins again where what is left cannot be read, or is for other sizes', async () => {
  const of = inTime();
  const whole = await contents(await read({ ...of, folder: inTime().folder }));
  for (const name of ['first.bin', 'passes.json', 'bucket-2.bin']) {
    const left = await stopAt(of, 'counting', 1);
    writeFileSync(join(left, name), readFileSync(join(left, name)).subarray(9));
    await stopAt(of, 'counting', 2);
    expect(decisions.at(-1)!.continues).toBeUndefined();
  }
  const sizes = { ...small, buckets: 3 };
  await read(of, needs, { sizes });
  expect(decisions.at(-1)!.continues).toBeUndefined();
  expect(folders(of)).toHaveLength(1);
  expect(await contents(await read(of))).toEqual(whole);
});

it('says that rows were changed, and removes what it made of it', async () => {
  const of = inTime();
  const left = await stopAt(of, 'encoding', 3);
  const bytes = readFileSync(join(left, 'rows-2.bin'));
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(join(left, 'rows-2.bin'), bytes);
  await expect(read(of)).rejects.toThrow('its checksum differs');
  expect(existsSync(left)).toBe(false);
  await read(of);
});

it('keeps what was stopped of other data for a week', async () => {
  const [one, two] = [inTime(), block({ split: { kind: 'leave_one_out' } })];
  const left = await stopAt(one, 'counting', 1);
  const shards = { folder: shardsOf(one) };
  await read(two, needs, shards);
  expect(existsSync(left)).toBe(true);
  const old = Date.now() / 1000 - 8 * 24 * 3600;
  utimesSync(join(left, 'passes.json'), old, old);
  await read(block({ split: { kind: 'leave_one_out' } }, 300), needs, shards);
  expect(existsSync(left)).toBe(false);
});
