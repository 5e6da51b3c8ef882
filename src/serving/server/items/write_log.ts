/**
 * The format of the log of written items, and an index of the latest write of each item. The index has only the position of a write, which is in the log.
 * Positions count the writes from the first one of the file.
 */
import { firstLine, type LinePlace } from '../../../base/storage/record_log/lines.ts';
import type { LogFormat, RecordLog } from '../../../base/storage/record_log/record_log.ts';
import { makeKeyIndex } from '../../../base/text/key_table.ts';
import { isObject } from '../../../base/util/defined.ts';
import type { ItemWrite } from '../../serve/live/item_writes.ts';
import { longestKey } from '../limits.ts';

/** Its records come from a file, so they are validated. */
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

/** Maximum writes in one line of a shortened log. `charactersPerLine`: number of characters after which a line ends. */
const perLine = 100;
const charactersPerLine = 2 ** 16;

export interface LatestWrites {
  readonly count: number;
  /** Number of written items. `deleted`: how many of them were deleted by their latest write. */
  readonly keys: number;
  readonly deleted: number;
  add(write: ItemWrite): void;
  /** @param place position of a write of the item, from 0 */
  isLatest(key: string, place: number): boolean;
}

export function makeLatestWrites(): LatestWrites {
  const keys: string[] = [];
  const numberOf = makeKeyIndex((number) => keys[number]!);
  /** By index of the key: twice the position of its latest write, plus 1 if it was a deletion. */
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

/** Yields the latest write of each item, in their order, as lines of a log. */
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
