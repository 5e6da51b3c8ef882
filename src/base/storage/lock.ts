/**
 * Locks a folder, so that one process at a time writes into it, and any number read it. The lock file, with its owner in it, appears whole or not at all. If
 * the process of a lock is gone, one other process takes the lock over.
 */
import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { link, lstat, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { reading, writing } from '../diagnostics/system_reason.ts';
import { makeFolder, remove } from './durable.ts';
import { type Owner, stateOf, thisProcess } from './temporary.ts';

export interface FolderLock {
  readonly folder: string;
  release(): Promise<void>;
}

export interface LockOptions {
  /** Command of the owner, for messages to others: `tower train`. */
  readonly purpose: string;
  /** Milliseconds to wait for a lock that another process holds. Default: none. */
  readonly wait?: number;
}

interface LockEntry extends Owner {
  readonly format: 'tower-lock-1';
  readonly purpose: string;
  readonly since: string;
  /** Unique for each lock. */
  readonly id: string;
}

const lockFile = '.lock';

/** Maximum number of retries. After that, a path where nothing can be created, such as in /proc, is reported. */
const mostGone = 100;

/** True for a file of a lock that is held, of one that is being taken, of one that a kill left, and of readers. */
export const isLockFile = (name: string): boolean =>
  /^\.lock(-[0-9a-f-]{36}|\.[0-9a-f-]{36})*$/.test(name) || isReaderFile(name);

/** True for the file of a process that reads the folder. See `beginReading`. */
const isReaderFile = (name: string): boolean => /^\.reader-[0-9a-f-]{36}$/.test(name);

/** Refuses a folder that has files other than locks and those that `isOwn` accepts. @throws Failure `folder-in-use`, `cannot-read` */
export async function refuseOtherFiles(folder: string, isOwn = (_name: string): boolean => false): Promise<void> {
  const otherFiles = (await reading(folder, readdir(folder))).filter((name) => !isLockFile(name) && !isOwn(name));
  if (otherFiles.length === 0) return;
  throw failure('folder-in-use', { folder, run: false, holds: `other files (${otherFiles.slice(0, 3).join(', ')})` });
}

/** Locks the folder, and creates it if it is missing. @throws Failure `run-in-use` with the process that holds it, `cannot-write` */
export async function lockFolder(folder: string, { purpose, wait = 0 }: LockOptions): Promise<FolderLock> {
  const lockPath = join(folder, lockFile);
  const ownEntry = lockEntryFor(purpose);
  const waitsUntil = Date.now() + wait;
  let firstMade: string | undefined;
  for (let gone = 0; ; ) {
    firstMade ??= await makeFolder(folder);
    const holder = await take(lockPath, ownEntry).catch((error: NodeJS.ErrnoException) => {
      // Another process that had created the folder for its lock has removed it again.
      if (error.code === 'ENOENT' && gone++ < mostGone) return 'gone' as const;
      return writing(lockPath, Promise.reject(error));
    });
    if (holder === undefined) break;
    if (holder === 'gone') firstMade = undefined;
    else {
      if (Date.now() >= waitsUntil) throw inUse(folder, lockPath, holder);
      await pause(50);
    }
  }
  // The lock is held even if this cleanup fails.
  await removeLeft(folder).catch(() => {});
  const cancelRemoval = removeAtExit(lockPath);
  return {
    folder,
    /** A lock that cannot be removed becomes stale once this process has ended. */
    async release() {
      abandoned.add(ownEntry.id);
      try {
        // Somebody may have removed the lock by hand, and another process may have taken it in the meantime.
        if ((await holderOf(lockPath))?.id === ownEntry.id) await rm(lockPath, { force: true });
        cancelRemoval();
        if (firstMade !== undefined) await removeEmpty(folder, firstMade);
      } catch {
        // The exit handler of the process tries again.
      }
    },
  };
}

/** Removes the file when the process ends, because pressing Ctrl-C twice ends it without a `finally`. @returns a function that cancels the removal */
function removeAtExit(path: string): () => void {
  const atExit = (): void => {
    try {
      unlinkSync(path);
    } catch {
      // The folder may not exist any more.
    }
  };
  process.once('exit', atExit);
  return () => void process.removeListener('exit', atExit);
}

export const lockEntryFor = (purpose: string): LockEntry => ({
  format: 'tower-lock-1',
  ...thisProcess(),
  purpose,
  since: new Date().toISOString(),
  id: randomUUID(),
});

/** Ids of locks that this process has released. */
const abandoned = new Set<string>();

const isStale = (holder: LockEntry): boolean => abandoned.has(holder.id) || stateOf(holder) === 'gone';

/** Removes the folders that were created only for the lock. */
async function removeEmpty(folder: string, made: string): Promise<void> {
  try {
    for (let index = resolve(folder); index.startsWith(resolve(made)); index = dirname(index)) await rmdir(index);
  } catch {
    // The folder is not empty.
  }
}

/** Refuses a folder that another process holds; does not lock it. @throws Failure `run-in-use` */
export async function refuseHeld(folder: string): Promise<void> {
  const path = join(folder, lockFile);
  const holder = await reading(path, holderOf(path));
  if (holder && !isStale(holder)) throw inUse(folder, path, holder);
}

function inUse(folder: string, path: string, holder: LockEntry | 'unreadable'): Error {
  if (holder === 'unreadable') return failure('run-in-use', { folder, lock: path, by: undefined, here: false });
  const { purpose, pid, host, since } = holder;
  return failure('run-in-use', {
    folder,
    lock: path,
    by: { purpose, pid, host, since },
    here: stateOf(holder) === 'running',
  });
}

/**
 * Takes the lock at `path`. Returns undefined on success, otherwise the owner. A stale lock is replaced under a second lock, named after the stale one: two
 * processes that find it cannot both replace it, and neither can remove the lock that the other just took.
 */
async function take(path: string, mine: LockEntry): Promise<LockEntry | 'unreadable' | undefined> {
  if (await create(path, mine)) return undefined;
  const holder = await settledHolder(path);
  if (holder === undefined) return take(path, mine);
  if (holder === 'unreadable' || !isStale(holder)) return holder;
  const takeoverPath = `${path}.${holder.id}`;
  const rightEntry = { ...mine, id: randomUUID() };
  const otherTaker = await take(takeoverPath, rightEntry);
  if (otherTaker !== undefined) return otherTaker;
  try {
    const currentHolder = await holderOf(path);
    if (currentHolder?.id !== holder.id) return currentHolder ?? take(path, mine);
    await replace(path, mine);
    return undefined;
  } finally {
    abandoned.add(rightEntry.id);
    await rm(takeoverPath, { force: true }).catch(() => {});
  }
}

/** Creates the file, with all of its text at once if the file system has hard links. False if the file exists. */
async function create(path: string, held: LockEntry): Promise<boolean> {
  const draft = await writeDraft(path, held);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(code ?? '')) throw error;
    return await createInPlace(path, held);
  } finally {
    // If the draft cannot be removed, the next process that takes the lock removes it.
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** Creates the file on a file system without hard links. It is empty for a moment, for which `settledHolder` waits. */
async function createInPlace(path: string, held: LockEntry): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(held), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(path, { force: true });
    throw error;
  }
}

async function replace(path: string, held: LockEntry): Promise<void> {
  const draft = await writeDraft(path, held);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(path: string, held: LockEntry): Promise<string> {
  const draft = `${path}-${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify(held), { flag: 'wx' });
    return draft;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Reads a lock; undefined if there is none. An invalid lock may be one that is being written, so it is read again for a second. */
async function settledHolder(path: string): Promise<LockEntry | 'unreadable' | undefined> {
  for (let tries = 0; ; tries++) {
    const lockText = await textOf(path);
    if (lockText === undefined) return undefined;
    const lockEntry = parse(lockText);
    if (lockEntry) return lockEntry;
    if (tries < 20) {
      await pause(50);
      continue;
    }
    // A kill left an empty file, on a file system without hard links.
    if (lockText !== '') return 'unreadable';
    await rm(path, { force: true });
    return undefined;
  }
}

async function holderOf(path: string): Promise<LockEntry | undefined> {
  const lockText = await textOf(path);
  return lockText === undefined ? undefined : parse(lockText);
}

const mostBytes = 65_536;

async function textOf(path: string): Promise<string | undefined> {
  try {
    const lockStats = await lstat(path);
    // Only a regular file is read, because a pipe could block.
    if (!lockStats.isFile() || lockStats.size > mostBytes) return 'no lock';
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function parse(text: string): LockEntry | undefined {
  try {
    const held = JSON.parse(text) as Partial<LockEntry> | null;
    const textFields = ['host', 'machine', 'boot', 'space', 'started', 'purpose', 'since', 'id'] as const;
    const hasTexts = textFields.every((name) => typeof held?.[name] === 'string');
    const fits = held?.format === 'tower-lock-1' && Number.isSafeInteger(held.pid) && hasTexts;
    return fits && /^[0-9a-f-]{36}$/.test(held.id!) ? (held as LockEntry) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes drafts and takeover locks of processes that were killed while they took a lock. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name === lockFile || !isLockFile(name)) continue;
    const holder = await holderOf(join(folder, name)).catch(() => undefined);
    if (holder && stateOf(holder) === 'gone') await remove(join(folder, name));
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Marks the folder as read by this process, such as a server. It writes a file that names the process, and code that would remove the folder checks for such
 * files. Writers ignore them. If the folder is not writable, there is no file, and the reader works all the same.
 * @returns a function that removes the mark
 */
export async function beginReading(folder: string, purpose: string): Promise<() => Promise<void>> {
  const ownEntry = lockEntryFor(purpose);
  const path = join(folder, `.reader-${ownEntry.id}`);
  try {
    await writeFile(path, JSON.stringify(ownEntry), { flag: 'wx' });
  } catch {
    await rm(path, { force: true }).catch(() => {});
    return async () => {};
  }
  const cancelRemoval = removeAtExit(path);
  return async () => {
    cancelRemoval();
    await rm(path, { force: true }).catch(() => {});
  };
}

/** True if a process reads the folder, or may read it where this process cannot check. @throws Failure `cannot-read` */
export const isRead = async (folder: string): Promise<boolean> => (await readerOf(folder)) !== undefined;

/** @throws Failure `run-in-use` with the process that reads the folder, `cannot-read` */
export async function refuseRead(folder: string): Promise<void> {
  const reader = await readerOf(folder);
  if (reader) throw inUse(folder, reader.path, reader.held);
}

async function readerOf(folder: string) {
  for (const name of (await reading(folder, readdir(folder))).filter(isReaderFile)) {
    const path = join(folder, name);
    const readerEntry = await reading(path, holderOf(path));
    if (readerEntry && stateOf(readerEntry) !== 'gone') return { path, held: readerEntry };
  }
  return undefined;
}
