/** npm runs no script of this package for those who install it or start `tower` in a clone by `npx`: several workers may do so at once. */
import { execSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../training/temporary_folder.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

it('npx in a clone runs `tower`, and builds nothing', () => {
  // As on a machine on which npx has not run yet.
  const env = { ...process.env, npm_config_loglevel: 'info', npm_config_cache: temporaryFolder() };
  const { status, stdout, stderr } = spawnSync('npx', ['--no', '--', 'tower', '--version'], { env, encoding: 'utf8' });
  expect([status, stdout], stderr).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  expect(stderr).not.toMatch(/npm info run/);
}, 60_000);

it('the installed package has no script that npm would run, or warn of', () => {
  const ofInstalls = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];
  expect(Object.keys(scripts).filter((name) => ofInstalls.includes(name))).toEqual([]);
});

it('the first build follows an install in a clone, and nothing one in the unpacked package', () => {
  expect(scripts.dependencies).toContain('scripts/build.mjs');
  expect(execSync(scripts.dependencies, { cwd: temporaryFolder(), encoding: 'utf8' })).toBe('');
});
