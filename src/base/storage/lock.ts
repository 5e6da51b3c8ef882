/**
 * One process at a time writes into a folder. The lock is a file that appears whole, with its owner in it, or not at all. A lock
 * whose process is gone is taken over, by one process only.
 */
import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { link, lstat, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { reading, writing } from '../diagnostics/system_reason.ts';
import { makeFolder } from './durable.ts';
import { type Owner, stateOf, thisProcess } from './owner.ts';

export interface FolderLock {
  readonly folder: string;
  release(): Promise<void>;
}

export interface LockOptions {
  /** What the owner does, for the message that others get: `tower train`. */
  readonly purpose: string;
  /** Milliseconds to wait for a lock that another process holds. Default: none. */
  readonly wait?: number;
}

/** What a file of a lock says. */
export interface Held extends Owner {
  readonly format: 'tower-lock-1';
  readonly purpose: string;
  readonly since: string;
  /** No two locks have the same. */
  readonly id: string;
}

const lockFile = '.lock';

/** A path on which nothing can be made, such as one of /proc, is reported. */
const mostGone = 100;

/** Files of a lock that is held, of one that is being taken, of one that a kill left, and of readers. */
export const isLockFile = (name: string): boolean =>
  /^\.lock(-[0-9a-f-]{36}|\.[0-9a-f-]{36})*$/.test(name) || isReaderFile(name);

/** Of a process that reads the folder: `readers.ts`. */
export const isReaderFile = (name: string): boolean => /^\.reader-[0-9a-f-]{36}$/.test(name);

/**
 * Refuses a folder that has other files than those of locks and those that `isOwn` names.
 * @throws Failure `folder-in-use`, `cannot-read`
 */
export async function refuseOtherFiles(folder: string, isOwn = (_name: string): boolean => false): Promise<void> {
  const otherFiles = (await reading(folder, readdir(folder))).filter((name) => !isLockFile(name) && !isOwn(name));
  if (otherFiles.length === 0) return;
  throw failure('folder-in-use', { folder, run: false, holds: `other files (${otherFiles.slice(0, 3).join(', ')})` });
}

/**
 * Makes the folder where it is missing.
 * @throws Failure `run-in-use` with the process that holds it, `cannot-write`
 */
export async function lockFolder(folder: string, { purpose, wait = 0 }: LockOptions): Promise<FolderLock> {
  const path = join(folder, lockFile);
  const mine = heldFor(purpose);
  const until = Date.now() + wait;
  let made: string | undefined;
  for (let gone = 0; ; ) {
    made ??= await makeFolder(folder);
    const holder = await take(path, mine).catch((error: NodeJS.ErrnoException) => {
      // Another process that had made the folder for its lock removed it again.
      if (error.code === 'ENOENT' && gone++ < mostGone) return 'gone' as const;
      return writing(path, Promise.reject(error));
    });
    if (holder === undefined) break;
    if (holder === 'gone') made = undefined;
    else {
      if (Date.now() >= until) throw inUse(folder, path, holder);
      await pause(50);
    }
  }
  // Tidying: the lock is held, whatever becomes of it.
  await removeLeft(folder).catch(() => {});
  // Ctrl-C pressed twice ends the process without a `finally`.
  const atExit = (): void => {
    try {
      unlinkSync(path);
    } catch {
      // The folder may be gone.
    }
  };
  process.once('exit', atExit);
  return {
    folder,
    /** What cannot be removed is stale from now on, for other processes once this one has ended. */
    async release() {
      abandoned.add(mine.id);
      try {
        // A person may have removed the lock, and another process may hold the folder since.
        if ((await holderOf(path))?.id === mine.id) await rm(path, { force: true });
        process.removeListener('exit', atExit);
        if (made !== undefined) await removeEmpty(folder, made);
      } catch {
        // `atExit` tries once more.
      }
    },
  };
}

/** Of this process. */
export const heldFor = (purpose: string): Held => ({
  format: 'tower-lock-1',
  ...thisProcess(),
  purpose,
  since: new Date().toISOString(),
  id: randomUUID(),
});

/** Locks that this process holds no more. */
const abandoned = new Set<string>();

const isStale = (holder: Held): boolean => abandoned.has(holder.id) || stateOf(holder) === 'gone';

/** Folders that were made for the lock alone. */
async function removeEmpty(folder: string, made: string): Promise<void> {
  try {
    for (let at = resolve(folder); at.startsWith(resolve(made)); at = dirname(at)) await rmdir(at);
  } catch {
    // It holds something.
  }
}

/**
 * Refuses a folder that another process holds, and takes nothing.
 * @throws Failure `run-in-use`
 */
export async function refuseHeld(folder: string): Promise<void> {
  const path = join(folder, lockFile);
  const holder = await reading(path, holderOf(path));
  if (holder && !isStale(holder)) throw inUse(folder, path, holder);
}

export function inUse(folder: string, path: string, holder: Held | 'unreadable'): Error {
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
 * Undefined once `path` is ours; else who has it. What is stale is replaced under a lock of its own, named by the stale one: two
 * processes that find the same stale lock cannot both replace it, and neither can remove the lock that the other just took.
 */
async function take(path: string, mine: Held): Promise<Held | 'unreadable' | undefined> {
  if (await create(path, mine)) return undefined;
  const holder = await settledHolder(path);
  if (holder === undefined) return take(path, mine);
  if (holder === 'unreadable' || !isStale(holder)) return holder;
  const right = `${path}.${holder.id}`;
  const own = { ...mine, id: randomUUID() };
  const other = await take(right, own);
  if (other !== undefined) return other;
  try {
    const now = await holderOf(path);
    if (now?.id !== holder.id) return now ?? take(path, mine);
    await replace(path, mine);
    return undefined;
  } finally {
    abandoned.add(own.id);
    await rm(right, { force: true }).catch(() => {});
  }
}

/** False where the file exists. It appears with all of its text, where the file system has hard links. */
async function create(path: string, held: Held): Promise<boolean> {
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
    // A draft that stays is removed by the next that takes the lock.
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** Where no hard links are: the file is empty for a moment, and `settledHolder` waits that long. */
async function createInPlace(path: string, held: Held): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(JSON.stringify(held));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    await rm(path, { force: true });
    throw error;
  }
}

async function replace(path: string, held: Held): Promise<void> {
  const draft = await writeDraft(path, held);
  try {
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(path: string, held: Held): Promise<string> {
  const draft = `${path}-${randomUUID()}`;
  try {
    const handle = await open(draft, 'wx');
    try {
      await handle.writeFile(JSON.stringify(held));
    } finally {
      await handle.close();
    }
    return draft;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** Undefined: there is none. Text that is no lock may be one that is being written: it gets a second to become one. */
async function settledHolder(path: string): Promise<Held | 'unreadable' | undefined> {
  for (let tries = 0; ; tries++) {
    const text = await textOf(path);
    if (text === undefined) return undefined;
    const held = parse(text);
    if (held) return held;
    if (tries < 20) {
      await pause(50);
      continue;
    }
    // A kill between the creation of an empty file and its text, where the file system has no hard links.
    if (text !== '') return 'unreadable';
    await rm(path, { force: true });
    return undefined;
  }
}

export async function holderOf(path: string): Promise<Held | undefined> {
  const text = await textOf(path);
  return text === undefined ? undefined : parse(text);
}

const mostBytes = 65_536;

async function textOf(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    // Nothing that could keep its reader waiting.
    if (!found.isFile() || found.size > mostBytes) return 'no lock';
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function parse(text: string): Held | undefined {
  try {
    const held = JSON.parse(text) as Partial<Held> | null;
    const texts = [
      held?.host,
      held?.machine,
      held?.boot,
      held?.space,
      held?.started,
      held?.purpose,
      held?.since,
      held?.id,
    ];
    const fits = held?.format === 'tower-lock-1' && Number.isSafeInteger(held.pid) && texts.every(isText);
    return fits && /^[0-9a-f-]{36}$/.test(held.id!) ? (held as Held) : undefined;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';

/** Drafts and rights of processes that were killed while they took a lock. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name === lockFile || !isLockFile(name)) continue;
    const holder = await holderOf(join(folder, name)).catch(() => undefined);
    if (holder && stateOf(holder) === 'gone')
      await writing(join(folder, name), rm(join(folder, name), { force: true }));
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
