/**
 * The log of written items, and which of its writes is the latest of each item: a number for each, and not the write, which the log has. Writes are counted from the
 * first of the file, in their order.
 */
import { firstLine, type LinePlace } from '../../../base/storage/record_log/lines.ts';
import type { LogFormat, RecordLog } from '../../../base/storage/record_log/record_log.ts';
import { makeKeyIndex } from '../../../base/text/key_table.ts';
import { isObject } from '../../../base/util/defined.ts';
import type { ItemWrite } from '../../serve/live/item_writes.ts';
import { longestKey } from '../limits.ts';

/** Its records are untrusted values of JSON. */
export const itemLog: LogFormat<readonly ItemWrite[]> = {
  name: 'items',
  version: 1,
  decode(value) {
    if (!Array.isArray(value)) return { reason: 'it is no list of writes' };
    return value.every(isWrite) ? { record: value } : { reason: 'it has something else than writes of items' };
  },
};

function isWrite(value: unknown): value is ItemWrite {
  if (!isObject(value)) return false;
  const { key, columns, deleted, ...others } = value;
  if (typeof key !== 'string' || key.length > longestKey || Object.keys(others).length > 0) return false;
  if (deleted !== undefined) return deleted === true && columns === undefined;
  return isObject(columns);
}

/** Writes in one line of a shortened log, and characters after which it ends. */
const perLine = 100;
const charactersPerLine = 2 ** 16;

export interface LatestWrites {
  readonly count: number;
  /** Items that were written, and of these the ones that were deleted last. */
  readonly keys: number;
  readonly deleted: number;
  add(write: ItemWrite): void;
  /** @param place of a write of the item, from 0 */
  isLatest(key: string, place: number): boolean;
}

export function makeLatestWrites(): LatestWrites {
  const keys: string[] = [];
  const numberOf = makeKeyIndex((number) => keys[number]!);
  /** By number of a key: twice the place of its latest write, and 1 more of a deletion. */
  const latestCodes: number[] = [];
  let count = 0;
  let deletedCount = 0;
  return {
    get count() {
      return count;
    },
    get keys() {
      return keys.length;
    },
    get deleted() {
      return deletedCount;
    },
    add(write) {
      let number = numberOf.placeOf(write.key);
      if (number < 0) {
        number = keys.push(write.key) - 1;
        numberOf.set(write.key, number);
        latestCodes.push(0);
      }
      if (latestCodes[number]! % 2 === 1) deletedCount--;
      const isDeleted = 'deleted' in write;
      if (isDeleted) deletedCount++;
      latestCodes[number] = 2 * count++ + Number(isDeleted);
    },
    isLatest(key, place) {
      const number = numberOf.placeOf(key);
      return number >= 0 && Math.floor(latestCodes[number]! / 2) === place;
    },
  };
}

/** The latest write of each item, in their order, as lines of a log. */
export async function* latestLines(
  log: RecordLog<readonly ItemWrite[]>,
  to: LinePlace,
  isLatest: LatestWrites['isLatest'],
): AsyncGenerator<readonly ItemWrite[]> {
  let writeIndex = 0;
  let line: ItemWrite[] = [];
  let lineCharacters = 0;
  for await (const records of log.read(firstLine, to)) {
    for (const write of records.flat()) {
      if (!isLatest(write.key, writeIndex++)) continue;
      line.push(write);
      lineCharacters += JSON.stringify(write).length;
      if (line.length < perLine && lineCharacters < charactersPerLine) continue;
      yield line;
      line = [];
      lineCharacters = 0;
    }
  }
  if (line.length > 0) yield line;
}
