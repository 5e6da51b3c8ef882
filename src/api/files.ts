/** `.tower` files on disk. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { failure } from '../diagnostics/failure.ts';
import { makeSource, type Source } from '../text/source.ts';

/** @throws Failure `cannot-read` */
export function readSource(path: string): Source {
  try {
    return makeSource(nameOf(path), readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw failure('cannot-read', { path, reason: reasons[code] ?? message });
  }
}

/** Reads what a file uses; nothing where there is no such file. */
export function loadUsed(path: string): Source | undefined {
  try {
    return makeSource(nameOf(path), readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** How messages call a file: from where the user stands, or as it was named where it lies elsewhere. */
function nameOf(path: string): string {
  const near = relative('', path);
  return near === '' || near.startsWith('..') ? path : near;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};
