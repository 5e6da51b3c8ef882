import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../diagnostics/failure.ts';

/** A file of tower's own package: bundled, this one lies elsewhere below its root than as source. */
export function packageFile(path: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, path))) {
    invariant(folder !== dirname(folder), `${path} belongs to the package`);
    folder = dirname(folder);
  }
  return join(folder, path);
}

/** The program of a process of its own: next to the file that starts it, or above the folder of chunks in a bundle. */
export function programBeside(starter: string, name: string): string {
  const programFile = [`./${name}.ts`, `./${name}.js`, `../${name}.js`]
    .map((path) => fileURLToPath(new URL(path, starter)))
    .find((path) => existsSync(path));
  invariant(programFile !== undefined, `${name} is a program of the package`);
  return programFile;
}

/** Where this machine keeps what is too large, or too particular to it, for a package. */
export function cacheBase(): string {
  return (
    process.env.TOWER_CACHE ??
    (process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches', 'tower-lang')
      : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tower-lang'))
  );
}
