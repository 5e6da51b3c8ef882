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
