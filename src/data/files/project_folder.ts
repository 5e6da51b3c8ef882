/** The folder of the project that a file is part of. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { resolved } from './path_target.ts';

/**
 * The nearest folder above that has a `package.json` or a `.git`, else the folder itself. A home folder or a root holds far more
 * than one project, whatever is in it.
 */
export function projectOf(folder: string): string {
  const own = resolved(folder);
  const { root } = parse(own);
  const home = resolved(homedir());
  for (let at = own; at !== root && at !== home; at = dirname(at)) {
    if (existsSync(join(at, 'package.json')) || existsSync(join(at, '.git'))) return at;
  }
  return own;
}
