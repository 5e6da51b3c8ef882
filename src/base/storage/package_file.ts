import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../diagnostics/diagnostic.ts';

/** Finds a file of tower's own package. A bundled module is at another depth below the package root than its source. */
export function findPackageFile(path: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, path))) {
    invariant(folder !== dirname(folder), `${path} belongs to the package`);
    folder = dirname(folder);
  }
  return join(folder, path);
}

/** Finds the program of a child process: next to the file that starts it, or above the folder of chunks in a bundle. */
export function findChildProgram(starter: string, name: string): string {
  const programFile = [`./${name}.ts`, `./${name}.js`, `../${name}.js`]
    .map((path) => fileURLToPath(new URL(path, starter)))
    .find((path) => existsSync(path));
  invariant(programFile !== undefined, `${name} is a program of the package`);
  return programFile;
}

/** Returns the folder for data of this machine that is too large, or too specific, for a package. */
export const cacheFolder = (): string =>
  process.env.TOWER_CACHE ??
  (process.platform === 'darwin'
    ? join(homedir(), 'Library', 'Caches', 'tower-lang')
    : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tower-lang'));
