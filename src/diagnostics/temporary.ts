import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from './failure.ts';
import { systemReason } from './system_reason.ts';

/**
 * Makes a folder that only this process uses, where the system keeps temporary files.
 * @throws Failure `no-temporary-folder`
 */
export function makeTemporary(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw failure('no-temporary-folder', { path: tmpdir(), reason });
  }
}

/** Removes what `makeTemporary` made. A file that another program holds open stays: the system removes it later. */
export function removeTemporary(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (systemReason(error) === undefined) throw error;
  }
}
