/** Finds the files that a data block names: expands patterns, determines formats by file endings, and reports missing files. */
import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Diagnostic, describeError, diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import type { DataDescription, DataFile } from '../../graph/plan/data_description.ts';
import type { Part } from '../dataset.ts';
import { type Access, isReadable, pathKind, type Reach, reachOf, realPath } from './access.ts';
import { endingChoice, type FileKind, formatOf, isCompressed, linesKind } from './formats/table.ts';
import { alternatives, isPattern, makeMatcher } from './glob.ts';
import { isAddress, withoutSecrets } from './remote/address.ts';
import type { RemoteFiles, RemoteState } from './remote/list_remote.ts';

/** The three tables that a data block joins. Its SQL may use these names: `items.price`. */
export type Role = 'events' | 'items' | 'users';

export interface InputFile {
  readonly path: string;
  /** Its name in messages, relative to the folder of the data block. */
  readonly name: string;
  readonly kind: FileKind;
  readonly compressed: boolean;
  /** The state of a file at an address, whose name is the address. */
  readonly remote?: RemoteState;
}

export interface DescribedFile extends InputFile {
  readonly described: DataFile;
  /** The part that its rows belong to, if the block names a file for each part. */
  readonly part?: Part;
}

export interface InputFiles {
  readonly role: Role;
  readonly described: DataFile;
  readonly files: readonly DescribedFile[];
}

/**
 * Returns the files of each role, sorted by name. A role with an error is absent. It opens no file, and inspects nothing outside the reach of the block.
 * `remote`: the files at the block's addresses; without it addresses are errors. @throws Failure `cannot-read` for an allowed folder that does not exist
 */
export function findFiles(
  description: DataDescription,
  access: Access = {},
  remote?: RemoteFiles,
): { readonly output: readonly InputFiles[]; readonly diagnostics: readonly Diagnostic[] } {
  const reach = reachOf(description.folder, access);
  const output: InputFiles[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const role of ['events', 'items', 'users'] as const) {
    const described = description[role];
    if (described === undefined) continue;
    try {
      const roleFiles = filesOf(described, description.folder, reach, remote);
      output.push({
        role,
        described,
        files: role === 'events' ? withParts(roleFiles, description, reach, remote) : roleFiles,
      });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      for (const diagnostic of error.diagnostics) diagnostics.push(diagnostic);
    }
  }
  return { output, diagnostics };
}

/** Returns the path of a single file that has no rows, without opening it. @throws Failure if it is missing, is not a file, or is outside the reach of the block */
export function findFile({ folder }: DataDescription, file: DataFile, access: Access = {}): string {
  if (isAddress(file.path)) throw failure('data-file-remote', { path: withoutSecrets(file.path) }, file.span);
  const inspector = makeInspector(file, folder, reachOf(folder, access));
  const path = resolve(folder, file.path);
  inspector.readFolder(path);
  const kind = inspector.kind(path);
  if (kind === undefined) {
    const nearestName = findNearest(basename(path), namesIn(dirname(path)));
    const facts = { path: file.path, folder, nearest: nearestName && join(dirname(file.path), nearestName) };
    throw failure('data-file-missing', facts, file.span);
  }
  if (kind !== 'file') throw inspector.refuse(path, `it is ${kind}`);
  return path;
}

/** Returns the files of events and those of `split = files(…)`. @throws Failure if a file is in two parts */
function withParts(
  training: readonly DescribedFile[],
  { split, folder }: DataDescription,
  reach: Reach,
  remote: RemoteFiles | undefined,
): readonly DescribedFile[] {
  if (split.kind !== 'files') return training;
  const files: DescribedFile[] = training.map((file) => ({ ...file, part: 'train' }));
  const diagnostics: Diagnostic[] = [];
  for (const part of ['validation', 'test'] as const) {
    const described = split[part];
    if (described === undefined) continue;
    try {
      for (const file of filesOf(described, folder, reach, remote)) {
        const sameFile = files.find((earlierFile) => realPathOf(earlierFile) === realPathOf(file));
        if (sameFile && sameFile.part !== part) {
          const facts = { path: file.name, first: partWords[sameFile.part!], second: partWords[part] };
          diagnostics.push(diagnose('data-file-twice', described.span, facts));
        } else files.push({ ...file, part });
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      for (const diagnostic of error.diagnostics) diagnostics.push(diagnostic);
    }
  }
  if (diagnostics.length > 0) throw new Failure(diagnostics);
  return files;
}

/** Returns a path that is equal for two paths of the same file. */
const realPathOf = ({ path, name, remote }: DescribedFile): string => (remote === undefined ? realPath(path) : name);

const partWords = { train: 'training', validation: 'validation', test: 'test' } as const;

function filesOf(
  described: DataFile,
  folder: string,
  reach: Reach,
  remote: RemoteFiles | undefined,
): readonly DescribedFile[] {
  const { span } = described;
  const kindOf = (name: string): FileKind => {
    const kind = described.lines ? linesKind(name) : formatOf(name);
    if (kind === undefined) throw failure('data-file-kind', { path: name, endings: endingChoice.split('|') }, span);
    return kind;
  };
  if (isAddress(described.path)) {
    const remoteFiles = remote?.get(described);
    if (remoteFiles === undefined) throw failure('data-file-remote', { path: withoutSecrets(described.path) }, span);
    if (remoteFiles instanceof Failure) throw remoteFiles;
    return remoteFiles.map((file) => ({ ...file, kind: kindOf(file.name), described }));
  }
  const inspector = makeInspector(described, folder, reach);
  const fullPath = resolve(folder, described.path);
  // A file with the literal name takes precedence: `a[1].csv` may be a file.
  const isLiteral =
    !isPattern(described.path) || (isReadable(fullPath, reach) && inspector.kind(fullPath) !== undefined);
  if (isLiteral) inspector.readFolder(fullPath);
  const paths = !isLiteral
    ? matching(described.path, folder, inspector)
    : inspector.kind(fullPath) === undefined
      ? []
      : [fullPath];
  if (paths.length === 0) {
    // The parent folder of a pattern with `..` may be outside the reach.
    const nearestName = isReadable(dirname(fullPath), reach)
      ? findNearest(basename(fullPath), namesIn(dirname(fullPath)))
      : undefined;
    const nearestPath = nearestName === undefined ? undefined : join(dirname(described.path), nearestName);
    throw failure('data-file-missing', { path: described.path, folder, nearest: nearestPath }, span);
  }
  return paths.map((path) => {
    const kind = inspector.kind(path)!;
    if (kind !== 'file') throw inspector.refuse(path, `it is ${kind}`);
    if (sep === '/' && path.includes('\\') && /[*?[]/.test(path)) {
      throw inspector.refuse(path, 'the database cannot open a path that has a \\ and one of * ? [');
    }
    const name = nameOf(path, folder);
    return { path, name, kind: kindOf(name), compressed: isCompressed(path), described };
  });
}

/** Inspects paths for one entry of a block. If a path may not or cannot be inspected, it throws a Failure with the span of the entry. */
interface PathInspector {
  /** Throws if the path is outside the reach of the block. */
  readFolder(path: string): void;
  /** Returns `file`, or a description of another kind; undefined if there is nothing. */
  kind(path: string): string | undefined;
  /** Throws if the folder may not be read. */
  entries(path: string): readonly Dirent[];
  refuse(path: string, reason: string): Failure;
}

function makeInspector(described: DataFile, folder: string, reach: Reach): PathInspector {
  const refuseFile = (path: string, reason: string): Failure =>
    failure('data-file-unreadable', { path: nameOf(path, folder), reason }, described.span);
  const attempt = <T>(path: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw refuseFile(path, describeError(error));
    }
  };
  const readFolder = (path: string): void => {
    if (isReadable(path, reach)) return;
    const targetPath = realPath(path);
    const facts = {
      path: nameOf(path, folder),
      target: targetPath,
      project: reach.project,
      allow: dirname(targetPath),
    };
    throw failure('data-file-outside', facts, described.span);
  };
  return {
    readFolder,
    refuse: refuseFile,
    kind: (path) => attempt(path, () => pathKind(path)),
    entries(path) {
      readFolder(path);
      return attempt(path, () => readdirSync(path, { withFileTypes: true }));
    },
  };
}

/** Returns nothing for unreadable folders, because the names are only suggestions. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function nameOf(path: string, folder: string): string {
  const name = relative(folder, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name || '.';
}

/** Returns the files that match a pattern, sorted by name. An unreadable path on the way is an error, because rows would be missing. */
function matching(pattern: string, folder: string, inspector: PathInspector): string[] {
  const matchedPaths = new Set<string>();
  const seenSteps = new Set<string>();
  const walk = (path: string, parts: readonly string[]): void => {
    // Two `**` reach the same folder in many ways.
    const stepKey = `${parts.length} ${path}`;
    if (seenSteps.has(stepKey)) return;
    seenSteps.add(stepKey);
    const [part, ...remainingParts] = parts;
    const kind =
      part === undefined || remainingParts.length > 0 || isPattern(part) ? kindOn(path, inspector) : undefined;
    if (part === undefined) {
      // Matching folders contain no rows themselves.
      if (kind === 'a folder') return;
      inspector.readFolder(path);
      matchedPaths.add(path);
    } else if (!isPattern(part)) {
      const childPath = join(path, part);
      inspector.readFolder(childPath);
      if (inspector.kind(childPath) !== undefined) walk(childPath, remainingParts);
    } else if (kind === 'a folder') {
      const entries = inspector.entries(path);
      if (part === '**') {
        walk(path, remainingParts);
        // Symbolic links to folders are not followed, because they may form a cycle.
        for (const entry of entries) if (entry.isDirectory()) walk(join(path, entry.name), parts);
        return;
      }
      const matches = makeMatcher(part);
      for (const { name } of entries) if (matches(name)) walk(join(path, name), remainingParts);
    }
  };
  const patterns = alternatives(pattern);
  if (patterns === undefined) throw inspector.refuse(pattern, 'its braces expand to more than 1,000 paths');
  for (const alternative of patterns) {
    // Each pattern has its own state: another pattern's visit of a folder does not count.
    seenSteps.clear();
    const parts = alternative.split(sep === '/' ? '/' : /[\\/]/);
    const firstWild = parts.findIndex(isPattern);
    const startPath = resolve(
      folder,
      parts.slice(0, firstWild === -1 ? parts.length : firstWild).join(sep) || (isAbsolute(alternative) ? sep : ''),
    );
    inspector.readFolder(startPath);
    if (inspector.kind(startPath) !== undefined)
      walk(startPath, firstWild === -1 ? [] : parts.slice(firstWild).filter((part) => part !== ''));
  }
  return [...matchedPaths].sort();
}

/** Returns the kind of a listed entry. A symbolic link that leads nowhere is refused. */
function kindOn(path: string, inspector: PathInspector): string {
  const kind = inspector.kind(path);
  if (kind === undefined) throw inspector.refuse(path, 'it is a link that leads nowhere');
  return kind;
}

export interface FileColumn {
  readonly name: string;
  /** The type of the column in expressions. */
  readonly type: string;
  /** True if some values of the sample are of another type. An expression that needs text then reads the column as text. */
  readonly mixed?: boolean;
  /** The type in each file, if they differ. */
  readonly types?: readonly string[];
  /** True if the sample has no values. */
  readonly unknown?: boolean;
}

export interface BadRow {
  readonly role: Role;
  readonly file: DescribedFile;
  /** The line, from 1, or the index among the rows of the file, from 0. */
  readonly at: { readonly line: number } | { readonly record: number };
  readonly column?: string;
  readonly reason: string;
  /** How many rows it stands for, of its file and column. Absent: one. */
  rows?: number;
}

/** Maximum number of bad rows that a list has one by one. */
const maxListedBad = 100_000;

/** Adds a bad row to a list that stays short: once it is full, all rows of a file and column are one entry with their number. */
export function addBadRow(list: BadRow[], row: BadRow): void {
  if (list.length < maxListedBad) {
    list.push(row);
    return;
  }
  const isLine = 'line' in row.at;
  const { file, column, rows = 1 } = row;
  const entry = list.findLast(
    (other) => other.rows && other.file === file && other.column === column && 'line' in other.at === isLine,
  );
  if (entry?.rows === undefined) list.push({ ...row, rows });
  else entry.rows += rows;
}

/** Returns how many rows these entries stand for. */
export const countBadRows = (list: readonly BadRow[]): number => list.reduce((sum, { rows }) => sum + (rows ?? 1), 0);
