/** Copies of files, or of their good records, for the database to read: in a temporary folder that is made with the first of them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { reasonOf } from '../../base/diagnostics/system_reason.ts';
import { makeTemporary, removeTemporary } from '../../base/storage/temporary.ts';

export class Copies {
  #folder: string | undefined;
  readonly #names = new Map<string, string>();

  /**
   * Returns the path of a file's copy.
   * @param ending of its name, which says what is in it
   * @throws Failure `no-temporary-folder`
   */
  of(path: string, ending = ''): string {
    this.#folder ??= makeTemporary('read');
    const copyName = this.#names.get(path) ?? `${this.#names.size}${ending}`;
    this.#names.set(path, copyName);
    return join(this.#folder, copyName);
  }

  discard(): void {
    if (this.#folder !== undefined) removeTemporary(this.#folder);
    this.#folder = undefined;
  }
}

/** Writes a copy. @throws Failure `cannot-write` */
export async function writingCopy<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!/^(ENOSPC|EDQUOT|EROFS|EACCES|ENOENT|ENOTDIR)$/.test((error as { code?: string }).code ?? '')) throw error;
    const reason = reasonOf(error);
    if (!existsSync(path)) throw failure('no-temporary-folder', { path: dirname(path), reason });
    throw failure('cannot-write', { path, reason });
  }
}
