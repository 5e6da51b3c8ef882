/** Law: every follower applies every entry in the order of its position, and an append ends when all have applied it. */
import { expect, it } from 'vitest';
import type { LogFormat } from '../../../../src/base/storage/record_log/record_log.ts';
import { openWriteLog } from '../../../../src/base/storage/record_log/write_log.ts';
import { Disk, faultyFiles } from './faulty_files.ts';

const format: LogFormat<number> = { name: 'numbers', version: 1, decode: (value) => ({ record: value as number }) };
/** Replaced by a later entry is each entry with the same last digit. */
const lastDigits = (least: number) => () => {
  const latest = new Map<number, number>();
  let count = 0;
  const compaction = {
    add: (entry: number) => void latest.set(entry % 10, count++),
    get isWorthwhile() {
      return count >= least;
    },
    makeRemainingFilter() {
      let at = 0;
      return (entry: number) => (latest.get(entry % 10) === at++ ? entry : undefined);
    },
    async *shorten(entries: AsyncIterable<readonly number[]>) {
      const remaining = compaction.makeRemainingFilter();
      for await (const batch of entries) {
        for (const entry of batch) if (remaining(entry) !== undefined) yield entry;
      }
    },
  };
  return compaction;
};
const open = (disk: Disk, least = Number.POSITIVE_INFINITY) =>
  openWriteLog(faultyFiles(disk), format, { compaction: lastDigits(least) });

it('gives positions to entries, and writes those of concurrent appends together', async () => {
  const log = await open(new Disk());
  const calls: string[] = [];
  await log.follow(0, (entries, end) => void calls.push(`${entries} to ${end}`));
  const positions = await Promise.all([log.append([1]), log.append([2, 3]), log.append([4])]);
  expect(positions).toEqual([1, 3, 4]);
  expect(calls).toEqual(['1 to 1', '2,3,4 to 4']);
  expect(log.end).toBe(4);
});

it('resolves an append when the slowest follower has applied it, and applies one call at a time', async () => {
  const log = await open(new Disk());
  const events: string[] = [];
  const slow = await log.follow(0, async (entries) => {
    events.push(`begin ${entries}`);
    await new Promise((later) => setTimeout(later, 5));
    events.push(`end ${entries}`);
  });
  await log.follow(0, () => {});
  await Promise.all([1, 2].map((entry) => log.append([entry]).then(() => events.push(`appended ${entry}`))));
  for (const entry of [1, 2])
    expect(events.indexOf(`appended ${entry}`)).toBeGreaterThan(events.indexOf(`end ${entry}`));
  expect(events.filter((event) => !event.startsWith('appended'))).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  void log.append([3]);
  await slow.stop();
  await log.append([4]);
  expect(events).not.toContain('begin 4');
});

it('brings a follower from any position to the end, while others append', async () => {
  const disk = new Disk();
  const log = await open(disk);
  for (let entry = 1; entry <= 9; entry++) await log.append([entry]);
  const applied: number[] = [];
  const following = log.follow(4, (entries) => void applied.push(...entries));
  const appending = log.append([10]);
  await Promise.all([following, appending]);
  await log.append([11]);
  // Entries that were replaced before the follower came are skipped.
  expect(applied).toEqual([5, 6, 7, 8, 9, 10, 11]);
  await log.close();
  const reopened = await open(disk);
  expect(reopened.end).toBe(11);
  expect(await reopened.append([12])).toBe(12);
  const again: number[] = [];
  await reopened.follow(0, (entries) => void again.push(...entries));
  expect(again).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

it('keeps positions ascending over a compaction and a restart, and skips nothing for a follower that was behind', async () => {
  const disk = new Disk();
  const log = await open(disk, 25);
  const ends: number[] = [];
  await log.follow(0, (_, end) => void ends.push(end));
  for (let entry = 1; entry <= 25; entry++) await log.append([entry]);
  await log.close();
  expect([...disk.names.keys()]).toEqual(['numbers-2.log']);
  const reopened = await open(disk);
  // The ten entries that are left have positions after those of the first file.
  expect(reopened.end).toBe(35);
  expect(ends).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
  const behind: number[] = [];
  await reopened.follow(20, (entries) => void behind.push(...entries));
  expect(behind).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
  const caughtUp: number[] = [];
  await reopened.follow(reopened.end, (entries) => void caughtUp.push(...entries));
  expect(await reopened.append([26])).toBe(36);
  expect(caughtUp).toEqual([26]);
});

it('rejects an append with the error of a follower, and keeps the entry', async () => {
  const log = await open(new Disk());
  const failing = await log.follow(0, () => {
    throw new Error('it cannot show it');
  });
  await expect(log.append([1])).rejects.toThrow('it cannot show it');
  await failing.stop();
  await expect(log.follow(0, () => Promise.reject(new Error('nor this one')))).rejects.toThrow('nor this one');
  expect(await log.append([2])).toBe(2);
});
