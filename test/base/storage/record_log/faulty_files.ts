/**
 * Files in memory that end at a chosen operation, as a kill or a loss of power ends a process: what was synced stays, and of the rest stays what `fate` says. A write
 * that the end hits is written in part.
 */
import type { LogFile, LogFiles } from '../../../../src/base/storage/record_log/lines.ts';

export class Crash extends Error {}

/** Bytes, and how many of them are on the disk. */
interface Content {
  bytes: Buffer;
  synced: Buffer;
}

/** What is left of what was not synced: all of it after a kill; after a loss of power nothing, a part, or a part in zeros. */
export type Fate = 'all' | 'nothing' | 'part' | 'zeros';

/** Names as programs see them, and as they are on the disk. */
export class Disk {
  names = new Map<string, Content>();
  synced = new Map<string, Content>();

  /** What another process finds after the end. */
  after(fate: Fate, share: number): Disk {
    const disk = new Disk();
    // A rename that was not synced has happened, or has not.
    const kept = fate === 'all' || share > 0.5 ? this.names : this.synced;
    for (const [name, content] of kept) {
      const bytes = contentAfter(content, fate, share);
      const same = { bytes, synced: bytes };
      disk.names.set(name, same);
      disk.synced.set(name, same);
    }
    return disk;
  }
}

function contentAfter({ bytes, synced }: Content, fate: Fate, share: number): Buffer {
  if (fate === 'all') return bytes;
  // A file that was emptied or cut is as it was, or as it is.
  if (!bytes.subarray(0, synced.length).equals(synced) && share < 0.5) return synced;
  const sure = Math.min(synced.length, bytes.length);
  const more = Math.floor((bytes.length - sure) * (fate === 'nothing' ? 0 : share));
  const part = Buffer.from(bytes.subarray(0, sure + more));
  return fate === 'zeros' ? Buffer.concat([part, Buffer.alloc(bytes.length - part.length)]) : part;
}

/**
 * @param end the operation, from 0, that does not come to its end
 * @param share of a write that the end hits is written
 */
export function faultyFiles(
  disk: Disk,
  end = Number.POSITIVE_INFINITY,
  share = 0,
): LogFiles & { readonly operations: number } {
  let operations = 0;
  let ended = false;
  const step = async <T>(work: () => T, partly: () => void = () => {}): Promise<T> => {
    // Others run in between, as with a real disk.
    await Promise.resolve();
    if (ended) throw new Crash();
    if (operations++ === end) {
      ended = true;
      partly();
      throw new Crash();
    }
    return work();
  };
  const fileOf = (content: Content): LogFile => ({
    write(bytes) {
      const add = (count: number): number => {
        content.bytes = Buffer.concat([content.bytes, bytes.subarray(0, count)]);
        return count;
      };
      // A write may take less than it is given.
      return step(
        () => add(bytes.length > 40 ? bytes.length - 7 : bytes.length),
        () => void add(Math.floor(share * bytes.length)),
      );
    },
    sync: () => step(() => void (content.synced = content.bytes)),
    truncate: (bytes) => step(() => void (content.bytes = content.bytes.subarray(0, bytes))),
    isIntact: (name, bytes) => step(() => disk.names.get(name) === content && content.bytes.length === bytes),
    close: () => step(() => undefined),
  });
  const get = (name: string): Content => {
    const content = disk.names.get(name);
    if (!content) throw Object.assign(new Error(name), { code: 'ENOENT', syscall: 'open' });
    return content;
  };
  return {
    folder: 'items',
    get operations() {
      return operations;
    },
    list: () => step(() => [...disk.names.keys()]),
    async *read(name, from) {
      const { bytes } = await step(() => get(name));
      for (let at = from; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
    },
    create: (name) =>
      step(() => {
        const content: Content = { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) };
        disk.names.set(name, content);
        return fileOf(content);
      }),
    append: (name) => step(() => fileOf(get(name))),
    rename: (from, to) =>
      step(() => {
        disk.names.set(to, get(from));
        disk.names.delete(from);
      }),
    remove: (name) => step(() => void disk.names.delete(name)),
    syncFolder: () => step(() => void (disk.synced = new Map(disk.names))),
  };
}
