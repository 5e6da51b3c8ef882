/** Where this machine keeps what is too large, or too particular to it, for a package. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export function cacheBase(): string {
  return (
    process.env.TOWER_CACHE ??
    (process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches', 'tower-lang')
      : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tower-lang'))
  );
}
