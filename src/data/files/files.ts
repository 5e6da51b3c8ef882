/** Which files a data block names: patterns opened, kinds known by their endings, absences said. */
import { type Dirent, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { diagnose } from '../../diagnostics/diagnose.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Failure, failure } from '../../diagnostics/failure.ts';
import { systemReason } from '../../diagnostics/system_reason.ts';
import type { DataDescription, DataFile } from '../../model/model.ts';
import { nearest } from '../../text/nearest.ts';
import type { Part } from '../dataset.ts';
import { type Access, isWithin, type Reach, reachOf } from './access.ts';
import { type FileKind, formatOf, isCompressed, linesOf } from './file_kind.ts';
import { alternatives, isPattern, makeMatcher } from './glob.ts';
import { kindAt, resolved } from './path_target.ts';
import { isAddress, shown } from './remote/address.ts';
import type { RemoteFiles, RemoteState } from './remote/list.ts';

/** The three files a data block joins; their names are also how its SQL may call them: `items.price`. */
export type Role = 'events' | 'items' | 'users';

export interface InputFile {
  /** Where it lies. */
  readonly path: string;
  /** What messages call it: relative to the folder of the data block. */
  readonly name: string;
  readonly kind: FileKind;
  readonly compressed: boolean;
  /** Of a file that an address names; its name is the address. */
  readonly remote?: RemoteState;
}

/** A file of a data block. */
export interface DescribedFile extends InputFile {
  /** The entry that names it. */
  readonly described: DataFile;
  /** The part that its rows are, where the block names a file for each part. */
  readonly part?: Part;
}

export interface InputFiles {
  readonly role: Role;
  readonly described: DataFile;
  readonly files: readonly DescribedFile[];
}

/**
 * The files of every role, in the order of their names; a role with a mistake is absent. Nothing is opened, and nothing outside the
 * reach of the block is looked at. `remote`: what the addresses of the block name; without it they are mistakes.
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
      const own = filesOf(described, description.folder, reach, remote);
      output.push({ role, described, files: role === 'events' ? withParts(own, description, reach, remote) : own });
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
  if (isAddress(file.path)) throw failure('data-file-remote', { path: shown(file.path) }, file.span);
  const look = makeLook(file, folder, reachOf(folder, access));
  const path = resolve(folder, file.path);
  look.within(path);
  const kind = look.kind(path);
  if (kind === undefined) {
    const near = nearest(basename(path), namesIn(dirname(path)));
    const facts = { path: file.path, folder, nearest: near && join(dirname(file.path), near) };
    throw new Failure([diagnose('data-file-missing', file.span, facts)]);
  }
  if (kind !== 'file') throw look.refuse(path, `it is ${kind}`);
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
        const same = files.find((other) => placeOf(other) === placeOf(file));
        if (same && same.part !== part) {
          const facts = { path: file.name, first: partWords[same.part!], second: partWords[part] };
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

/** Two files of one place are one file. */
const placeOf = ({ path, name, remote }: DescribedFile): string => (remote === undefined ? resolved(path) : name);

const partWords = { train: 'training', validation: 'validation', test: 'test' } as const;

function filesOf(
  described: DataFile,
  folder: string,
  reach: Reach,
  remote: RemoteFiles | undefined,
): readonly DescribedFile[] {
  const { span } = described;
  const kindOf = (name: string): FileKind => {
    const kind = described.lines ? linesOf(name) : formatOf(name);
    if (kind === undefined) throw new Failure([diagnose('data-file-kind', span, { path: name })]);
    return kind;
  };
  if (isAddress(described.path)) {
    const found = remote?.get(described);
    if (found === undefined) throw failure('data-file-remote', { path: shown(described.path) }, span);
    if (found instanceof Failure) throw found;
    return found.map((file) => ({ ...file, kind: kindOf(file.name), described }));
  }
  const look = makeLook(described, folder, reach);
  const whole = resolve(folder, described.path);
  // A name as it is written wins: `a[1].csv` may be a file.
  const literal = !isPattern(described.path) || (isWithin(whole, reach) && look.kind(whole) !== undefined);
  if (literal) look.within(whole);
  const paths = !literal ? matching(described.path, folder, look) : look.kind(whole) === undefined ? [] : [whole];
  if (paths.length === 0) {
    // Where a pattern goes up again, its parent folder may lie outside.
    const near = isWithin(dirname(whole), reach) ? nearest(basename(whole), namesIn(dirname(whole))) : undefined;
    const path = near === undefined ? undefined : join(dirname(described.path), near);
    throw new Failure([diagnose('data-file-missing', span, { path: described.path, folder, nearest: path })]);
  }
  return paths.map((path) => {
    const kind = look.kind(path)!;
    if (kind !== 'file') throw look.refuse(path, `it is ${kind}`);
    if (sep === '/' && path.includes('\\') && /[*?[]/.test(path)) {
      throw look.refuse(path, 'the database cannot open a path that has a \\ and one of * ? [');
    }
    const name = nameOf(path, folder);
    return { path, name, kind: kindOf(name), compressed: isCompressed(path), described };
  });
}

/** Looks at what lies at a path, for one entry of a block; what may not or cannot be looked at is a Failure with the entry's place. */
interface Look {
  /** Throws for a path that is outside the reach of the block. */
  within(path: string): void;
  /** `file`, or what is there instead, in words; undefined where nothing is. */
  kind(path: string): string | undefined;
  /** Throws for a folder that may not be read. */
  entries(path: string): readonly Dirent[];
  refuse(path: string, reason: string): Failure;
}

function makeLook(described: DataFile, folder: string, reach: Reach): Look {
  const refuse = (path: string, reason: string): Failure =>
    new Failure([diagnose('data-file-unreadable', described.span, { path: nameOf(path, folder), reason })]);
  const attempt = <T>(path: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw refuse(path, systemReason(error) ?? (error as Error).message);
    }
  };
  const within = (path: string): void => {
    if (isWithin(path, reach)) return;
    const target = resolved(path);
    const facts = { path: nameOf(path, folder), target, project: reach.project, allow: dirname(target) };
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

/** The files that a pattern fits, sorted by name. What cannot be read on the way is a mistake: rows would be missing. */
function matching(pattern: string, folder: string, look: Look): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  /** What lies below `path` and fits the parts that are left. */
  const walk = (path: string, parts: readonly string[]): void => {
    // Two `**` come to one folder in many ways.
    const key = `${parts.length} ${path}`;
    if (seen.has(key)) return;
    seen.add(key);
    const [part, ...rest] = parts;
    const kind = part === undefined || rest.length > 0 || isPattern(part) ? kindOn(path, look) : undefined;
    if (part === undefined) {
      // Folders that fit hold no rows themselves.
      if (kind === 'a folder') return;
      look.within(path);
      found.add(path);
    } else if (!isPattern(part)) {
      const at = join(path, part);
      look.within(at);
      if (look.kind(at) !== undefined) walk(at, rest);
    } else if (kind === 'a folder') {
      const entries = look.entries(path);
      if (part === '**') {
        walk(path, rest);
        // Links to folders are not followed: they may lead round in a circle.
        for (const entry of entries) if (entry.isDirectory()) walk(join(path, entry.name), parts);
        return;
      }
      const matches = makeMatcher(part);
      for (const { name } of entries) if (matches(name)) walk(join(path, name), rest);
    }
  };
  const patterns = alternatives(pattern);
  if (patterns === undefined) throw look.refuse(pattern, 'its braces expand to more than 1,000 paths');
  for (const one of patterns) {
    // Each has parts of its own: where another came by, this one has not looked.
    seen.clear();
    const parts = one.split(sep === '/' ? '/' : /[\\/]/);
    const fixed = parts.findIndex(isPattern);
    const start = resolve(
      folder,
      parts.slice(0, fixed === -1 ? parts.length : fixed).join(sep) || (isAbsolute(one) ? sep : ''),
    );
    look.within(start);
    if (look.kind(start) !== undefined)
      walk(start, fixed === -1 ? [] : parts.slice(fixed).filter((part) => part !== ''));
  }
  return [...found].sort();
}

/** An entry of a folder is there; a link among them may lead nowhere. */
function kindOn(path: string, look: Look): string {
  const kind = look.kind(path);
  if (kind === undefined) throw look.refuse(path, 'it is a link that leads nowhere');
  return kind;
}
