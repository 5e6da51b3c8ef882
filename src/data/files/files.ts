/** Finds the files that a data block names: expands patterns, finds their kinds by their endings, reports absences. */
import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { reasonOf } from '../../base/diagnostics/system_reason.ts';
import { nearest } from '../../base/text/nearest.ts';
import type { DataDescription, DataFile } from '../../graph/plan/data_description.ts';
import type { Part } from '../dataset.ts';
import { type Access, isWithin, kindAt, type Reach, reachOf, resolved } from './access.ts';
import { endingChoice, type FileKind, formatOf, isCompressed, linesKind } from './formats/table.ts';
import { alternatives, isPattern, makeMatcher } from './glob.ts';
import { isAddress, withoutSecrets } from './remote/address.ts';
import type { RemoteFiles, RemoteState } from './remote/list.ts';

/** The three files a data block joins; their names are also how its SQL may call them: `items.price`. */
export type Role = 'events' | 'items' | 'users';

export interface InputFile {
  readonly path: string;
  /** Its name in messages: relative to the folder of the data block. */
  readonly name: string;
  readonly kind: FileKind;
  readonly compressed: boolean;
  /** The state of a file that an address names; its name is the address. */
  readonly remote?: RemoteState;
}

export interface DescribedFile extends InputFile {
  readonly described: DataFile;
  /** The part that its rows are in, where the block names a file for each part. */
  readonly part?: Part;
}

export interface InputFiles {
  readonly role: Role;
  readonly described: DataFile;
  readonly files: readonly DescribedFile[];
}

/**
 * Returns the files of every role, in the order of their names; a role with an error is absent. Nothing is opened, and nothing outside the
 * reach of the block is inspected. `remote`: the files of the block's addresses; without it addresses are errors.
 * @throws Failure `cannot-read` for a folder to allow that is not there
 */
export function findFiles(
  description: DataDescription,
  access: Access = {},
  remote?: RemoteFiles,
): {
  readonly output: readonly InputFiles[];
  readonly diagnostics: readonly Diagnostic[];
} {
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
      diagnostics.push(...error.diagnostics);
    }
  }
  return { output, diagnostics };
}

/**
 * One file that is no file of rows: nothing is opened.
 * @throws Failure where it is missing, is no file or lies outside the reach of the block
 */
export function findFile({ folder }: DataDescription, file: DataFile, access: Access = {}): string {
  if (isAddress(file.path)) throw failure('data-file-remote', { path: withoutSecrets(file.path) }, file.span);
  const inspector = makeInspector(file, folder, reachOf(folder, access));
  const path = resolve(folder, file.path);
  inspector.within(path);
  const kind = inspector.kind(path);
  if (kind === undefined) {
    const nearestName = nearest(basename(path), namesIn(dirname(path)));
    const facts = { path: file.path, folder, nearest: nearestName && join(dirname(file.path), nearestName) };
    throw new Failure([diagnose('data-file-missing', file.span, facts)]);
  }
  if (kind !== 'file') throw inspector.refuse(path, `it is ${kind}`);
  return path;
}

/** The files of events and those that `split = files(…)` names. @throws Failure where a file is in two parts */
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
      diagnostics.push(...error.diagnostics);
    }
  }
  if (diagnostics.length > 0) throw new Failure(diagnostics);
  return files;
}

/** Two files of one path are one file. */
const realPathOf = ({ path, name, remote }: DescribedFile): string => (remote === undefined ? resolved(path) : name);

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
    if (kind === undefined)
      throw new Failure([diagnose('data-file-kind', span, { path: name, endings: endingChoice.split('|') })]);
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
  // A name as it is written wins: `a[1].csv` may be a file.
  const isLiteral = !isPattern(described.path) || (isWithin(fullPath, reach) && inspector.kind(fullPath) !== undefined);
  if (isLiteral) inspector.within(fullPath);
  const paths = !isLiteral
    ? matching(described.path, folder, inspector)
    : inspector.kind(fullPath) === undefined
      ? []
      : [fullPath];
  if (paths.length === 0) {
    // Where a pattern goes up again, its parent folder may lie outside.
    const nearestName = isWithin(dirname(fullPath), reach)
      ? nearest(basename(fullPath), namesIn(dirname(fullPath)))
      : undefined;
    const nearestPath = nearestName === undefined ? undefined : join(dirname(described.path), nearestName);
    throw new Failure([diagnose('data-file-missing', span, { path: described.path, folder, nearest: nearestPath })]);
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

/** Inspects paths for one entry of a block; a path that may not or cannot be inspected is a Failure with the entry's span. */
interface PathInspector {
  /** Throws for a path that is outside the reach of the block. */
  within(path: string): void;
  /** Returns `file`, or in words what is there instead; undefined where nothing is. */
  kind(path: string): string | undefined;
  /** Throws for a folder that may not be read. */
  entries(path: string): readonly Dirent[];
  refuse(path: string, reason: string): Failure;
}

function makeInspector(described: DataFile, folder: string, reach: Reach): PathInspector {
  const refuse = (path: string, reason: string): Failure =>
    new Failure([diagnose('data-file-unreadable', described.span, { path: nameOf(path, folder), reason })]);
  const attempt = <T>(path: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw refuse(path, reasonOf(error));
    }
  };
  const within = (path: string): void => {
    if (isWithin(path, reach)) return;
    const targetPath = resolved(path);
    const facts = {
      path: nameOf(path, folder),
      target: targetPath,
      project: reach.project,
      allow: dirname(targetPath),
    };
    throw new Failure([diagnose('data-file-outside', described.span, facts)]);
  };
  return {
    within,
    refuse,
    kind: (path) => attempt(path, () => kindAt(path)),
    entries(path) {
      within(path);
      return attempt(path, () => readdirSync(path, { withFileTypes: true }));
    },
  };
}

/** Nothing for what is no folder, or one that may not be read: the message only suggests. */
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

/** Returns the files that a pattern fits, sorted by name. A path that cannot be read on the way is an error: rows would be missing. */
function matching(pattern: string, folder: string, inspector: PathInspector): string[] {
  const matchedPaths = new Set<string>();
  const seenSteps = new Set<string>();
  const walk = (path: string, parts: readonly string[]): void => {
    // Two `**` come to one folder in many ways.
    const stepKey = `${parts.length} ${path}`;
    if (seenSteps.has(stepKey)) return;
    seenSteps.add(stepKey);
    const [part, ...remainingParts] = parts;
    const kind =
      part === undefined || remainingParts.length > 0 || isPattern(part) ? kindOn(path, inspector) : undefined;
    if (part === undefined) {
      // Folders that fit hold no rows themselves.
      if (kind === 'a folder') return;
      inspector.within(path);
      matchedPaths.add(path);
    } else if (!isPattern(part)) {
      const childPath = join(path, part);
      inspector.within(childPath);
      if (inspector.kind(childPath) !== undefined) walk(childPath, remainingParts);
    } else if (kind === 'a folder') {
      const entries = inspector.entries(path);
      if (part === '**') {
        walk(path, remainingParts);
        // Links to folders are not followed: they may lead round in a circle.
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
    // Each has parts of its own: a folder that another visited is not visited for this one.
    seenSteps.clear();
    const parts = alternative.split(sep === '/' ? '/' : /[\\/]/);
    const firstWild = parts.findIndex(isPattern);
    const startPath = resolve(
      folder,
      parts.slice(0, firstWild === -1 ? parts.length : firstWild).join(sep) || (isAbsolute(alternative) ? sep : ''),
    );
    inspector.within(startPath);
    if (inspector.kind(startPath) !== undefined)
      walk(startPath, firstWild === -1 ? [] : parts.slice(firstWild).filter((part) => part !== ''));
  }
  return [...matchedPaths].sort();
}

/** An entry of a folder is there; a link among them may lead nowhere. */
function kindOn(path: string, inspector: PathInspector): string {
  const kind = inspector.kind(path);
  if (kind === undefined) throw inspector.refuse(path, 'it is a link that leads nowhere');
  return kind;
}

export interface FileColumn {
  readonly name: string;
  /** The type that an expression reads it as. */
  readonly type: string;
  /** Some values of the sample are not of that type; where an expression needs text, it is text. */
  readonly mixed?: boolean;
  /** The type in each file, where they differ. */
  readonly types?: readonly string[];
  /** The sample has no value at all. */
  readonly unknown?: boolean;
}

export interface BadRow {
  readonly role: Role;
  readonly file: DescribedFile;
  /** Where: its line, from 1; or its place among the rows of the file, from 0. */
  readonly at: { readonly line: number } | { readonly record: number };
  readonly column?: string;
  readonly reason: string;
}
