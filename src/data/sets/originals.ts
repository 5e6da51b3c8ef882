/** Reads the original files of a set, which the user has in a folder. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { systemReason } from '../../base/diagnostics/system_reason.ts';
import type { GetOptions } from './set.ts';

/**
 * @throws Failure `originals-needed` without a folder, `cannot-read` naming the file
 */
export function readOriginals<N extends string>(
  set: string,
  names: readonly N[],
  home: string,
  { from }: GetOptions,
): Readonly<Record<N, string>> {
  if (from === undefined) throw failure('originals-needed', { set, files: names, home });
  const readOriginal = (name: N): string => {
    const path = join(from, name);
    try {
      // A pipe would be waited for.
      if (statSync(path).isFile()) return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
    } catch (error) {
      const reason = systemReason(error) ?? String((error as NodeJS.ErrnoException).code);
      throw failure('cannot-read', { path, reason });
    }
    throw failure('cannot-read', { path, reason: 'it is no regular file' });
  };
  return Object.fromEntries(names.map((name) => [name, readOriginal(name)])) as Record<N, string>;
}

/**
 * Returns the terms of a published set if `text` is its file, to the byte, and otherwise a sentence that they are unknown: other
 * data of the same form has terms of its own.
 */
export const termsIfPublished = (text: string, sha256: string, terms: string): string =>
  createHash('sha256').update(text).digest('hex') === sha256
    ? terms
    : 'unknown to Tower: the files are not those of the published set, so ask whoever gave them to you';

/** @throws Failure `data-file-damaged` */
export function refuseDamaged(from: string | undefined, name: string, reason: string): never {
  throw failure('data-file-damaged', { path: join(from ?? '', name), reason });
}
