/**
 * `tower check` as one script with V8's code of it, both written by `scripts/build-check.mjs`: compiling the script took as long as the check.
 *
 * The name of the script has a hash of its text, and the name of the code also the version of Node.js. So code never meets another text. V8 refuses
 * code of another version or of other flags, or of another length. The text is then compiled, as where there is no code for this Node.js.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** The name of the script without its ending. The build puts it here; sources have no such script. */
declare const checkScript: string;

export const isBuilt = (): boolean => typeof checkScript !== 'undefined';

export function runCheck(): void {
  const path = join(import.meta.dirname, checkScript);
  const filename = `${path}.script`;
  const code = codeAt(`${path}-${process.version}-${process.arch}.code`);
  // The text is ASCII. Read as Latin-1, it need not be decoded.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, ...(code ? { cachedData: code } : {}) });
  (script.runInThisContext() as (require: NodeJS.Require) => void)(createRequire(import.meta.url));
}

function codeAt(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
