import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failure } from '../../src/base/diagnostics/diagnostic.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../src/base/storage/temporary.ts';

/**
 * Reads files of `name@version`, which npm itself fetches and unpacks in a temporary folder, so that the user's mirrors and settings apply.
 * None of its code is run.
 * @throws Failure `fetch-failed`
 */
export async function readNpmPackage<N extends string>(
  set: string,
  specifier: string,
  names: readonly N[],
): Promise<Readonly<Record<N, Buffer>>> {
  const folder = makeTemporaryFolder('npm');
  const installOptions = [
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--omit=optional',
    '--omit=peer',
    '--silent',
  ];
  try {
    const args = ['install', specifier, '--prefix', folder, ...installOptions];
    await promisify(execFile)('npm', args, { timeout: 300_000, shell: process.platform === 'win32' });
    const home = join(folder, 'node_modules', specifier.replace(/(?<=.)@.*$/, ''));
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(home, name))])) as Record<N, Buffer>;
  } catch (error) {
    const npmReason = (error as Error).message.split('\n').find((line) => line.trim() !== '') ?? 'no answer';
    const byHand = `check that \`npm install ${specifier}\` works in an empty folder`;
    throw failure('fetch-failed', { what: set, tried: [`npm's ${specifier}: ${npmReason}`], byHand });
  } finally {
    removeTemporaryFolder(folder);
  }
}
