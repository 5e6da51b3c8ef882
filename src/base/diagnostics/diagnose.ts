/** Makes a diagnostic from a code and the facts of an error. */
import type { Span } from '../text/source.ts';
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
