/** Defines a row of codes, the texts of notes, and phrases that several messages share. */

/** A guess at the meaning of an unknown word. */
export interface Suggestion {
  readonly nearest?: string | undefined;
  /** Advice for a word that other frameworks use. */
  readonly advice?: string | undefined;
}

export const didYouMean = ({ nearest, advice }: Suggestion): string | undefined =>
  advice ?? (nearest === undefined ? undefined : `did you mean \`${nearest}\`?`);

/** Removes repeated words; keeps the order. */
export const quotedList = (words: readonly string[]): string =>
  [...new Set(words)].map((word) => `\`${word}\``).join(', ');

export const articleOf = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

export const valuesHint = (facts: { takes: readonly string[] }): string =>
  facts.takes.length === 0 ? 'remove it: there is none here' : useOneOf(facts.takes);

/** `use `a``, or `use one of `a`, `b``. */
const useOneOf = (words: readonly string[]): string =>
  `use ${new Set(words).size === 1 ? '' : 'one of '}${quotedList(words)}`;

/** Lists the known names, if they are few enough to help. */
export const namesHint = (names: readonly string[]): string | undefined => {
  const { size } = new Set(names);
  return size === 0 || size > 20 ? undefined : useOneOf(names);
};

export const pluralOf = (noun: string): string => (noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`);

export const countText = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${count === 1 ? noun : pluralOf(noun)}`;

/** Quotes a path for a shell, so that a reader can copy it. */
export const quoteForShell = (path: string): string =>
  /^[\w./:@+,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** Names the type of a label, as a noun or an adjective after `is`. */
export const labelTypeWords = (type: string): string => (type === 'number' ? 'a number' : type);

export const formatBytes = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** `12.5 %` */
export const formatPercent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** Formats bytes as a value of `--memory` that allows at least as many: `70M`, `12G`. */
export function formatMemoryOption(bytes: number): string {
  const megabytes = Math.ceil(bytes / 2 ** 20);
  return megabytes < 10_240 ? `${megabytes}M` : `${Math.ceil(megabytes / 1024)}G`;
}

export type Severity = 'error' | 'warning';

/** A row of a code: its message, its hint, and whether `--fix` may use its fix. Its page, `docs/errors/CODE.md`, is written by hand. */
export interface CodeRow<F> {
  readonly severity: Severity;
  /** One line that says what is wrong and where, in the words of the language. No capital at the start, no full stop at the end. */
  readonly message: (facts: F) => string;
  readonly hint?: (facts: F) => string | undefined;
  /**
   * Says that `--fix` may apply the fix. `restores`: the fix restores the intended text (a sign, a quote, the spelling of a word). `rewrites`: it writes the
   * same value differently, such as `65_536` for `2**16`. Absent: the user decides, because the fix removes something or changes the model.
   */
  readonly fix?: 'restores' | 'rewrites';
  /** True if the marked text has no effect. Editors show it faded. */
  readonly unnecessary?: true;
}

/** A row as it is written in the table: `severity` defaults to error, and the hint may be one text for all facts. */
type WrittenRow<F> = Omit<CodeRow<F>, 'severity' | 'hint'> & {
  readonly severity?: Severity;
  readonly hint?: string | ((facts: F) => string | undefined);
};

/** @typeParam F the facts that a call site reports; the message puts them into words */
export const row = <F>({ hint, severity = 'error', ...others }: WrittenRow<F>): CodeRow<F> => ({
  severity,
  ...others,
  ...(hint === undefined ? {} : { hint: typeof hint === 'string' ? () => hint : hint }),
});

/** Texts of notes, which mark a second position. They follow the rules of messages. */
export const notes = {
  declared: (noun: string, name: string): string => `${noun} \`${name}\` is declared here`,
  first: (name: string): string => `\`${name}\` is here already`,
  also: (name: string): string => `\`${name}\` is here too`,
  brings: (group: string, feature: string): string => `group \`${group}\` contains \`${feature}\``,
  parameter: (block: string, name: string, what = 'block'): string =>
    `${what} \`${block}\` uses its parameter \`${name}\` here`,
  values: (block: string, values: string, what = 'block'): string => `${what} \`${block}\` is used with ${values} here`,
  read: (tower: string, name: string): string => `\`${name}\` is an input of tower \`${tower}\` here`,
  order: (query: string): string => `\`${query}\` is the query tower here`,
  used: (path: string): string => `"${path}" is used here`,
  loss: (task: string): string => `the loss of task \`${task}\` is here`,
  cosine: (): string => 'the cosine is here',
  channels: (tower: string): string => `the channels of tower \`${tower}\``,
} as const;
