/** npm runs `prepare` in a folder that is installed by its path, also in one that was unpacked from the package and has no scripts. */
import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../training/temporary_folder.ts';

const root = temporaryFolder();

it('prepare builds nothing where there is nothing to build', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(execSync(scripts.prepare, { cwd: root, encoding: 'utf8' })).toBe('');
});
