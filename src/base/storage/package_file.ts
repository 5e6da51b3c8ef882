import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
