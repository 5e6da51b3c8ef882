/** Makes a diagnostic from a code and the facts of an error, and throws it as a Failure. Errors of the operating system become words. */

import type { Span } from '../text/source.ts';
import { syntax } from './codes/syntax_codes.ts';
import { type Code, codes, type Facts } from './codes.ts';
import type { CodeRow, Severity } from './wording.ts';

/** An edit that replaces the text of `at` with `text`. A fix is a list of edits that belong together. */
export interface Edit {
  readonly at: Span;
  readonly text: string;
}

/** A second position that explains the first: "also read here". */
export interface Note {
  readonly message: string;
  readonly at: Span;
}

export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** Absent only if the error is not in a source text: a full disk, an unknown key. */
  readonly at?: Span;
  readonly notes: readonly Note[];
  /** Alternative fixes, each of them complete. */
  readonly fixes: readonly (readonly Edit[])[];
  /** True if the fix is only a suggestion, because something else may be meant. `--fix` does not apply it. */
  readonly doubtful?: true;
}

/** The result of every stage. `output` is present even with errors, if something useful remains. */
export interface Outcome<T> {
  readonly output: T;
  readonly diagnostics: readonly Diagnostic[];
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');

/** Makes one diagnostic. Call sites report facts; the row of the code turns them into sentences. */
export function diagnose<C extends Code>(
  code: C,
  at: Span | undefined,
  facts: Facts<C>,
  extra: { notes?: readonly Note[]; fixes?: readonly (readonly Edit[])[]; doubtful?: boolean } = {},
): Diagnostic {
  const codeRow = codes[code] as unknown as CodeRow<unknown>;
  const rowHint = codeRow.hint?.(facts);
  const adaptWording = (text: string): string => (isCallerProgram ? replaceOptions(text) : text);
  const diagnostic: Diagnostic = {
    code,
    severity: codeRow.severity,
    message: adaptWording(codeRow.message(facts)),
    hint: rowHint && adaptWording(rowHint),
    at,
    notes: extra.notes ?? [],
    fixes: extra.fixes ?? [],
    ...(extra.doubtful ? { doubtful: true } : {}),
  };
  factsByDiagnostic.set(diagnostic, facts);
  return diagnostic;
}

/** True if the caller is a program, which has no command line. */
let isCallerProgram = false;

/** Makes messages and hints name the entries of a request instead of options (with false: options again). The library calls it. */
export function useProgramWording(isEnabled = true): void {
  isCallerProgram = isEnabled;
}

/** Options that are entries of the same name in a request of the library. All other options exist only in commands. */
const requestEntries: Readonly<Record<string, (value: string | undefined) => string>> = {
  ...Object.fromEntries(
    ['resume', 'finish', 'force', 'all', 'unfinished'].map((name) => [name, () => `${name}: true`]),
  ),
  ...Object.fromEntries(
    ['from', 'final', 'since', 'as-of', 'replay', 'memory', 'shards', 'out', 'data', 'engine', 'set', 'seed'].map(
      (option) => {
        const name = option.replace('-o', 'O');
        return [option, (value: string | undefined) => (value === undefined ? name : `${name}: '${value}'`)];
      },
    ),
  ),
  allow: (value) => (value === undefined ? 'allow' : `allow: ['${value.replace(/^'(.*)'$/, '$1')}']`),
};

/** Replaces options in a text by entries of a request. A complete command stays as it is. */
const replaceOptions = (text: string): string =>
  text.replaceAll(/`--([a-z-]+)(?: ([^`]+))?`/g, (option, name: string, value?: string) => {
    const entry = requestEntries[name]?.(value);
    return entry === undefined ? option : `\`${entry}\``;
  });

const factsByDiagnostic = new WeakMap<Diagnostic, unknown>();

/** Returns the reported facts. They locate errors in data that is not source text, such as a request. */
export const factsOf = (diagnostic: Diagnostic): Readonly<Record<string, unknown>> =>
  (factsByDiagnostic.get(diagnostic) ?? {}) as Readonly<Record<string, unknown>>;

/**
 * Returns diagnostics in a stable order. Possible causes come first: errors in the text of a file and in the files that it uses. The rest is sorted by file,
 * position and code, those without a position first.
 */
export const sortDiagnostics = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  [...diagnostics].sort(
    (a, b) =>
      sortRank(a) - sortRank(b) ||
      compareTexts(a.at?.source.name ?? '', b.at?.source.name ?? '') ||
      (a.at?.start ?? -1) - (b.at?.start ?? -1) ||
      (a.at?.end ?? -1) - (b.at?.end ?? -1) ||
      compareTexts(a.code, b.code) ||
      compareTexts(a.message, b.message),
  );

function sortRank({ code, severity }: Diagnostic): number {
  if (code === 'too-many-mistakes') return 2;
  return severity === 'error' && mayCauseOthers(code) ? 0 : 1;
}

/** True for the codes of files, or parts of files, that cannot be read. Their declarations seem to be missing. */
const mayCauseOthers = (code: Code): boolean =>
  Object.hasOwn(syntax, code) || code === 'use-outside' || code === 'use-cycle' || code === 'use-missing';

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * A user error that stops a running command: a missing file, a full disk, a run of another model. The command line prints its diagnostics and exits
 * with 1. Any other exception is a bug of ours and exits with 2.
 */
export class Failure extends Error {
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('; '));
  }
}

export const failure = <C extends Code>(code: C, facts: Facts<C>, at?: Span): Failure =>
  new Failure([diagnose(code, at, facts)]);

/** Throws if a condition does not hold, which is a bug of ours. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`);
}

const systemReasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'it may not be accessed',
  EPERM: 'it may not be accessed',
  EROFS: 'the file system is read-only',
  ENOENT: 'it does not exist',
  ENOTDIR: 'part of its path is not a folder',
  EEXIST: 'a file of this name exists',
  ENOTEMPTY: 'it is a folder that is not empty',
  ENXIO: 'nothing answers at its other end',
  ETXTBSY: 'it is in use',
  ESTALE: 'the file server no longer knows it',
  ENOMEM: 'the system has no memory left',
  EPIPE: 'nobody reads it any more',
  EISDIR: 'it is a folder',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EFBIG: 'it would be larger than the file system allows',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links go round in a circle',
  EBUSY: 'it is in use',
  EXDEV: 'it is on another file system',
};

/** Why a server is not reached, by code of the operating system. */
export const connectionReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
};

/** Returns an error of the operating system in words; undefined for any other error. */
export function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return systemReasons[error.code] ?? ('syscall' in error ? error.code : undefined);
}

/** Returns an error of the operating system in words; otherwise the first line of the error's message. */
export const describeError = (error: unknown): string =>
  describeSystemError(error) ?? (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

/** Awaits a write. @throws Failure `cannot-write` for an error of the operating system; any other error is passed on */
export const awaitWrite = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => throwFileError('cannot-write', path, error));

/** Awaits a read. @throws Failure `cannot-read` for an error of the operating system; any other error is passed on */
export const awaitRead = <T>(path: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => throwFileError('cannot-read', path, error));

export function throwFileError(code: 'cannot-read' | 'cannot-write', path: string, error: unknown): never {
  const reason = describeSystemError(error);
  throw reason === undefined ? error : failure(code, { path, reason });
}
