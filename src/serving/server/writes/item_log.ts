/**
 * The format of the log of written items, and an index of the latest write of each item. The index holds positions only; the writes themselves stay in the
 * log. Positions count the writes from the first one of the file.
 */
import type { LogFormat } from '../../../base/storage/record_log/record_log.ts';
import type { LogCompaction } from '../../../base/storage/record_log/write_log.ts';
import { makeKeyIndex } from '../../../base/text/key_table.ts';
import { isObject } from '../../../base/util/objects.ts';
import type { ItemWrite } from '../../live/item_writes.ts';
import { maxKeyLength } from '../limits.ts';

/** Its records come from a file, so they are validated. */
export const itemLog: LogFormat<readonly ItemWrite[]> = {
  name: 'items',
  version: 1,
  decode(value) {
    if (!Array.isArray(value)) return { reason: 'it is no list of writes' };
    return value.every(isWrite) ? { record: value } : { reason: 'it has something else than writes of items' };
  },
};

/** In a shared log, a write of an item replaces the earlier ones. */
export const itemReplacement = {
  subjectOf: ({ key }: ItemWrite): string => key,
  replaces: () => true,
  removedAfter: 10_000,
};

function isWrite(value: unknown): value is ItemWrite {
  if (!isObject(value)) return false;
  const { key, columns, deleted, ...others } = value;
  if (typeof key !== 'string' || key.length > maxKeyLength || Object.keys(others).length > 0) return false;
  if (deleted !== undefined) return deleted === true && columns === undefined;
  return isObject(columns);
}

/** Maximum writes in one line of a shortened log. `charactersPerLine`: number of characters after which a line ends. */
const writesPerLine = 100;
const charactersPerLine = 2 ** 16;
/** A log is shortened when it has at least this many writes, and twice as many writes as items. */
const minWritesToCompact = 10_000;

export interface LatestWrites extends LogCompaction<readonly ItemWrite[]> {
  /** Number of written items that exist. `deleted`: number of deleted keys. */
  readonly stored: { readonly items: number; readonly deleted: number };
}

export function makeLatestWrites(): LatestWrites {
  const keys: string[] = [];
  const keyIndex = makeKeyIndex((number) => keys[number]!);
  /** By index of the key: twice the position of its latest write, plus 1 if it was a deletion. One number for each key saves memory. */
  const latestCodes: number[] = [];
  let count = 0;
  let deletedCount = 0;
  const add = (write: ItemWrite): void => {
    let number = keyIndex.indexOf(write.key);
    if (number < 0) {
      number = keys.push(write.key) - 1;
      keyIndex.set(write.key, number);
      latestCodes.push(0);
    }
    if (latestCodes[number]! % 2 === 1) deletedCount--;
    const isDeleted = 'deleted' in write;
    if (isDeleted) deletedCount++;
    latestCodes[number] = 2 * count++ + Number(isDeleted);
  };
  const isLatest = (key: string, position: number): boolean => {
    const number = keyIndex.indexOf(key);
    return number >= 0 && Math.floor(latestCodes[number]! / 2) === position;
  };
  const latestWrites: LatestWrites = {
    get stored() {
      return { items: keys.length - deletedCount, deleted: deletedCount };
    },
    get isWorthwhile() {
      return count >= Math.max(minWritesToCompact, 2 * keys.length);
    },
    add: (writes) => writes.forEach(add),
    makeRemainingFilter() {
      let position = 0;
      return (writes) => {
        const latest = writes.filter(({ key }) => isLatest(key, position++));
        return latest.length > 0 ? latest : undefined;
      };
    },
    async *shorten(entries) {
      const remaining = latestWrites.makeRemainingFilter();
      let line: ItemWrite[] = [];
      let lineCharacters = 0;
      for await (const batch of entries) {
        for (const write of batch.flatMap((writes) => remaining(writes) ?? [])) {
          line.push(write);
          lineCharacters += JSON.stringify(write).length;
          if (line.length < writesPerLine && lineCharacters < charactersPerLine) continue;
          yield line;
          line = [];
          lineCharacters = 0;
        }
      }
      if (line.length > 0) yield line;
    },
  };
  return latestWrites;
}
