/** The folder of written items, for the life of a server. */
import type { ItemWrites } from '../../serving/serve/live/item_writes.ts';
import type { WritesOfItems } from '../../serving/server/items/writes.ts';

export interface OpenedItems {
  readonly writes: WritesOfItems;
  /** Applies the earlier writes to a version. The result detaches it, and resolves when it computes nothing more. */
  attach(version: ItemWrites): Promise<() => Promise<void>>;
  /** Resolves when the arrived writes are on the disk, and releases the folder. */
  close(): Promise<void>;
}

/**
 * Makes the folder where it is missing.
 * @param say gets sentences for people
 * @throws Failure `run-in-use`, `items-log`, `cannot-read`, `cannot-write`
 */
export async function openItems(folder: string, say: (line: string) => void = () => {}): Promise<OpenedItems> {
  const [{ lockFolder }, { openRecordLog }, { logFilesIn }, { itemLog }, { makeLatestWrites }, { makeWritesOfItems }] =
    await Promise.all([
      import('../../base/storage/lock.ts'),
      import('../../base/storage/record_log/record_log.ts'),
      import('../../base/storage/record_log/log_files.ts'),
      import('../../serving/server/items/write_log.ts'),
      import('../../serving/server/items/write_log.ts'),
      import('../../serving/server/items/writes.ts'),
    ]);
  const lock = await lockFolder(folder, { purpose: 'tower serve' });
  try {
    const latest = makeLatestWrites();
    const { log, torn } = await openRecordLog(logFilesIn(folder), itemLog, (writes) => writes.forEach(latest.add));
    if (torn) say(`${folder}: the last write was cut short, and nobody had an answer to it: it is dropped`);
    const writes = makeWritesOfItems({ log, latest, say });
    const { items, deleted } = writes.stored;
    if (items + deleted > 0) say(`${folder}: ${countOf(items)} written, ${countOf(deleted)} deleted`);
    return {
      writes,
      async attach(version) {
        await writes.attach(version);
        return async () => {
          await writes.detach(version);
          version.close();
        };
      },
      async close() {
        await writes.close();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

const countOf = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'item' : 'items'}`;
