/** The files that a config names, and what their first lines and types say. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { formatOf } from '../../data/files/file_kind.ts';
import { kindAt } from '../../data/files/path_target.ts';
import type { ConvertedConfig } from '../easyrec/convert.ts';
import { firstLine } from '../easyrec/rows_file.ts';
import { lookAt } from './init.ts';

interface ImportFilesRequest {
  readonly config: string;
  readonly events?: string;
  readonly test?: string;
  readonly items?: string | false;
}

export interface ImportFiles {
  readonly events: readonly string[];
  readonly test: readonly string[];
  readonly items: readonly string[];
  readonly hasHeader: boolean;
}

/** @throws Failure `cannot-read` for a file that is named and is not there */
export async function filesOf(
  { config, events, test, items }: ImportFilesRequest,
  converted: ConvertedConfig,
): Promise<ImportFiles> {
  const { paths } = converted;
  const givenFiles = (path: string): string[] => {
    const expandedPaths = expanded(path);
    if (expandedPaths.length === 0) throw failure('cannot-read', { path, reason: 'it does not exist' });
    return expandedPaths;
  };
  const train = events === undefined ? nearbyAll(paths.train, config) : givenFiles(events);
  return {
    events: train,
    test: test === undefined ? (events === undefined ? nearbyAll(paths.test, config) : []) : givenFiles(test),
    items: items === false ? [] : items === undefined ? nearbyAll(paths.items?.path, config) : givenFiles(items),
    hasHeader: train[0] !== undefined && (paths.hasHeader || (await startsWithNames(train[0], converted))),
  };
}

/** True if the first line has most names of the config, or all that the model reads. */
async function startsWithNames(path: string, converted: ConvertedConfig): Promise<boolean> {
  if (isTyped(path)) return true;
  const { columns, delimiter } = converted.paths;
  const line = await firstLine(path);
  // A file of another place may have another separator than the config.
  const fields = [delimiter, ',', ';', '\t', '|'].flatMap((sign) => line.split(sign));
  const names = new Set(fields.map((name) => name.trim().replace(/^"|"$/g, '')));
  const knownCount = columns.filter((name) => names.has(name)).length;
  return knownCount * 2 > columns.length || columnsOf(converted).every((name) => names.has(name));
}

export const columnsOf = ({ draft }: ConvertedConfig): string[] => [
  ...new Set([
    ...draft.features.flatMap(({ reads }) => reads),
    ...draft.labels.map(({ name, column }) => column ?? name),
  ]),
];

/** True if a file has its own names and types, whatever its first line says. */
export const isTyped = (path: string): boolean => ['parquet', 'json'].includes(formatOf(path) ?? '');

/** How far above a config its data may lie. */
const HIGHEST = 4;

/**
 * Paths of a config begin where EasyRec was started: here, next to the config, or in a folder above it. Paths that lead out of these folders need an
 * option: a config of somebody else does not choose what is read.
 */
export function nearby(path: string, config: string): string[] {
  if (path.split(/[/\\]/).includes('..')) return [];
  const folders = ['.'];
  for (let folder = dirname(resolve(config)); folders.length <= HIGHEST; folder = dirname(folder)) {
    if (folder === dirname(folder)) break;
    folders.push(folder);
  }
  for (const folder of folders) {
    const all = expanded(join(folder, path));
    if (all.length > 0) return all;
  }
  return [];
}

const nearbyAll = (paths: string | undefined, config: string): string[] =>
  (paths ?? '').split(',').flatMap((path) => (path.trim() === '' ? [] : nearby(path.trim(), config)));

function expanded(path: string): string[] {
  const [before = '', after, ...more] = basename(path).split('*');
  if (after === undefined) return kindAt(path) === 'file' ? [path] : [];
  if (more.length > 0 || kindAt(dirname(path)) !== 'a folder') return [];
  return readdirSync(dirname(path))
    .filter((name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after))
    .sort()
    .map((name) => join(dirname(path), name))
    .filter((each) => kindAt(each) === 'file');
}

/** Columns that are lists in the files themselves. */
export async function listsOf(files: readonly string[], signal: AbortSignal | undefined): Promise<ReadonlySet<string>> {
  const typed = files.filter((path) => isTyped(path)).slice(0, 1);
  if (typed.length === 0) return new Set();
  const { tables } = await lookAt(typed, signal);
  return new Set(
    tables.flatMap(({ columns }) => columns.filter(({ type }) => type?.endsWith(']')).map(({ name }) => name)),
  );
}
