/** Defines a data set for trying models: it is fetched, or made from original files of the user. None is shipped. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSet, DataSetRequest, SetSource } from '../../app/api/data_sets.ts';
import { describeSystemError, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFoldersSync } from '../../base/storage/durable.ts';
import { formatRecord } from '../../data/csv/dialect.ts';

export interface SetFiles extends SetSource {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Makes a set that is written only once: a complete folder is not written again. */
export function dataSet(row: Omit<DataSet, 'get'> & { make(options: DataSetRequest): Promise<SetFiles> }): DataSet {
  const { make, ...description } = row;
  return {
    ...description,
    async get(options) {
      const present = presentIn(options.folder);
      if (present === undefined) return writeFiles(options.folder, await make(options));
      options.log(`${options.folder} has it already`);
      return present;
    },
  };
}

interface StoredSource extends SetSource {
  readonly sha256: Readonly<Record<string, string>>;
}

function presentIn(folder: string): SetSource | undefined {
  const sourcePath = join(folder, 'source.json');
  if (!existsSync(sourcePath)) return undefined;
  const { sha256, ...source } = JSON.parse(readFileSync(sourcePath, 'utf8')) as StoredSource;
  const isWhole = Object.entries(sha256).every(
    ([name, sum]) => existsSync(join(folder, name)) && sumOf(readFileSync(join(folder, name))) === sum,
  );
  return isWhole ? source : undefined;
}

/** Writes files under temporary names and then renames them, so that a folder has all of them or none. @throws Failure `cannot-write` */
export function writeWhole(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  try {
    makeFoldersSync(folder);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, `${name}.part`), content);
    for (const name of Object.keys(files)) renameSync(join(folder, `${name}.part`), join(folder, name));
  } catch (error) {
    throw failure('cannot-write', { path: folder, reason: (error as Error).message });
  }
}

/** Writes all files; `source.json` is renamed last. */
function writeFiles(folder: string, { files, ...source }: SetFiles): SetSource {
  const sha256 = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sumOf(content)]));
  const sourceText: StoredSource = { ...source, sha256 };
  writeWhole(folder, { ...files, 'source.json': `${JSON.stringify(sourceText, null, 2)}\n` });
  return source;
}

const sumOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Formats a small table as CSV. Missing values are empty. */
export function writeCsv(header: readonly string[], rows: Iterable<readonly (string | number | undefined)[]>): string {
  const texts = [header, ...rows].map((row) => row.map((value) => (value === undefined ? '' : String(value))));
  return texts.map((row) => formatRecord(row, ',', [','])).join('');
}

// Reads the original files of a data set from a folder of the user.

/** @throws Failure `originals-needed` without a folder; `cannot-read` with the name of the file */
export function readOriginals<N extends string>(
  set: string,
  names: readonly N[],
  home: string,
  { from }: DataSetRequest,
): Readonly<Record<N, string>> {
  if (from === undefined) throw failure('originals-needed', { set, files: names, home });
  const readOriginal = (name: N): string => {
    const path = join(from, name);
    try {
      // Reading a pipe would block.
      if (statSync(path).isFile()) return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
    } catch (error) {
      const reason = describeSystemError(error) ?? String((error as NodeJS.ErrnoException).code);
      throw failure('cannot-read', { path, reason });
    }
    throw failure('cannot-read', { path, reason: 'it is no regular file' });
  };
  return Object.fromEntries(names.map((name) => [name, readOriginal(name)])) as Record<N, string>;
}

/**
 * Returns the terms of a published data set if `text` is exactly its file, and otherwise a sentence that they are unknown, because other data of the same
 * format has its own terms.
 */
export const termsIfPublished = (text: string, sha256: string, terms: string): string =>
  createHash('sha256').update(text).digest('hex') === sha256
    ? terms
    : 'unknown to Tower: the files are not those of the published set, so ask whoever gave them to you';

/** @throws Failure `data-file-damaged` */
export function refuseDamaged(from: string | undefined, name: string, reason: string): never {
  throw failure('data-file-damaged', { path: join(from ?? '', name), reason });
}
