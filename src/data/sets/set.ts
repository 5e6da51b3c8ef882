/** A data set to try models on: fetched, or made from original files that the user has. None is shipped. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { makeFoldersSync } from '../../base/storage/durable.ts';
import type { SyntheticOptions } from './synthetic/shape.ts';

export type WriteLogLine = (line: string) => void;

export interface GetOptions {
  readonly folder: string;
  readonly from?: string;
  readonly log: WriteLogLine;
  /** The size of a set that is drawn. */
  readonly synthetic?: SyntheticOptions;
  /** Rows that are written, of how many. */
  progress?(done: number, of: number): void;
  readonly signal?: AbortSignal;
}

/** A row of the table of sets. */
export interface DataSet {
  readonly doc: string;
  /** Original files that it is made from; absent: it is fetched. */
  readonly originals?: readonly string[];
  /** `--from` may name other files of the same form: another name of the folder is then that of another set. */
  readonly isForm?: boolean;
  /** `synthetic` of the options chooses its size. */
  readonly isDrawn?: boolean;
  readonly home: string;
  get(options: GetOptions): Promise<SetSource>;
}

/** The source of the files, stored next to them as `source.json`. */
export interface SetSource {
  readonly from: string;
  /** One line: how many rows of what. */
  readonly holds: string;
  readonly terms: string;
  readonly notes?: readonly string[];
}

export interface SetFiles extends SetSource {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** Makes a set that is written once: a complete folder is left as it is. */
export function dataSet(row: Omit<DataSet, 'get'> & { make(options: GetOptions): Promise<SetFiles> }): DataSet {
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
  const path = join(folder, 'source.json');
  if (!existsSync(path)) return undefined;
  const { sha256, ...source } = JSON.parse(readFileSync(path, 'utf8')) as StoredSource;
  const isWhole = Object.entries(sha256).every(
    ([name, sum]) => existsSync(join(folder, name)) && sumOf(readFileSync(join(folder, name))) === sum,
  );
  return isWhole ? source : undefined;
}

/** Writes under temporary names, and renames, so that a folder holds all of it or nothing. @throws Failure `cannot-write` */
export function writeWhole(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  try {
    makeFoldersSync(folder);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, `${name}.part`), content);
    for (const name of Object.keys(files)) renameSync(join(folder, `${name}.part`), join(folder, name));
  } catch (error) {
    throw failure('cannot-write', { path: folder, reason: (error as Error).message });
  }
}

/** Writes `source.json` last. */
function writeFiles(folder: string, { files, ...source }: SetFiles): SetSource {
  const sha256 = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sumOf(content)]));
  const sourceText: StoredSource = { ...source, sha256 };
  writeWhole(folder, { ...files, 'source.json': `${JSON.stringify(sourceText, null, 2)}\n` });
  return source;
}

const sumOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
