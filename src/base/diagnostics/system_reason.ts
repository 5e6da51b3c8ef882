/** Puts errors of the operating system into words, and into Failures that name the path. */
import { failure } from './failure.ts';

const systemReasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'it may not be accessed',
  EPERM: 'it may not be accessed',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'part of its path is not a folder',
  EEXIST: 'a file of this name exists',
  ENOTEMPTY: 'it is a folder that is not empty',
  ENXIO: 'nothing answers at its other end',
  ETXTBSY: 'it is in use',
  ESTALE: 'the file server no longer knows it',
  ENOMEM: 'the system has no memory left',
  EPIPE: 'nobody reads it any more',
  EISDIR: 'it is a folder',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EFBIG: 'it would be larger than the file system allows',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links go round in a circle',
  EBUSY: 'it is in use',
  EXDEV: 'it is on another file system',
};

/** Why a server is not reached, by code of the operating system. */
export const connectionReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
};

/** Returns an error of the operating system in words; undefined for any other error. */
export function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return systemReasons[error.code] ?? ('syscall' in error ? error.code : undefined);
}

/** Returns an error of the operating system in words; otherwise the first line of the error's message. */
export const describeError = (error: unknown): string =>
  describeSystemError(error) ?? (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

/** Awaits a write. @throws Failure `cannot-write` for an error of the operating system; any other error is passed on */
export const awaitWrite = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => throwFileError('cannot-write', path, error));

/** Awaits a read. @throws Failure `cannot-read` for an error of the operating system; any other error is passed on */
export const awaitRead = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => throwFileError('cannot-read', path, error));

export function throwFileError(code: 'cannot-read' | 'cannot-write', path: string, error: unknown): never {
  const reason = describeSystemError(error);
  throw reason === undefined ? error : failure(code, { path, reason });
}
