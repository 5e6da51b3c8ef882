/** Checksums of what a figure follows from, and the state of the project. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { State } from './rows.ts';

/** Rooms of `src` that no figure follows from: what only shows, explains, words, serves or edits. */
const onlyShow =
  /^src\/(?:app|editor|serving|base\/(?:text|diagnostics)|compiler\/(?:explain|format|lint))\/|^src\/(?:api|browser)\.ts$/;

/** Of the files that compile, read, train and measure, as they are. */
export function codeChecksum(): string {
  const files = ['src', 'grammar'].flatMap(filesIn).map((path) => path.replaceAll('\\', '/'));
  return checksumOfFiles([
    ...files.filter((path) => path.endsWith('.ts') && !onlyShow.test(path)),
    'package-lock.json',
  ]);
}

/** Of a data block with the bytes of the files in the folders that it names. */
export function dataChecksum(path: string): string {
  const names = new Set([...readFileSync(path, 'utf8').matchAll(/"([\w.-]+)\//g)].map(([, name]) => name!));
  const folders = [...names]
    .map((name) => join(dirname(path), name))
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory());
  // The note of where the files came from, and of when, changes no figure.
  const files = folders.flatMap(filesIn).filter((file) => basename(file) !== 'source.json');
  return checksumOfFiles([path, ...files]);
}

export const checksum = (...texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('hex');

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const digests = new Map<string, string>();

function checksumOfFiles(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) {
    const known = digests.get(path) ?? createHash('sha256').update(readFileSync(path)).digest('hex');
    digests.set(path, known);
    hash.update(`${path}\n${known}\n`);
  }
  return hash.digest('hex');
}

export function stateNow(): State {
  const git = (...asked: string[]): string => execFileSync('git', asked, { encoding: 'utf8' }).trim();
  return {
    subject: git('log', '-1', '--format=%s'),
    date: new Date().toISOString().slice(0, 10),
    changed: git('status', '--porcelain', '--untracked-files=no') !== '',
  };
}
