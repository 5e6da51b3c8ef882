/** Copies of the good records of files, for the database to read: in a temporary folder that is made with the first of them. */
import { join } from 'node:path';
import { makeTemporary, removeTemporary } from '../../storage/temporary.ts';

export class Copies {
  #folder: string | undefined;
  readonly #names = new Map<string, string>();

  /** Where the copy of a file belongs. Throws Failure `no-temporary-folder`. */
  of(path: string): string {
    this.#folder ??= makeTemporary('read');
    const name = this.#names.get(path) ?? String(this.#names.size);
    this.#names.set(path, name);
    return join(this.#folder, name);
  }

  /** Removes all of them. */
  discard(): void {
    if (this.#folder !== undefined) removeTemporary(this.#folder);
    this.#folder = undefined;
  }
}
