/** Makes a diagnostic from a code and the facts of an error, and sorts diagnostics. */
import type { Span } from '../text/source.ts';
import { syntax } from './codes/syntax_codes.ts';
import { type Code, codes, type Facts } from './codes.ts';
import type { Diagnostic, Edit, Note } from './diagnostic.ts';
import type { CodeRow } from './wording.ts';

/** Makes one diagnostic. Call sites report facts; the row of the code turns them into sentences. */
export function diagnose<C extends Code>(
  code: C,
  at: Span | undefined,
  facts: Facts<C>,
  extra: { notes?: readonly Note[]; fixes?: readonly (readonly Edit[])[]; doubtful?: boolean } = {},
): Diagnostic {
  const codeRow = codes[code] as unknown as CodeRow<unknown>;
  const rowHint = codeRow.hint?.(facts);
  const inWords = (text: string): string => (isProgram ? inProgram(text) : text);
  const diagnostic: Diagnostic = {
    code,
    severity: codeRow.severity,
    message: inWords(codeRow.message(facts)),
    hint: rowHint && inWords(rowHint),
    at,
    notes: extra.notes ?? [],
    fixes: extra.fixes ?? [],
    ...(extra.doubtful ? { doubtful: true } : {}),
  };
  factsOfAll.set(diagnostic, facts);
  return diagnostic;
}

/** True if the caller is a program, which has no command line. */
let isProgram = false;

/** Makes messages and hints name the entries of a request instead of options (with false: options again). The library calls it. */
export function hintForPrograms(yes = true): void {
  isProgram = yes;
}

/** Options that are entries of the same name in a request of the library. All other options exist only in commands. */
const sameNames: Readonly<Record<string, (value: string | undefined) => string>> = {
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
const inProgram = (text: string): string =>
  text.replaceAll(/`--([a-z-]+)(?: ([^`]+))?`/g, (option, name: string, value?: string) => {
    const entry = sameNames[name]?.(value);
    return entry === undefined ? option : `\`${entry}\``;
  });

const factsOfAll = new WeakMap<Diagnostic, unknown>();

/** Returns the reported facts. They locate errors in data that is not source text, such as a request. */
export function factsOf(diagnostic: Diagnostic): Readonly<Record<string, unknown>> {
  return (factsOfAll.get(diagnostic) ?? {}) as Readonly<Record<string, unknown>>;
}

/**
 * Returns diagnostics in a stable order. Possible causes come first: errors in the text of a file and in the files that it uses. The rest is sorted by file,
 * position and code, those without a position first.
 */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(a.at?.source.name ?? '', b.at?.source.name ?? '') ||
      (a.at?.start ?? -1) - (b.at?.start ?? -1) ||
      (a.at?.end ?? -1) - (b.at?.end ?? -1) ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

function rank({ code, severity }: Diagnostic): number {
  if (code === 'too-many-mistakes') return 2;
  return severity === 'error' && isCause(code) ? 0 : 1;
}

/** True for the codes of files, or parts of files, that cannot be read. Their declarations seem to be missing. */
const isCause = (code: Code): boolean =>
  Object.hasOwn(syntax, code) || code === 'use-outside' || code === 'use-cycle' || code === 'use-missing';

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
