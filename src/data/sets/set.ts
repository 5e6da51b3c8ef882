/** A data set to try models on: fetched, or made from original files that the user has. None is shipped. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../diagnostics/failure.ts';
import { makeFoldersSync } from '../../diagnostics/folders.ts';
import type { SyntheticOptions } from './synthetic/shape.ts';

type Log = (line: string) => void;

export interface GetOptions {
  /** Where its files go. */
  readonly folder: string;
  /** Folder of the original files. */
  readonly from?: string;
  readonly log: Log;
  /** Of a set that is drawn. */
  readonly synthetic?: SyntheticOptions;
  /** Rows that are written, of how many. */
  progress?(done: number, of: number): void;
  readonly signal?: AbortSignal;
}

/** A row of the table of sets. */
export interface DataSet {
  /** What it is, in one line. */
  readonly doc: string;
  /** Original files that it is made from; absent: it is fetched. */
  readonly originals?: readonly string[];
  /** Whether `--from` may name other files of the same form: another name of the folder is then that of another set. */
  readonly isForm?: boolean;
  /** Whether `synthetic` of the options chooses its size. */
  readonly isDrawn?: boolean;
  /** Where a person finds the originals, or the set, by hand. */
  readonly home: string;
  get(options: GetOptions): Promise<SetSource>;
}

/** What was fetched or made, kept next to it as `source.json`. */
export interface SetSource {
  readonly from: string;
  /** One line: how many rows of what. */
  readonly holds: string;
  readonly terms: string;
  /** What else is known of it, a line each. */
  readonly notes?: readonly string[];
}

/** Files of a set before they are written. */
export interface SetFiles extends SetSource {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** A set that is written once: what its folder holds whole already is left as it is. */
export function dataSet(row: Omit<DataSet, 'get'> & { make(options: GetOptions): Promise<SetFiles> }): DataSet {
  const { make, ...rest } = row;
  return {
    ...rest,
    async get(options) {
      const present = presentIn(options.folder);
      if (present === undefined) return keep(options.folder, await make(options));
      options.log(`${options.folder} has it already`);
      return present;
    },
  };
}

interface KeptSource extends SetSource {
  readonly sha256: Readonly<Record<string, string>>;
}

/** What the folder holds, when every byte is the one that was written. */
function presentIn(folder: string): SetSource | undefined {
  const path = join(folder, 'source.json');
  if (!existsSync(path)) return undefined;
  const { sha256, ...source } = JSON.parse(readFileSync(path, 'utf8')) as KeptSource;
  const whole = Object.entries(sha256).every(
    ([name, sum]) => existsSync(join(folder, name)) && sumOf(readFileSync(join(folder, name))) === sum,
  );
  return whole ? source : undefined;
}

/** Writes under temporary names, and renames; `source.json` comes last. */
function keep(folder: string, { files, ...source }: SetFiles): SetSource {
  const sha256 = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sumOf(content)]));
  const kept: KeptSource = { ...source, sha256 };
  const all = { ...files, 'source.json': `${JSON.stringify(kept, null, 2)}\n` };
  try {
    makeFoldersSync(folder);
    for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, `${name}.part`), content);
    for (const name of Object.keys(all)) renameSync(join(folder, `${name}.part`), join(folder, name));
  } catch (error) {
    throw failure('cannot-write', { path: folder, reason: (error as Error).message });
  }
  return source;
}

const sumOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
