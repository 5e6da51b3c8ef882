/** Reads files of a package of npm's registry, fetched and unpacked by npm itself: its mirrors and settings are the user's. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failure } from '../../base/diagnostics/failure.ts';
import { makeTemporary, removeTemporary } from '../../base/storage/temporary.ts';

/**
 * Reads files of `name@version`, which is unpacked in a temporary folder; none of its code runs.
 * @throws Failure `fetch-failed`
 */
export async function readNpmPackage<N extends string>(
  set: string,
  specifier: string,
  names: readonly N[],
): Promise<Readonly<Record<N, Buffer>>> {
  const folder = makeTemporary('npm');
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
    const reason = (error as Error).message.split('\n').find((line) => line.trim() !== '') ?? 'no answer';
    const byHand = `check that \`npm install ${specifier}\` works in an empty folder`;
    throw failure('fetch-failed', { what: set, tried: [`npm's ${specifier}: ${reason}`], byHand });
  } finally {
    removeTemporary(folder);
  }
}
