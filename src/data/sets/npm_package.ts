/** Files inside a package of npm's registry, fetched by npm itself: its mirrors and settings are the user's. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { failure } from '../../diagnostics/failure.ts';
import { makeTemporary, removeTemporary } from '../../storage/temporary.ts';
import { readTarball } from './archives/tar.ts';

/**
 * The named files of `name@version`; nothing of the package is run or installed.
 * @throws Failure `fetch-failed`
 */
export async function readNpmPackage<N extends string>(
  set: string,
  specifier: string,
  names: readonly N[],
): Promise<Readonly<Record<N, Buffer>>> {
  const folder = makeTemporary('npm');
  const args = ['pack', specifier, '--ignore-scripts', '--silent', '--pack-destination', folder];
  try {
    await promisify(execFile)('npm', args, { timeout: 300_000, shell: process.platform === 'win32' });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (archive === undefined) throw new Error('npm pack left no archive');
    const files = readTarball(readFileSync(join(folder, archive)));
    const read = (name: N): Buffer => {
      const content = files.get(`package/${name}`);
      if (content === undefined) throw new Error(`it has no ${name}`);
      return content;
    };
    return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<N, Buffer>;
  } catch (error) {
    const reason = (error as Error).message.split('\n').find((line) => line.trim() !== '') ?? 'no answer';
    const byHand = `check that \`npm pack ${specifier}\` works here`;
    throw failure('fetch-failed', { what: set, tried: [`npm's ${specifier}: ${reason}`], byHand });
  } finally {
    removeTemporary(folder);
  }
}
