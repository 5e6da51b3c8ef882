/**
 * Puts usearch, which builds indexes of many items, next to the project's packages: `npm run setup:usearch`. Each package has the
 * checksum of the lock in `scripts/requirements/usearch`, and no script of a package runs. `npm ci` removes it again.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmCi, setUp, step } from './setup_steps.mjs';

setUp(() => {
  const folder = mkdtempSync(join(tmpdir(), 'tower-usearch-'));
  try {
    step('npm: usearch', () => npmCi('usearch', folder));
    // npm's own record of the folder, and links to programs, stay behind.
    const filter = (path) => !/node_modules.\.(package-lock\.json|bin)$/.test(path);
    cpSync(join(folder, 'node_modules'), 'node_modules', { recursive: true, filter });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
