const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'it may not be accessed',
  EPERM: 'it may not be accessed',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'part of its path is not a folder',
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

/** What the operating system refused, in words; undefined when the error is not the operating system's. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return reasons[error.code] ?? ('syscall' in error ? error.code : undefined);
}
