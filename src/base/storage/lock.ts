/**
 * Locks a folder, so that one process at a time writes into it, and any number read it. The lock file, with its owner in it, appears whole or not at all. If
 * the process of a lock is gone, one other process takes the lock over.
 */
import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { link, lstat, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { awaitRead, awaitWrite, failure } from '../diagnostics/diagnostic.ts';
import { makeFolder, removeFile } from './durable.ts';
import { describeThisProcess, type Owner, processState } from './temporary.ts';

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
const maxRetries = 100;

/** True for a file of a lock that is held, of one that is being taken, of one that a kill left, and of readers. */
export const isLockFile = (name: string): boolean =>
  /^\.lock(-[0-9a-f-]{36}|\.[0-9a-f-]{36})*$/.test(name) || isReaderFile(name);

/** True for the file of a process that reads the folder. See `registerReader`. */
const isReaderFile = (name: string): boolean => /^\.reader-[0-9a-f-]{36}$/.test(name);

/** Refuses a folder that has files other than locks and those that `isOwn` accepts. @throws Failure `folder-in-use`, `cannot-read` */
export async function rejectOtherFiles(folder: string, isOwn = (_name: string): boolean => false): Promise<void> {
  const otherFiles = (await awaitRead(folder, readdir(folder))).filter((name) => !isLockFile(name) && !isOwn(name));
  if (otherFiles.length === 0) return;
  throw failure('folder-in-use', { folder, run: false, holds: `other files (${otherFiles.slice(0, 3).join(', ')})` });
}

/** Locks the folder, and creates it if it is missing. @throws Failure `run-in-use` with the process that holds it, `cannot-write` */
export async function lockFolder(folder: string, { purpose, wait = 0 }: LockOptions): Promise<FolderLock> {
  const lockPath = join(folder, lockFile);
  const ownEntry = makeLockEntry(purpose);
  const deadline = Date.now() + wait;
  let firstCreated: string | undefined;
  for (let retries = 0; ; ) {
    firstCreated ??= await makeFolder(folder);
    const holder = await acquire(lockPath, ownEntry).catch((error: NodeJS.ErrnoException) => {
      // Another process that had created the folder for its lock has removed it again.
      if (error.code === 'ENOENT' && retries++ < maxRetries) return 'gone' as const;
      return awaitWrite(lockPath, Promise.reject(error));
    });
    if (holder === undefined) break;
    if (holder === 'gone') firstCreated = undefined;
    else {
      if (Date.now() >= deadline) throw makeInUseError(folder, lockPath, holder);
      await sleep(50);
    }
  }
  // The lock is held even if this cleanup fails.
  await removeAbandonedFiles(folder).catch(() => {});
  const cancelRemoval = removeAtExit(lockPath);
  return {
    folder,
    /** A lock that cannot be removed becomes stale once this process has ended. */
    async release() {
      releasedIds.add(ownEntry.id);
      try {
        // Somebody may have removed the lock by hand, and another process may have taken it in the meantime.
        if ((await readHolder(lockPath))?.id === ownEntry.id) await rm(lockPath, { force: true });
        cancelRemoval();
        if (firstCreated !== undefined) await removeEmptyFolders(folder, firstCreated);
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

export const makeLockEntry = (purpose: string): LockEntry => ({
  format: 'tower-lock-1',
  ...describeThisProcess(),
  purpose,
  since: new Date().toISOString(),
  id: randomUUID(),
});

/** Ids of locks that this process has released. */
const releasedIds = new Set<string>();

const isStale = (holder: LockEntry): boolean => releasedIds.has(holder.id) || processState(holder) === 'gone';

/** Removes the folders that were created only for the lock. */
async function removeEmptyFolders(folder: string, firstCreated: string): Promise<void> {
  try {
    for (let parent = resolve(folder); parent.startsWith(resolve(firstCreated)); parent = dirname(parent))
      await rmdir(parent);
  } catch {
    // The folder is not empty.
  }
}

/** Refuses a folder that another process holds; does not lock it. @throws Failure `run-in-use` */
export async function rejectIfLocked(folder: string): Promise<void> {
  const path = join(folder, lockFile);
  const holder = await awaitRead(path, readHolder(path));
  if (holder && !isStale(holder)) throw makeInUseError(folder, path, holder);
}

function makeInUseError(folder: string, path: string, holder: LockEntry | 'unreadable'): Error {
  if (holder === 'unreadable') return failure('run-in-use', { folder, lock: path, by: undefined, here: false });
  const { purpose, pid, host, since } = holder;
  return failure('run-in-use', {
    folder,
    lock: path,
    by: { purpose, pid, host, since },
    here: processState(holder) === 'running',
  });
}

/**
 * Takes the lock at `path`. Returns undefined on success, otherwise the owner. A stale lock is replaced under a second lock, named after the stale one: two
 * processes that find it cannot both replace it, and neither can remove the lock that the other just took.
 */
async function acquire(path: string, ownEntry: LockEntry): Promise<LockEntry | 'unreadable' | undefined> {
  if (await createLockFile(path, ownEntry)) return undefined;
  const holder = await readSettledHolder(path);
  if (holder === undefined) return acquire(path, ownEntry);
  if (holder === 'unreadable' || !isStale(holder)) return holder;
  const takeoverPath = `${path}.${holder.id}`;
  const takeoverEntry = { ...ownEntry, id: randomUUID() };
  const otherTaker = await acquire(takeoverPath, takeoverEntry);
  if (otherTaker !== undefined) return otherTaker;
  try {
    const currentHolder = await readHolder(path);
    if (currentHolder?.id !== holder.id) return currentHolder ?? acquire(path, ownEntry);
    await replaceLockFile(path, ownEntry);
    return undefined;
  } finally {
    releasedIds.add(takeoverEntry.id);
    await rm(takeoverPath, { force: true }).catch(() => {});
  }
}

/** Creates the file, with all of its text at once if the file system has hard links. False if the file exists. */
async function createLockFile(path: string, entry: LockEntry): Promise<boolean> {
  const draft = await writeDraft(path, entry);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'].includes(code ?? '')) throw error;
    return await createInPlace(path, entry);
  } finally {
    // If the draft cannot be removed, the next process that takes the lock removes it.
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** Creates the file on a file system without hard links. It is empty for a moment, for which `readSettledHolder` waits. */
async function createInPlace(path: string, entry: LockEntry): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(entry), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(path, { force: true });
    throw error;
  }
}

async function replaceLockFile(path: string, entry: LockEntry): Promise<void> {
  const draft = await writeDraft(path, entry);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(path: string, entry: LockEntry): Promise<string> {
  const draft = `${path}-${randomUUID()}`;
  try {
    await writeFile(draft, JSON.stringify(entry), { flag: 'wx' });
    return draft;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Reads a lock; undefined if there is none. An invalid lock may be one that is being written, so it is read again for a second. */
async function readSettledHolder(path: string): Promise<LockEntry | 'unreadable' | undefined> {
  for (let tries = 0; ; tries++) {
    const lockText = await readLockText(path);
    if (lockText === undefined) return undefined;
    const lockEntry = parseLock(lockText);
    if (lockEntry) return lockEntry;
    if (tries < 20) {
      await sleep(50);
      continue;
    }
    // A kill left an empty file, on a file system without hard links.
    if (lockText !== '') return 'unreadable';
    await rm(path, { force: true });
    return undefined;
  }
}

async function readHolder(path: string): Promise<LockEntry | undefined> {
  const lockText = await readLockText(path);
  return lockText === undefined ? undefined : parseLock(lockText);
}

const maxLockBytes = 65_536;

async function readLockText(path: string): Promise<string | undefined> {
  try {
    const lockStats = await lstat(path);
    // Only a regular file is read, because a pipe could block.
    if (!lockStats.isFile() || lockStats.size > maxLockBytes) return 'no lock';
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function parseLock(text: string): LockEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<LockEntry> | null;
    const textFields = ['host', 'machine', 'boot', 'space', 'started', 'purpose', 'since', 'id'] as const;
    const hasTexts = textFields.every((name) => typeof entry?.[name] === 'string');
    const fits = entry?.format === 'tower-lock-1' && Number.isSafeInteger(entry.pid) && hasTexts;
    return fits && /^[0-9a-f-]{36}$/.test(entry.id!) ? (entry as LockEntry) : undefined;
  } catch {
    return undefined;
  }
}

/** Removes drafts and takeover locks of processes that were killed while they took a lock. */
async function removeAbandonedFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name === lockFile || !isLockFile(name)) continue;
    const holder = await readHolder(join(folder, name)).catch(() => undefined);
    if (holder && processState(holder) === 'gone') await removeFile(join(folder, name));
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Marks the folder as read by this process, such as a server. It writes a file that names the process, and code that would remove the folder checks for such
 * files. Writers ignore them. If the folder is not writable, there is no file, and the reader works all the same.
 * @returns a function that removes the mark
 */
export async function registerReader(folder: string, purpose: string): Promise<() => Promise<void>> {
  const ownEntry = makeLockEntry(purpose);
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
export const hasReader = async (folder: string): Promise<boolean> => (await findReader(folder)) !== undefined;

/** @throws Failure `run-in-use` with the process that reads the folder, `cannot-read` */
export async function rejectIfRead(folder: string): Promise<void> {
  const reader = await findReader(folder);
  if (reader) throw makeInUseError(folder, reader.path, reader.held);
}

async function findReader(folder: string) {
  for (const name of (await awaitRead(folder, readdir(folder))).filter(isReaderFile)) {
    const path = join(folder, name);
    const readerEntry = await awaitRead(path, readHolder(path));
    if (readerEntry && processState(readerEntry) !== 'gone') return { path, held: readerEntry };
  }
  return undefined;
}
